//! Transcripts: made room for, filled chunk by chunk, completed, and read.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::segments::{self, NewSegment};
use super::{UserTx, row};
use crate::domain::transcription::{CoverageSpan, TranscriptionOptions, Warning};
use crate::events::{self as event, TranscriptionUpdate};

row! {
    /// One hearing of one recording.
    #[derive(Clone, Debug)]
    pub struct Transcription {
        /// Names it.
        pub id: Uuid,
        /// The conversation that it is of.
        pub conversation_id: Uuid,
        /// The recording that was heard.
        pub audio_id: Option<Uuid>,
        /// What was asked for.
        pub options: Json<TranscriptionOptions>,
        /// The language heard.
        pub language: Option<String>,
        /// The model that heard it.
        pub model: Option<String>,
        /// That model's version.
        pub model_version: Option<String>,
        /// Whether the speech was perhaps not in a language that the transcriber knows.
        pub language_uncertain: bool,
        /// The host that transcribed it; none where that was a worker.
        pub endpoint: Option<String>,
        /// What became of each stretch of the recording; known once it is complete.
        pub coverage: Json<Vec<CoverageSpan>>,
        /// What a person should know before they rely on it, as stable words.
        pub warnings: Vec<String>,
        /// Sound before this is in segments.
        pub transcribed_ms: i64,
        /// Sound in all.
        pub duration_ms: Option<i64>,
        /// When it was asked for.
        pub created_at: DateTime<Utc>,
        /// When it was complete; none while segments still arrive.
        pub completed_at: Option<DateTime<Utc>>,
    }
}

impl Transcription {
    /// What a person should know before they rely on it.
    #[must_use]
    pub fn warnings(&self) -> Vec<event::Warning> {
        event::warnings(&self.warnings)
    }

    /// The language heard, or asked for; none when it is not certain.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        let language = self.language.as_ref().or(self.options.0.language.as_ref())?;
        (!self.language_uncertain).then_some(language)
    }

    /// What heard it.
    #[must_use]
    pub fn model(&self) -> Option<event::Model> {
        let (name, version) = (self.model.clone()?, self.model_version.clone().unwrap_or_default());
        Some(event::Model { name, version })
    }
}

/// Makes room for a transcript that a job will fill.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut UserTx,
    id: Uuid,
    conversation: Uuid,
    audio: Uuid,
    options: &TranscriptionOptions,
) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "insert into transcriptions (id, user_id, conversation_id, audio_id, options)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(user.0)
    .bind(conversation)
    .bind(audio)
    .bind(Json(options))
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Writes down a transcript that came as text; a job will understand it.
///
/// # Errors
/// When the database refuses.
pub async fn import(
    tx: &mut UserTx,
    id: Uuid,
    conversation: Uuid,
    language: Option<&str>,
    duration_ms: i64,
    segments: &[NewSegment],
) -> sqlx::Result<()> {
    let user = tx.user();
    let words: usize = segments.iter().map(|segment| segment.text.split_whitespace().count()).sum();
    sqlx::query(
        "insert into transcriptions (id, user_id, conversation_id, language, transcribed_ms, duration_ms, word_count)
         values ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(id)
    .bind(user.0)
    .bind(conversation)
    .bind(language)
    .bind(duration_ms)
    .bind(i32::try_from(words).unwrap_or(i32::MAX))
    .execute(&mut **tx)
    .await?;
    segments::insert(tx, user, conversation, id, 0, segments).await
}

/// Takes back the warnings about doubt, once a person has corrected or confirmed each segment that was
/// uncertain.
///
/// # Errors
/// When the database refuses.
pub async fn forget_doubts(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "update transcriptions t set
             warnings = array(select warning from unnest(t.warnings) warning where warning <> all($3)),
             language_uncertain = false
         where t.user_id = $1 and t.id = $2 and not exists (
             select from segments s where s.transcription_id = t.id and s.is_uncertain)",
    )
    .bind(user.0)
    .bind(id)
    .bind([Warning::UncertainSegments, Warning::LanguageUncertain].map(Warning::as_str).as_slice())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// One transcript of the person, complete or not.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Transcription>> {
    let user = tx.user();
    sqlx::query_as("select * from transcriptions where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// What is written of a transcript with each chunk.
#[derive(Clone, Debug)]
pub struct Checkpoint<'a> {
    /// Sound before this is in segments.
    pub transcribed_ms: i64,
    /// Sound in all, once that is known.
    pub duration_ms: Option<i64>,
    /// The model that heard it.
    pub model: Option<String>,
    /// That model's version.
    pub model_version: Option<String>,
    /// What became of each stretch of the recording so far.
    pub coverage: &'a [CoverageSpan],
    /// What a person should know before they rely on it.
    pub warnings: &'a [Warning],
    /// Whether the speech was perhaps not in a language that the transcriber knows.
    pub language_uncertain: bool,
    /// The host that transcribed it; none where that was a worker.
    pub endpoint: Option<&'a str>,
    /// The language heard; without one, what was heard so far stays.
    pub language: Option<&'a str>,
}

/// Moves the checkpoint of a transcript.
///
/// # Errors
/// When the database refuses.
pub async fn checkpoint(tx: &mut UserTx, id: Uuid, checkpoint: &Checkpoint<'_>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "update transcriptions set transcribed_ms = $3, duration_ms = $4, model = $5, model_version = $6,
             coverage = $7, warnings = $8, language_uncertain = $9, endpoint = $10,
             language = case when $9 then null else coalesce($11, language) end
         where user_id = $1 and id = $2",
    )
    .bind(user.0)
    .bind(id)
    .bind(checkpoint.transcribed_ms)
    .bind(checkpoint.duration_ms)
    .bind(&checkpoint.model)
    .bind(&checkpoint.model_version)
    .bind(Json(checkpoint.coverage))
    .bind(checkpoint.warnings.iter().map(|warning| warning.as_str()).collect::<Vec<_>>())
    .bind(checkpoint.language_uncertain)
    .bind(checkpoint.endpoint)
    .bind(checkpoint.language)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Marks a transcript as complete. Answers whether it was complete before.
///
/// # Errors
/// When the database refuses.
pub async fn complete(
    tx: &mut UserTx,
    id: Uuid,
    language: Option<&str>,
    word_count: usize,
) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar(
        "update transcriptions as t set
             language = coalesce($3, t.language), word_count = $4, completed_at = coalesce(t.completed_at, now())
         from transcriptions as before where t.user_id = $1 and t.id = $2 and before.id = t.id
         returning before.completed_at is not null",
    )
    .bind(user.0)
    .bind(id)
    .bind(language)
    .bind(i32::try_from(word_count).unwrap_or(i32::MAX))
    .fetch_one(&mut **tx)
    .await
}

/// Whether a transcript is the one of its recording that counts, as the view `current_transcriptions`
/// says.
///
/// # Errors
/// When the database does not answer.
pub async fn is_current(tx: &mut UserTx, id: Uuid) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar("select exists (select from current_transcriptions where user_id = $1 and id = $2)")
        .bind(user.0)
        .bind(id)
        .fetch_one(&mut **tx)
        .await
}

/// The transcripts of a conversation that count, those that came as text first, then in the order of
/// their recordings.
///
/// # Errors
/// When the database does not answer.
pub async fn current(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar(
        "select id from current_transcriptions where user_id = $1 and conversation_id = $2
         order by audio_id nulls first, created_at, id",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}

/// Tells apps of segments that are new or were replaced, and how their transcript is now. The job is the
/// one that writes it.
///
/// # Errors
/// When the database does not answer.
pub async fn announce(
    tx: &mut UserTx,
    id: Uuid,
    segments: &[Uuid],
    job_id: Option<Uuid>,
) -> sqlx::Result<()> {
    let Some(transcription) = get(tx, id).await? else { return Ok(()) };
    let segments = segments::some(tx, segments).await?;
    let is_complete = transcription.completed_at.is_some();
    let is_silent = is_complete && is_without_text(tx, id).await?;
    let coverage = transcription.coverage.0.iter().filter(|_| is_complete);
    tx.tell(&TranscriptionUpdate {
        transcription_id: id,
        conversation_id: transcription.conversation_id,
        audio_id: transcription.audio_id,
        job_id,
        segments: segments.into_iter().map(Into::into).collect(),
        language: transcription.language().map(str::to_owned),
        language_uncertain: transcription.language_uncertain,
        model: transcription.model(),
        endpoint: transcription.endpoint.clone(),
        duration_ms: transcription.duration_ms,
        transcribed_ms: transcription.transcribed_ms,
        is_silent,
        coverage: coverage.copied().map(Into::into).collect(),
        warnings: transcription.warnings(),
        completed_at: transcription.completed_at,
    });
    Ok(())
}

/// Whether nothing was said.
async fn is_without_text(tx: &mut UserTx, id: Uuid) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar(
        "select not exists (select from segments where user_id = $1 and transcription_id = $2 and text <> '')",
    )
    .bind(user.0)
    .bind(id)
    .fetch_one(&mut **tx)
    .await
}

/// The transcripts of a conversation: those that are complete first, and the newest first of these and
/// of the others. One that was cancelled never stands before one that can be read.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversation(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Transcription>> {
    let user = tx.user();
    sqlx::query_as(
        "select * from transcriptions where user_id = $1 and conversation_id = $2
         order by completed_at is null, created_at desc, id desc",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}

/// A transcript and all others of the same recording, complete or not.
///
/// # Errors
/// When the database does not answer.
pub async fn of_recording(tx: &mut UserTx, id: Uuid, audio: Option<Uuid>) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar("select id from transcriptions where user_id = $1 and (id = $2 or audio_id = $3)")
        .bind(user.0)
        .bind(id)
        .bind(audio)
        .fetch_all(&mut **tx)
        .await
}
