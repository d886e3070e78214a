//! Transcripts as they are read. How a worker fills them is its own matter.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::UserTx;
use crate::domain::transcription::TranscriptionOptions;

/// One hearing of one recording.
#[derive(Clone, Debug, FromRow)]
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
    /// Sound before this is in segments.
    pub transcribed_ms: i64,
    /// Sound in all.
    pub duration_ms: Option<i64>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was complete; none while segments still arrive.
    pub completed_at: Option<DateTime<Utc>>,
}

/// What was said from one moment to another.
#[derive(Clone, Debug, FromRow)]
pub struct Segment {
    /// Names it, across revisions.
    pub id: Uuid,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What was said.
    pub text: String,
    /// Who said it, where that is known.
    pub speaker: Option<String>,
    /// How often it was replaced, plus one.
    pub revision: i32,
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

/// The segments of a transcript in the order of time, without those that have no text.
///
/// # Errors
/// When the database does not answer.
pub async fn segments(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Segment>> {
    let user = tx.user();
    sqlx::query_as(
        "select id, start_ms, end_ms, text, speaker, revision from segments
         where user_id = $1 and transcription_id = $2 and text <> '' order by position",
    )
    .bind(user.0)
    .bind(transcription)
    .fetch_all(&mut **tx)
    .await
}

/// The transcripts of a conversation, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversation(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Transcription>> {
    let user = tx.user();
    sqlx::query_as(
        "select * from transcriptions where user_id = $1 and conversation_id = $2
         order by created_at desc, id desc",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}
