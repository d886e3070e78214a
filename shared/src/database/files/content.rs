//! The contents of files. Content is kept until newer content replaces it or the file is deleted, and a job
//! for each file makes it searchable.

use std::collections::HashSet;

use uuid::Uuid;

use super::event::FileHistoryEvent;
use super::record::NewFileEvent;
use super::{File, announce, get, lock};
use crate::database::{EnumColumn, SystemTx, UserTx, jobs};
use crate::domain::file::{ContentKind, ContentState, FileState};
use crate::domain::job::{EmbedFile, Job, JobKind, JobSnapshot};
use crate::domain::new_id;

/// Content that is sent with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContent {
    pub kind: ContentKind,
    pub text: String,
}

/// Content that was uploaded.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    pub id: Uuid,
    pub kind: ContentKind,
    pub size_bytes: i64,
    /// The SHA-256 of its bytes.
    pub sha256: &'a [u8],
    pub object_key: &'a str,
}

/// The result of an upload.
#[derive(Debug)]
pub enum UploadOutcome {
    /// The upload is the content of the file now. With the job that processes it, and the keys of the
    /// objects of the former content, which the caller deletes after the commit.
    Accepted(Box<File>, Box<JobSnapshot>, Vec<String>),
    /// The file has the same content already: nothing was changed.
    Known(Box<File>),
    /// The file was deleted.
    Deleted,
    /// There is no such file.
    NotFound,
}

/// Stored content.
#[derive(Clone, Debug)]
pub struct StoredContent {
    pub id: Uuid,
    pub kind: EnumColumn<ContentKind>,
    /// The content itself, if it was sent with an event.
    pub text: Option<String>,
    /// The object key, if it was uploaded.
    pub object_key: Option<String>,
    pub size_bytes: i64,
    /// The SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Whether it is searchable already.
    pub is_embedded: bool,
}

/// Selects the [`StoredContent`] of the file `$2` of the person `$1`: the clause that locks it, the parameters.
macro_rules! query_content {
    ($lock:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            StoredContent,
            r#"select id, kind as "kind: EnumColumn<ContentKind>", text, object_key, size_bytes, sha256,
                      embedded_at is not null as "is_embedded!"
               from file_contents where user_id = $1 and file_id = $2 "#
                + $lock,
            $($parameter),+
        )
    };
}

/// Reads the content of a file, as it was sent.
pub async fn content(tx: &mut UserTx, file: Uuid) -> sqlx::Result<Option<StoredContent>> {
    let user = tx.user();
    query_content!("", user.0, file).fetch_optional(&mut **tx).await
}

/// Reads the content of a file, and locks it until the end of the transaction.
pub async fn current(tx: &mut UserTx, file: Uuid) -> sqlx::Result<Option<StoredContent>> {
    let user = tx.user();
    query_content!("for update", user.0, file).fetch_optional(&mut **tx).await
}

/// Marks content as searchable.
pub async fn embedded(tx: &mut UserTx, content: Uuid, is_cut: bool) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update file_contents set embedded_at = now(), is_cut = $3 where user_id = $1 and id = $2",
        user.0,
        content,
        is_cut,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Stores an upload as the content of a file, and enqueues the job for it. The content belongs to the newest
/// event that wrote the file. Content that is sent with a later event replaces it.
pub async fn upload(
    tx: &mut UserTx,
    file: Uuid,
    upload: &Upload<'_>,
    traceparent: Option<&str>,
) -> sqlx::Result<UploadOutcome> {
    lock(tx).await?;
    let Some(before) = get(tx, file).await? else { return Ok(UploadOutcome::NotFound) };
    if before.state == FileState::Deleted {
        return Ok(UploadOutcome::Deleted);
    }
    let is_known = before.content.as_ref().is_some_and(|content| {
        let is_useful = matches!(content.state, ContentState::Pending | ContentState::Embedded);
        is_useful && !content.is_stale && content.kind == upload.kind && content.sha256 == upload.sha256
    });
    if is_known {
        return Ok(UploadOutcome::Known(Box::new(before)));
    }
    let user = tx.user();
    let objects = sqlx::query_scalar!(
        "delete from file_contents where user_id = $1 and file_id = $2 returning object_key",
        user.0,
        file,
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into file_contents (id, user_id, file_id, event_id, as_of, kind, size_bytes, sha256, file_sha256,
                                    object_key)
         select $3, $1, $2, id, happened_at, $4, $5, $6, $6, $7
         from file_events where user_id = $1 and file_id = $2
         order by kind in ('created', 'modified') desc, happened_at desc, id desc limit 1",
        user.0,
        file,
        upload.id,
        upload.kind.as_str(),
        upload.size_bytes,
        upload.sha256,
        upload.object_key,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("update files set updated_at = now() where user_id = $1 and id = $2", user.0, file)
        .execute(&mut **tx)
        .await?;
    let accepted = enqueue(tx, &[file], traceparent).await?.pop();
    let job = match accepted {
        Some(job) => job,
        None => waiting(tx, file).await?,
    };
    announce(tx, &[file]).await?;
    let file = get(tx, file).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(UploadOutcome::Accepted(Box::new(file), Box::new(job), objects.into_iter().flatten().collect()))
}

/// Finds the queued job of the file, which will also process this content.
async fn waiting(tx: &mut UserTx, file: Uuid) -> sqlx::Result<JobSnapshot> {
    let user = tx.user();
    let about = jobs::JobFilter { file_id: Some(file), ..Default::default() };
    jobs::list(tx, user, &about, None, 1).await?.pop().ok_or(sqlx::Error::RowNotFound)
}

/// Inserts the contents that were sent with events.
pub(super) async fn insert(tx: &mut UserTx, events: &[&NewFileEvent], files: &[Uuid]) -> sqlx::Result<()> {
    let user = tx.user();
    let sent: Vec<Sent<'_>> =
        events.iter().zip(files).filter_map(|(new, file)| Sent::with(new, *file)).collect();
    if sent.is_empty() {
        return Ok(());
    }
    let each = || sent.iter();
    sqlx::query!(
        "insert into file_contents (user_id, id, file_id, event_id, as_of, kind, size_bytes, sha256, file_sha256,
                                    text)
         select $1, content.*
         from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::bigint[], $8::bytea[],
                     $9::bytea[], $10::text[]) content",
        user.0,
        &each().map(|_| new_id()).collect::<Vec<_>>(),
        &each().map(|sent| sent.file).collect::<Vec<_>>(),
        &each().map(|sent| sent.event.id).collect::<Vec<_>>(),
        &each().map(|sent| sent.event.happened_at).collect::<Vec<_>>(),
        &each().map(|sent| sent.content.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|sent| i64::try_from(sent.content.text.len()).unwrap_or(i64::MAX)).collect::<Vec<_>>(),
        &each().map(|sent| sent.sha256).collect::<Vec<_>>() as &[&[u8]],
        &each().map(|sent| sent.event.sha256.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &each().map(|sent| sent.content.text.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Content that was sent with an event of a file.
struct Sent<'a> {
    event: &'a FileHistoryEvent,
    file: Uuid,
    content: &'a NewContent,
    sha256: &'a [u8],
}

impl<'a> Sent<'a> {
    /// Returns `None` if no content was sent with the event.
    fn with(NewFileEvent { event, content }: &'a NewFileEvent, file: Uuid) -> Option<Self> {
        let (content, sha256) = (content.as_ref()?, event.content_sha256.as_deref()?);
        Some(Self { event, file, content, sha256 })
    }
}

/// Moves contents to the files of their events, after these were assigned to other files. They are processed
/// again there.
pub(super) async fn follow(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update file_contents c set file_id = e.file_id, job_id = null, embedded_at = null
         from file_events e
         where c.user_id = $1 and c.file_id = any ($2) and e.user_id = $1 and e.id = c.event_id
           and e.file_id <> c.file_id",
        user.0,
        files,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Deletes contents that are not the newest of their file, and contents of files that were deleted after
/// them. Also deletes the passages of files without content. Returns the keys of objects that no row names
/// any more.
pub(super) async fn prune_orphans(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<Vec<String>> {
    let user = tx.user();
    let objects = sqlx::query_scalar!(
        "delete from file_contents c using files f
         where c.user_id = $1 and c.file_id = any ($2) and f.user_id = $1 and f.id = c.file_id
           and (f.state = 'deleted'
                or exists (select from file_contents newer
                           where newer.user_id = $1 and newer.file_id = c.file_id
                             and (newer.as_of, newer.event_id) > (c.as_of, c.event_id))
                or exists (select from file_events deleted
                           where deleted.user_id = $1 and deleted.file_id = c.file_id
                             and deleted.kind = 'deleted'
                             and (deleted.happened_at, deleted.id) > (c.as_of, c.event_id)))
         returning c.object_key",
        user.0,
        files,
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from file_embeddings e
         where e.user_id = $1 and e.file_id = any ($2)
           and not exists (select from file_contents c where c.user_id = $1 and c.file_id = e.file_id)",
        user.0,
        files,
    )
    .execute(&mut **tx)
    .await?;
    Ok(objects.into_iter().flatten().collect())
}

/// Enqueues jobs for contents that have none yet. If a job of the file is queued already, it also processes
/// the new content.
pub(super) async fn enqueue(
    tx: &mut UserTx,
    files: &[Uuid],
    traceparent: Option<&str>,
) -> sqlx::Result<Vec<JobSnapshot>> {
    let user = tx.user();
    let pending = sqlx::query_scalar!(
        "select file_id from file_contents
         where user_id = $1 and file_id = any ($2) and embedded_at is null and job_id is null
         order by as_of, event_id for update",
        user.0,
        files,
    )
    .fetch_all(&mut **tx)
    .await?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut work = jobs::waiting(tx, user, JobKind::EmbedFile, &pending).await?;
    let without_job = pending.into_iter().filter(|file| !work.contains_key(file));
    let fresh: Vec<Job> = without_job.map(|file_id| Job::EmbedFile(EmbedFile { file_id })).collect();
    let accepted = jobs::enqueue_all(tx, Some(user), &fresh, 0, traceparent).await?;
    work.extend(accepted.iter().filter_map(|job| Some((job.file_id?, job.id))));
    let (files, work): (Vec<Uuid>, Vec<Uuid>) = work.into_iter().unzip();
    sqlx::query!(
        "update file_contents c set job_id = work.job
         from unnest($2::uuid[], $3::uuid[]) as work (file, job)
         where c.user_id = $1 and c.file_id = work.file",
        user.0,
        &files,
        &work,
    )
    .execute(&mut **tx)
    .await?;
    Ok(accepted)
}

/// Returns those of the given object keys that no content uses.
pub async fn orphaned(tx: &mut SystemTx, keys: impl Iterator<Item = &str>) -> sqlx::Result<HashSet<String>> {
    let orphaned = sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) key
           where not exists (select from file_contents where file_contents.object_key = key)"#,
        &keys.collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(orphaned.into_iter().collect())
}
