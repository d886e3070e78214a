//! The content of an archive, file by file.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use self_shared::database::exports::contents::{
    self, Connection, Content, Decision, Entity, File, FileEvent, Insight, Listed, Mention, Session,
};
use self_shared::database::{UserTx, users};
use self_shared::domain::UserId;
use self_shared::domain::job::JobError;
use self_shared::domain::preferences::Preferences;
use self_shared::domain::progress::Stage;
use self_shared::objects::{ObjectError, ObjectKey};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::archive::{Archive, Coding};
use super::progress::ExportProgress;
use super::{conversation, names};
use crate::engine::RunningJob;
use crate::jobs::JobContext;

/// The file that explains the others.
const README: &str = include_str!("README.md");

/// What a job needs to write an archive.
pub(super) struct Writer<'a> {
    pub(super) context: &'a JobContext,
    pub(super) running_job: &'a RunningJob,
    pub(super) archive: Archive,
    pub(super) user: UserId,
    pub(super) progress: ExportProgress,
}

/// The person, as the API shows them.
#[derive(Serialize)]
struct Profile {
    id: Uuid,
    email: String,
    name: String,
    preferences: Preferences,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Writes all files and the archive's end.
pub(super) async fn write(
    context: &JobContext,
    running_job: &RunningJob,
    archive: Archive,
) -> Result<(), JobError> {
    let user = running_job.user()?;
    let mut tx = context.database.as_user(user).await?;
    let (conversations, bytes) = contents::extent(&mut tx).await?;
    drop(tx);
    let progress = ExportProgress::new(conversations, bytes);
    running_job.report(Stage::Pack, progress.current());
    let mut writer = Writer { context, running_job, archive, user, progress };
    writer.write().await?;
    Ok(writer.archive.finish().await?)
}

impl Writer<'_> {
    async fn write(&mut self) -> anyhow::Result<()> {
        self.document("README.md", Utc::now(), || README.as_bytes().to_vec()).await?;
        self.profile().await?;
        self.list::<Session>("sessions.json").await?;
        self.conversations().await?;
        self.list::<Entity>("entities.json").await?;
        self.list::<Mention>("mentions.json").await?;
        self.list::<Connection>("connections.json").await?;
        self.list::<Decision>("decisions.json").await?;
        self.list::<File>("files.json").await?;
        self.list::<Content>("file-contents.json").await?;
        self.files().await?;
        self.list::<FileEvent>("file-events.json").await?;
        self.list::<Insight>("insights.json").await
    }

    async fn profile(&self) -> anyhow::Result<()> {
        let Some(user) = users::get(&mut self.begin().await?).await? else { return Ok(()) };
        let users::User { id, email, name, preferences, version: _, created_at, updated_at } = user;
        let profile = Profile { id, email, name, preferences: preferences.0, created_at, updated_at };
        self.document("profile.json", updated_at, move || json(&profile)).await
    }

    async fn conversations(&mut self) -> anyhow::Result<()> {
        let mut last = None;
        loop {
            let page = contents::conversations(&mut self.begin().await?, last).await?;
            if page.is_empty() {
                return Ok(());
            }
            last = page.last().copied();
            for id in page {
                conversation::write(self, id).await?;
                self.running_job.report(Stage::Pack, self.progress.written());
            }
        }
    }

    /// The contents of the person's files.
    async fn files(&mut self) -> anyhow::Result<()> {
        let mut last = None;
        loop {
            let page = Content::page(&mut self.begin().await?, last).await?;
            if page.is_empty() {
                return Ok(());
            }
            last = page.last().map(Listed::id);
            for content in page {
                let (path, at) = (names::content(&content), content.as_of);
                match (content.text, content.object_key) {
                    (Some(text), _) => self.document(path, at, move || text.into_bytes()).await?,
                    (None, Some(key)) => drop(self.copy(&key, path, at).await?),
                    (None, None) => {}
                }
            }
        }
    }

    /// Copies an object; returns false when it is gone.
    pub(super) async fn copy(&mut self, key: &str, path: String, at: DateTime<Utc>) -> anyhow::Result<bool> {
        let key: ObjectKey = key.parse()?;
        let mut object = match self.context.objects.get(&key, None).await {
            Ok(object) => object,
            Err(ObjectError::NotFound) => {
                // Deleted a moment ago, or lost: a retry would not help.
                tracing::warn!(%key, "an object is missing; the archive lacks its bytes");
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        self.archive.file(path, Coding::Stored(object.size), at).await?;
        while let Some(chunk) = object.content.try_next().await? {
            let length = chunk.len();
            self.archive.bytes(chunk).await?;
            self.running_job.report(Stage::Pack, self.progress.copied(length));
        }
        Ok(true)
    }

    /// Writes a list as a JSON array with one line for each item.
    async fn list<T: Listed + 'static>(&self, path: &str) -> anyhow::Result<()> {
        self.archive.file(path.to_owned(), Coding::Endless, Utc::now()).await?;
        let mut last = None;
        loop {
            let page = T::page(&mut self.begin().await?, last).await?;
            let is_first = last.is_none();
            last = page.last().map(Listed::id);
            if page.is_empty() {
                return self
                    .archive
                    .text(move || if is_first { b"[]\n".to_vec() } else { b"\n]\n".to_vec() })
                    .await;
            }
            self.archive.text(move || lines(&page, is_first)).await?;
        }
    }

    /// Writes a file with a text that `make` returns on the archive's own thread.
    pub(super) async fn document(
        &self,
        path: impl Into<String>,
        at: DateTime<Utc>,
        make: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> anyhow::Result<()> {
        self.archive.file(path.into(), Coding::Deflated, at).await?;
        self.archive.text(make).await
    }

    pub(super) async fn begin(&self) -> sqlx::Result<UserTx> {
        self.context.database.as_user(self.user).await
    }
}

/// One page of a list.
fn lines<T: Serialize>(page: &[T], is_first: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for (index, item) in page.iter().enumerate() {
        text.extend_from_slice(if is_first && index == 0 { b"[\n" } else { b",\n" });
        text.extend_from_slice(known(item).to_string().as_bytes());
    }
    text
}

/// A JSON document, indented for human readers.
pub(super) fn json<T: Serialize>(document: &T) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(&known(document)).expect("a value has a text");
    text.push(b'\n');
    text
}

/// Removes fields without a value, as everywhere in the API.
fn known<T: Serialize>(item: &T) -> Value {
    fn without_nulls(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| !value.is_null());
                fields.values_mut().for_each(without_nulls);
            }
            Value::Array(items) => items.iter_mut().for_each(without_nulls),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(item).expect("it is made of strings, numbers and ids");
    without_nulls(&mut value);
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_make_one_array() {
        let (first, second) = ([json!({"a": 1, "b": null}), json!({"a": 2})], [json!({"a": 3})]);
        let text = [lines(&first, true), lines(&second, false), b"\n]\n".to_vec()].concat();
        let array: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(array, json!([{"a": 1}, {"a": 2}, {"a": 3}]));
    }

    #[test]
    fn what_is_not_known_is_absent_at_any_depth() {
        assert_eq!(known(&json!({"a": [{"b": null}], "c": null, "d": ""})), json!({"a": [{}], "d": ""}));
    }
}
