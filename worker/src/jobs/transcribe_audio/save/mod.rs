//! The end of the recipe: everything that was found, and the job's success, in one transaction.

mod graph;
mod title;

use chrono::{DateTime, Utc};
use self_shared::database::events;
use self_shared::database::jobs::lease;
use self_shared::domain::event::EventKind;
use self_shared::domain::job::{Ending, TranscribeAudio};
use self_shared::domain::progress::{Progress, Stage};
use self_shared::domain::{UserId, new_id};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::meaning::Meaning;
use super::pace;
use super::transcript::Transcript;
use crate::engine::Task;

/// The one language of the default transcriber.
const LANGUAGE: &str = "en";

pub(super) async fn save(
    task: &Task,
    job: &TranscribeAudio,
    transcript: &Transcript,
    meaning: &Meaning,
) -> Result<(), Ending> {
    let progress = task.progress();
    task.report(Stage::Save, pace::saving(progress));
    let user = task.user()?;
    let mut tx = task.begin().await?;
    let held = write(&mut tx, task, user, job, transcript, meaning, &pace::finished(progress))
        .await
        .map_err(anyhow::Error::from)?;
    if !held {
        return Err(Ending::LeaseLost);
    }
    task.commit(tx).await
}

async fn write(
    tx: &mut PgConnection,
    task: &Task,
    user: UserId,
    job: &TranscribeAudio,
    transcript: &Transcript,
    meaning: &Meaning,
    progress: &Progress,
) -> sqlx::Result<bool> {
    // A person's entities are shared by their conversations: one at a time changes them.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('meaning ' || $1::text, 0))")
        .bind(user.0)
        .execute(&mut *tx)
        .await?;
    let completed_at: DateTime<Utc> = sqlx::query_scalar(
        "update transcriptions set
             language = $2, word_count = $3, completed_at = now()
         where id = $1 returning completed_at",
    )
    .bind(transcript.id)
    .bind(LANGUAGE)
    .bind(i32::try_from(transcript.word_count()).unwrap_or(i32::MAX))
    .fetch_one(&mut *tx)
    .await?;
    let conversation = if is_superseded(tx, job).await? {
        None
    } else {
        graph::replace(tx, user, job, transcript, meaning).await?;
        embed(tx, user, job, transcript, meaning).await?;
        Some(Conversation::describe(tx, job, transcript).await?)
    };

    // From here on the person's numbers are locked: events come last.
    let rooms = transcript.rooms(task);
    let data = transcript.news(transcript.segments.len(), Some(completed_at));
    events::append(tx, user, EventKind::TranscriptionUpdate, &rooms, data).await?;
    if let Some(conversation) = conversation {
        events::append(tx, user, EventKind::ConversationUpdate, &rooms[..1], conversation.news()).await?;
    }
    lease::finish(tx, &task.claim, progress).await
}

/// Whether a transcription that was asked for later is done already: then this one is history.
async fn is_superseded(tx: &mut PgConnection, job: &TranscribeAudio) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (
             select from transcriptions own
             join transcriptions other on other.audio_id = own.audio_id and other.created_at > own.created_at
             where own.id = $1 and other.completed_at is not null)",
    )
    .bind(job.transcription_id)
    .fetch_one(tx)
    .await
}

/// Writes the passages and their vectors; former ones of this recording were removed with the rest
/// of its meaning.
async fn embed(
    tx: &mut PgConnection,
    user: UserId,
    job: &TranscribeAudio,
    transcript: &Transcript,
    meaning: &Meaning,
) -> sqlx::Result<()> {
    for (position, embedded) in (0_i32..).zip(&meaning.passages) {
        let passage = &embedded.passage;
        let segments: Vec<Uuid> =
            transcript.segments[passage.segments.clone()].iter().map(|segment| segment.id).collect();
        sqlx::query(
            "insert into conversation_embeddings
                 (id, user_id, conversation_id, transcription_id, position, start_ms, end_ms, segment_ids, text,
                  embedding, model, model_version)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::real[]::halfvec, $11, $12)",
        )
        .bind(new_id())
        .bind(user.0)
        .bind(job.conversation_id)
        .bind(job.transcription_id)
        .bind(position)
        .bind(passage.start_ms.cast_signed())
        .bind(passage.end_ms.cast_signed())
        .bind(segments)
        .bind(&passage.text)
        .bind(&embedded.vector)
        .bind(meaning.embedder.name)
        .bind(meaning.embedder.version)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// What becomes known of a conversation.
#[derive(Debug, FromRow)]
struct Conversation {
    id: Uuid,
    title: String,
    language: Option<String>,
    started_at: DateTime<Utc>,
    duration_ms: Option<i64>,
    version: i64,
    updated_at: DateTime<Utc>,
}

impl Conversation {
    /// A title that a person gave stays.
    async fn describe(
        tx: &mut PgConnection,
        job: &TranscribeAudio,
        transcript: &Transcript,
    ) -> sqlx::Result<Self> {
        let texts = transcript.segments.iter().map(|segment| segment.text.as_str());
        sqlx::query_as(
            "update conversations set
                 title = case title_source when 'generated' then $2 else title end,
                 language = $3, duration_ms = $4, version = version + 1, updated_at = now()
             where id = $1
             returning id, title, language, started_at, duration_ms, version, updated_at",
        )
        .bind(job.conversation_id)
        .bind(title::title(texts))
        .bind(LANGUAGE)
        .bind(transcript.duration_ms.map(u64::cast_signed))
        .fetch_one(tx)
        .await
    }

    fn news(&self) -> Value {
        json!({
            "conversation_id": self.id,
            "change": "transcribed",
            "title": self.title,
            "language": self.language,
            "started_at": self.started_at,
            "duration_ms": self.duration_ms,
            "version": self.version,
            "updated_at": self.updated_at,
        })
    }
}
