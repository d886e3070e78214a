//! Accepts a recording: stores the object first, then commits all rows in one transaction.
//!
//! An interruption leaves nothing visible in half. Before the commit there is at most an object without a
//! row; it is never shown, and the sweep of objects deletes it when it is a day old. After the commit the
//! job row exists, and the reconciler finds it even if the wake-up was never sent.

use chrono::{DateTime, SubsecRound, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::audio::{self, Audio};
use self_shared::database::conversations::{self, Conversation};
use self_shared::database::{UserTx, jobs, transcriptions, users};
use self_shared::domain::job::{Job, JobSnapshot, TranscribeAudio};
use self_shared::domain::transcription::TranscriptionOptions;
use self_shared::domain::{UserId, language, new_id};
use self_shared::objects::{LONGEST_UPLOAD, ObjectError, ObjectKey, Stored};
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::duplicate;
use super::incoming::Incoming;
use crate::app::App;
use crate::problem::{Code, Problem};
use crate::routes::idempotent::Key;
use crate::routes::models::refuse_unspoken;
use crate::views::{AudioView, ConversationView, JobView};

/// The metadata of an upload: everything except the bytes.
#[derive(Clone, Serialize)]
pub(super) struct UploadMetadata {
    pub filename: String,
    pub title: String,
    pub conversation_id: Option<Uuid>,
    pub recorded_at: Option<DateTime<Utc>>,
    pub options: TranscriptionOptions,
}

/// A recording that is accepted, or that the server has already.
#[derive(Object)]
#[oai(rename = "AcceptedRecording", skip_serializing_if_is_none, example)]
pub(super) struct AcceptedView {
    /// The recording.
    pub audio: AudioView,
    /// The conversation that the recording belongs to.
    pub conversation: ConversationView,
    /// The newest job of the recording. Follow it with `GET /api/v1/jobs/{id}` or over the WebSocket.
    pub job: Option<JobView>,
    /// Whether the server had these bytes already. If so, recording, conversation and job are those of
    /// the first upload.
    pub duplicate: bool,
}

/// The number of attempts when concurrent requests conflict.
const TRIES: usize = 4;

/// Stores the recording and everything about it.
pub(super) async fn accept(
    app: &App,
    user: UserId,
    said: UploadMetadata,
    incoming: Incoming,
    key: Option<String>,
    traceparent: Option<&str>,
) -> Result<AcceptedView, Problem> {
    // Checked before the bytes are uploaded in vain.
    let options = {
        let mut tx = app.database.as_user(user).await?;
        if let Some(id) = said.conversation_id {
            conversation(&mut tx, id).await?;
        }
        usual(&mut tx, said.options.clone()).await?
    };
    refuse_unspoken(app, "language", &options).await?;
    let (content_type, bytes) = incoming.detect_media_type().await?;
    let began = Instant::now();
    let id = new_id();
    let object = ObjectKey::audio(user, id);
    let stored = app.objects.put(&object, bytes.chunks(), app.config.upload_max_bytes).await;
    if matches!(stored, Err(ObjectError::TooLarge { .. })) {
        bytes.read_over().await;
    }
    let stored = stored?;

    let recording = NewRecording {
        id,
        object: &object,
        content_type,
        stored,
        said: &said,
        options: &options,
        traceparent,
    };
    let mut committing = false;
    let outcome = async {
        let key = Key::of(key, "upload", &(&recording.stored.sha256, &said))?;
        for _ in 0..TRIES {
            if began.elapsed() > LONGEST_UPLOAD {
                // By now the sweep may have deleted the object as an orphan.
                return Err(Problem::new(Code::UploadInterrupted, "the recording took too long to arrive"));
            }
            let mut tx = app.database.as_user(user).await?;
            let Some(recorded) = recording.record(&mut tx, key.as_ref()).await? else { continue };
            committing = true;
            tx.commit().await?;
            committing = false;
            return match recorded.refusal {
                Some(refusal) => Err(refusal),
                None => Ok(recorded.accepted),
            };
        }
        Err(Problem::new(Code::Overloaded, "the same recording arrives several times at once; try again"))
    }
    .await;
    let is_new = outcome.as_ref().is_ok_and(|accepted| accepted.audio.id == id);
    // A commit that returned an error may still have succeeded: then the object stays.
    let is_named = is_new || (outcome.is_err() && committing);
    if !is_named && let Err(error) = app.objects.delete(&object).await {
        tracing::warn!(%error, "an object without a row was not deleted; the next sweep deletes it");
    }
    outcome
}

/// What was written for an upload. With a refusal, the changes are committed, and the answer is the refusal.
pub(super) struct Recorded {
    pub accepted: AcceptedView,
    pub refusal: Option<Problem>,
}

struct NewRecording<'a> {
    id: Uuid,
    object: &'a ObjectKey,
    content_type: &'static str,
    stored: Stored,
    said: &'a UploadMetadata,
    options: &'a TranscriptionOptions,
    traceparent: Option<&'a str>,
}

impl NewRecording<'_> {
    /// Writes all rows in one transaction. Returns `None` if another request with the same bytes or the
    /// same key was faster: then nothing of this request may be committed.
    async fn record(&self, tx: &mut UserTx, key: Option<&Key>) -> Result<Option<Recorded>, Problem> {
        if let Some(key) = key
            && let Some(accepted) = key.recall(tx).await?
        {
            return Ok(Some(Recorded { accepted, refusal: None }));
        }
        let recorded = match audio::by_sha256(tx, &self.stored.sha256).await? {
            Some(known) => Some(duplicate::known_already(tx, known, self.said, self.traceparent).await?),
            None => self.create(tx).await?.map(|accepted| Recorded { accepted, refusal: None }),
        };
        match (key, recorded) {
            (Some(key), Some(recorded)) if recorded.refusal.is_none() => {
                Ok(key.remember(tx, &recorded.accepted).await?.then_some(recorded))
            }
            (_, recorded) => Ok(recorded),
        }
    }

    async fn create(&self, tx: &mut UserTx) -> Result<Option<AcceptedView>, Problem> {
        // Truncated to the precision of PostgreSQL, so that later reads return the same time.
        let now = Utc::now().trunc_subsecs(6);
        let known = match self.said.conversation_id {
            Some(id) => Some(conversation(tx, id).await?),
            None => None,
        };
        let is_new = known.is_none();
        let conversation = known.unwrap_or_else(|| Conversation {
            title: self.said.title.clone(),
            language: self.options.language.clone(),
            ..Conversation::new(new_id(), "upload", self.said.recorded_at, now)
        });
        let audio = Audio {
            id: self.id,
            conversation_id: conversation.id,
            object_key: self.object.as_str().to_owned(),
            filename: self.said.filename.clone(),
            content_type: self.content_type.to_owned(),
            size_bytes: i64::try_from(self.stored.size_bytes).map_err(Problem::internal)?,
            sha256: self.stored.sha256.to_vec(),
            codec: None,
            sample_rate: None,
            channels: None,
            duration_ms: None,
            recorded_at: self.said.recorded_at,
            created_at: now,
            removed_at: None,
        };
        if is_new {
            conversations::insert(tx, &conversation).await?;
        }
        if !audio::insert(tx, &audio).await? {
            return Ok(None);
        }
        let job = transcribe(tx, &audio, self.options.clone(), self.traceparent).await?;
        Ok(Some(AcceptedView {
            audio: audio.into(),
            conversation: conversation.into(),
            job: Some(job.into()),
            duplicate: false,
        }))
    }
}

/// Creates the row of a new transcript of a recording, and enqueues the job that fills it.
pub(super) async fn transcribe(
    tx: &mut UserTx,
    audio: &Audio,
    options: TranscriptionOptions,
    traceparent: Option<&str>,
) -> Result<JobSnapshot, Problem> {
    let transcription_id = new_id();
    transcriptions::insert(tx, transcription_id, audio.conversation_id, audio.id, &options).await?;
    let job = Job::TranscribeAudio(TranscribeAudio {
        audio_id: audio.id,
        conversation_id: audio.conversation_id,
        transcription_id,
        options,
    });
    let user = tx.user();
    Ok(jobs::enqueue(tx, Some(user), &job, 0, traceparent).await?)
}

/// The requested options, completed by the preferences of the user.
pub(super) async fn usual(
    tx: &mut UserTx,
    asked: TranscriptionOptions,
) -> Result<TranscriptionOptions, Problem> {
    let chosen = users::get(tx).await?.map(|user| user.preferences.0.transcription).unwrap_or_default();
    Ok(TranscriptionOptions {
        language: asked.language.or(chosen.language).as_deref().map(language::canonical),
        allow_remote: asked.allow_remote.or(chosen.allow_remote),
    })
}

async fn conversation(tx: &mut UserTx, id: Uuid) -> Result<Conversation, Problem> {
    conversations::get(tx, id).await?.ok_or_else(|| Problem::not_found("conversation"))
}

impl Example for AcceptedView {
    fn example() -> Self {
        Self {
            audio: AudioView::example(),
            conversation: ConversationView::example(),
            job: Some(JobView::example()),
            duplicate: false,
        }
    }
}
