//! Everything that was found, and the job's success, in one transaction.

use chrono::{DateTime, Utc};
use self_language::title::title;
use self_shared::database::conversations::{self, Change};
use self_shared::database::{UserTx, entities, events, graph as person, jobs};
use self_shared::domain::event::EventKind;
use self_shared::domain::job::{Ending, GenerateInsights, Job, JobSnapshot, Occasion, SummarizeConversation};
use self_shared::domain::{UserId, new_id};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Bench;
use super::super::transcript::{SavedSegment, Transcript};
use super::{Meaning, graph};
use crate::engine::Task;

pub(super) async fn save(
    bench: &Bench,
    task: &Task,
    transcript: &Transcript,
    meaning: &Meaning,
    heard_as: Option<&str>,
) -> Result<(), Ending> {
    let mut tx = task.begin().await?;
    // A person's entities are shared by their conversations: one at a time changes them.
    person::lock(&mut tx).await.map_err(anyhow::Error::from)?;
    if entities::decisions(&mut tx).await.map_err(anyhow::Error::from)? != meaning.decisions {
        tracing::info!(job = %task.claim.id, "something was decided about names meanwhile: once more");
        return Err(Ending::Interrupted);
    }
    let written = write(&mut tx, task, transcript, meaning, heard_as).await.map_err(anyhow::Error::from)?;
    let mut next = Vec::new();
    if let Some(news) = written {
        // From here on the person's numbers are locked: events come last.
        let is_current = news.is_current;
        tell(&mut tx, task, transcript, news).await.map_err(anyhow::Error::from)?;
        if is_current {
            next = follow(&mut tx, bench, transcript).await.map_err(anyhow::Error::from)?;
        }
    }
    task.succeed(tx, &next).await
}

/// What is to be told.
struct News {
    /// When the transcript was complete, if that is new.
    completed_at: Option<DateTime<Utc>>,
    /// Whether the conversation means something else now.
    is_current: bool,
}

/// Writes it down; none when the text was corrected meanwhile: the job that follows the correction
/// does it then.
async fn write(
    tx: &mut UserTx,
    task: &Task,
    transcript: &Transcript,
    meaning: &Meaning,
    heard_as: Option<&str>,
) -> sqlx::Result<Option<News>> {
    let user = tx.user();
    let revisions: i64 = sqlx::query_scalar(
        "select coalesce(sum(revision), 0)::bigint from segments where transcription_id = $1",
    )
    .bind(transcript.id)
    .fetch_one(&mut **tx)
    .await?;
    if revisions != transcript.revisions() {
        tracing::info!(job = %task.claim.id, "the text was corrected meanwhile");
        return Ok(None);
    }
    let (was_complete, completed_at): (bool, DateTime<Utc>) = sqlx::query_as(
        "update transcriptions as t set
             language = coalesce($2, t.language), word_count = $3, completed_at = coalesce(t.completed_at, now())
         from transcriptions as before where t.id = $1 and before.id = t.id
         returning before.completed_at is not null, t.completed_at",
    )
    .bind(transcript.id)
    .bind(heard_as)
    .bind(i32::try_from(transcript.word_count()).unwrap_or(i32::MAX))
    .fetch_one(&mut **tx)
    .await?;
    let is_current = !is_superseded(tx, transcript.id).await?;
    if is_current {
        graph::replace(tx, user, transcript, meaning).await?;
        embed(tx, user, transcript, meaning).await?;
        describe(tx, transcript, heard_as).await?;
    }
    Ok(Some(News { completed_at: (!was_complete).then_some(completed_at), is_current }))
}

async fn tell(tx: &mut UserTx, task: &Task, transcript: &Transcript, news: News) -> sqlx::Result<()> {
    let user = tx.user();
    if let Some(completed_at) = news.completed_at {
        let data = transcript.news([], Some(completed_at));
        events::append(tx, user, EventKind::TranscriptionUpdate, &transcript.rooms(task), data).await?;
    }
    if news.is_current
        && let Some(conversation) = conversations::get(tx, transcript.conversation_id).await?
    {
        conversations::announce(tx, &conversation, Change::Understood).await?;
    }
    Ok(())
}

/// Accepts the work that follows, unless the same waits already.
async fn follow(tx: &mut UserTx, bench: &Bench, transcript: &Transcript) -> sqlx::Result<Vec<JobSnapshot>> {
    let (user, conversation_id) = (tx.user(), transcript.conversation_id);
    let insights = GenerateInsights { user, occasion: Occasion::Conversation(conversation_id) };
    let summary = SummarizeConversation { conversation_id };
    let summary = bench.summarizer.as_ref().map(|_| Job::SummarizeConversation(summary));
    let mut accepted = Vec::new();
    for job in [Some(Job::GenerateInsights(insights)), summary].into_iter().flatten() {
        accepted.extend(jobs::enqueue_once(tx, user, &job, None).await?);
    }
    Ok(accepted)
}

/// Whether a transcription that was asked for later is done already: then this one is history.
async fn is_superseded(tx: &mut PgConnection, transcription: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (
             select from transcriptions own
             join transcriptions other on other.audio_id = own.audio_id and other.created_at > own.created_at
             where own.id = $1 and other.completed_at is not null)",
    )
    .bind(transcription)
    .fetch_one(tx)
    .await
}

/// Writes the passages and their vectors; former ones of this recording were removed with the rest
/// of its meaning.
async fn embed(
    tx: &mut PgConnection,
    user: UserId,
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
        .bind(transcript.conversation_id)
        .bind(transcript.id)
        .bind(position)
        .bind(passage.start_ms.cast_signed())
        .bind(passage.end_ms.cast_signed())
        .bind(segments)
        .bind(&passage.text)
        .bind(&embedded.vector)
        .bind(&*meaning.embedder.name)
        .bind(&*meaning.embedder.version)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// What becomes known of the conversation. A title that a person gave stays; of several recordings
/// the first gives it.
async fn describe(
    tx: &mut PgConnection,
    transcript: &Transcript,
    heard_as: Option<&str>,
) -> sqlx::Result<()> {
    let texts = transcript.segments.iter().map(SavedSegment::certain_text);
    sqlx::query(
        "update conversations set
             title = case when title_source = 'generated' and not exists (
                              select from audio where conversation_id = conversations.id and id < $3)
                          then $2 else title end,
             language = coalesce($4, language),
             duration_ms = coalesce(
                 (select sum(duration_ms)::bigint from audio where conversation_id = conversations.id),
                 duration_ms),
             warnings = array(
                 select distinct warning from transcriptions t, unnest(t.warnings) warning
                 where t.conversation_id = conversations.id and not exists (
                     select from transcriptions newer
                     where newer.audio_id = t.audio_id and newer.created_at > t.created_at
                       and newer.completed_at is not null)),
             version = version + 1, updated_at = now()
         where id = $1",
    )
    .bind(transcript.conversation_id)
    .bind(title(texts, transcript.segments.is_empty()))
    .bind(transcript.audio_id)
    .bind(heard_as)
    .execute(tx)
    .await
    .map(|_| ())
}
