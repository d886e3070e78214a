//! Transcriptions: inserted empty, filled chunk by chunk, completed and read.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::segments::{self, NewSegment};
use super::{UserTx, conversations};
use crate::domain::language;
use crate::domain::transcription::{CoverageSpan, TranscriptionOptions, Warning};
use crate::events::{self as event, TranscriptionUpdate};

/// A query of the person $1 whose rows are [`Transcription`]s: further conditions and the order, the
/// parameters.
macro_rules! query_transcriptions {
    ($conditions:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Transcription,
            r#"select id, conversation_id, audio_id, options as "options: Json<TranscriptionOptions>", language,
                      model, model_version, language_uncertain, endpoint,
                      coverage as "coverage: Json<Vec<CoverageSpan>>", warnings, transcribed_ms, duration_ms,
                      created_at, completed_at
               from transcriptions where user_id = $1 and "#
                + $conditions,
            $($parameter),+
        )
    };
}

/// One transcription of one recording.
#[derive(Clone, Debug)]
pub struct Transcription {
    pub id: Uuid,
    pub conversation_id: Uuid,
    /// The recording; `None` for a transcript that was imported as text.
    pub audio_id: Option<Uuid>,
    /// The options of the request.
    pub options: Json<TranscriptionOptions>,
    /// The recognized language.
    pub language: Option<String>,
    /// The model that transcribed it.
    pub model: Option<String>,
    /// The version of that model.
    pub model_version: Option<String>,
    /// Whether the language is not known: the transcriber does not understand the speech, or does not say in
    /// which language it is.
    pub language_uncertain: bool,
    /// The host of the remote transcriber; `None` if a worker transcribed it.
    pub endpoint: Option<String>,
    /// What became of each span of the recording; known once the transcription is complete.
    pub coverage: Json<Vec<CoverageSpan>>,
    /// Warnings about the quality, as stable words.
    pub warnings: Vec<String>,
    /// The sound before this position is in segments, in milliseconds.
    pub transcribed_ms: i64,
    /// The length of the recording, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The time of the request.
    pub created_at: DateTime<Utc>,
    /// The time of completion; `None` while segments may still be added.
    pub completed_at: Option<DateTime<Utc>>,
}

impl Transcription {
    /// The warnings, as the API shows them.
    #[must_use]
    pub fn warnings(&self) -> Vec<event::Warning> {
        event::warnings(&self.warnings)
    }

    /// The language that was recognized or requested; `None` if it is uncertain.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        let language = self.language.as_ref().or(self.options.0.language.as_ref())?;
        (!self.language_uncertain).then_some(language)
    }

    /// The model that transcribed it, as the API shows it.
    #[must_use]
    pub fn model(&self) -> Option<event::Model> {
        let (name, version) = (self.model.clone()?, self.model_version.clone().unwrap_or_default());
        Some(event::Model { name, version })
    }
}

/// Inserts an empty transcription that a job will fill.
pub async fn insert(
    tx: &mut UserTx,
    id: Uuid,
    conversation: Uuid,
    audio: Uuid,
    options: &TranscriptionOptions,
) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "insert into transcriptions (id, user_id, conversation_id, audio_id, options)
         values ($1, $2, $3, $4, $5)",
        id,
        user.0,
        conversation,
        audio,
        Json(options) as _,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Inserts a transcription that was imported as text. A job will extract its meaning.
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
    sqlx::query!(
        "insert into transcriptions (id, user_id, conversation_id, language, transcribed_ms, duration_ms, word_count)
         values ($1, $2, $3, $4, $5, $5, $6)",
        id,
        user.0,
        conversation,
        language.map(language::canonical),
        duration_ms,
        i32::try_from(words).unwrap_or(i32::MAX),
    )
    .execute(&mut **tx)
    .await?;
    segments::insert(tx, user, conversation, id, 0, segments).await
}

/// Removes the warnings about uncertain segments, once a person has corrected or confirmed each of these
/// segments: from the transcription and from its conversation. A language that is not known stays uncertain.
pub async fn forget_doubts(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    let conversation = sqlx::query_scalar!(
        "update transcriptions t set
             warnings = array(select warning from unnest(t.warnings) warning where warning <> all($3)),
             language_uncertain = t.audio_id is not null and coalesce(t.language, t.options ->> 'language') is null
         where t.user_id = $1 and t.id = $2 and not exists (
             select from segments s where s.user_id = $1 and s.transcription_id = t.id and s.is_uncertain)
         returning t.conversation_id",
        user.0,
        id,
        &[Warning::UncertainSegments, Warning::LanguageUncertain].map(Warning::as_str) as &[&str],
    )
    .fetch_optional(&mut **tx)
    .await?;
    match conversation {
        Some(conversation) => conversations::derive_warnings(tx, conversation).await,
        None => Ok(()),
    }
}

/// Reads one transcription of the person, complete or not.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Transcription>> {
    let user = tx.user();
    query_transcriptions!("id = $2", user.0, id).fetch_optional(&mut **tx).await
}

/// The values of a transcription that are written together with each chunk.
#[derive(Clone, Debug)]
pub struct Checkpoint<'a> {
    /// The sound before this position is in segments, in milliseconds.
    pub transcribed_ms: i64,
    /// The length of the recording in milliseconds, once known.
    pub duration_ms: Option<i64>,
    /// The model that transcribed it.
    pub model: Option<String>,
    /// The version of that model.
    pub model_version: Option<String>,
    /// What became of each span of the recording so far.
    pub coverage: &'a [CoverageSpan],
    /// Warnings about the quality.
    pub warnings: &'a [Warning],
    /// Whether the speech may be in a language that the transcriber does not know.
    pub language_uncertain: bool,
    /// The host of the remote transcriber; `None` if a worker transcribed it.
    pub endpoint: Option<&'a str>,
    /// The recognized language; `None` keeps the stored one.
    pub language: Option<&'a str>,
}

/// Updates the checkpoint of a transcription.
pub async fn checkpoint(tx: &mut UserTx, id: Uuid, checkpoint: &Checkpoint<'_>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update transcriptions set transcribed_ms = $3, duration_ms = $4, model = $5, model_version = $6,
             coverage = $7, warnings = $8, language_uncertain = $9, endpoint = $10,
             language = case when $9 then null else coalesce($11, language) end
         where user_id = $1 and id = $2",
        user.0,
        id,
        checkpoint.transcribed_ms,
        checkpoint.duration_ms,
        checkpoint.model,
        checkpoint.model_version,
        Json(checkpoint.coverage) as _,
        &checkpoint.warnings.iter().map(|warning| warning.as_str()).collect::<Vec<_>>() as &[&str],
        checkpoint.language_uncertain,
        checkpoint.endpoint,
        checkpoint.language.map(language::canonical),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Marks a transcription as complete. Returns whether it was complete before. If something was said in a recording
/// and the language is neither recognized nor requested, the language is uncertain.
pub async fn complete(
    tx: &mut UserTx,
    id: Uuid,
    language: Option<&str>,
    word_count: usize,
) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"update transcriptions as t set
               language = coalesce($3, t.language), word_count = $4, completed_at = coalesce(t.completed_at, now()),
               language_uncertain = t.language_uncertain or (
                   t.audio_id is not null and coalesce($3, t.language, t.options ->> 'language') is null
                   and exists (select from segments s
                               where s.user_id = $1 and s.transcription_id = t.id and s.text <> ''))
           from transcriptions as before where t.user_id = $1 and t.id = $2 and before.user_id = $1 and before.id = $2
           returning before.completed_at is not null as "was_complete!""#,
        user.0,
        id,
        language.map(language::canonical),
        i32::try_from(word_count).unwrap_or(i32::MAX),
    )
    .fetch_one(&mut **tx)
    .await
}

/// Whether a transcription is the current one of its recording, as defined by the view
/// `current_transcriptions`.
pub async fn is_current(tx: &mut UserTx, id: Uuid) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select exists (select from current_transcriptions where user_id = $1 and id = $2) as "is_current!""#,
        user.0,
        id,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Lists the current transcriptions of a conversation: those imported as text first, then in the order of
/// their recordings.
pub async fn current(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select id as "id!" from current_transcriptions where user_id = $1 and conversation_id = $2
           order by audio_id nulls first, created_at, id"#,
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Adds the events for segments that are new or were replaced, and for the state of their transcription.
/// `job` is the job that writes them.
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
    tx.emit(&TranscriptionUpdate {
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

/// Whether the transcription has no text.
async fn is_without_text(tx: &mut UserTx, id: Uuid) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select not exists (select from segments where user_id = $1 and transcription_id = $2 and text <> '')
               as "is_without_text!""#,
        user.0,
        id,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Lists the transcriptions of a conversation: complete ones first, each group newest first. So a cancelled
/// transcription never comes before one that can be read.
pub async fn of_conversation(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Transcription>> {
    let user = tx.user();
    query_transcriptions!(
        "conversation_id = $2 order by completed_at is null, created_at desc, id desc",
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the transcriptions of a recording: the given one and all others, complete or not.
pub async fn of_recording(tx: &mut UserTx, id: Uuid, audio: Option<Uuid>) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select id from transcriptions where user_id = $1 and (id = $2 or audio_id = $3)",
        user.0,
        id,
        audio,
    )
    .fetch_all(&mut **tx)
    .await
}
