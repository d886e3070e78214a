//! Everything that was found, and the job's success, in one transaction.

use self_language::title::title;
use self_shared::database::{UserTx, conversations, entities, graph as person, jobs, transcriptions};
use self_shared::domain::job::{Ending, GenerateInsights, Job, Occasion, SummarizeConversation};
use self_shared::domain::{UserId, new_id};
use self_shared::events::ConversationUpdate;
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
    let is_current =
        write(&mut tx, task, transcript, meaning, heard_as).await.map_err(anyhow::Error::from)?;
    if is_current {
        follow(&mut tx, bench, transcript).await.map_err(anyhow::Error::from)?;
    }
    task.succeed(tx).await
}

/// Writes it down, and tells apps. Answers whether the conversation means something else now: not when a
/// later transcript counts, nor when the text was corrected meanwhile, which the job that follows the
/// correction sees to.
async fn write(
    tx: &mut UserTx,
    task: &Task,
    transcript: &Transcript,
    meaning: &Meaning,
    heard_as: Option<&str>,
) -> sqlx::Result<bool> {
    let user = tx.user();
    let revisions: i64 = sqlx::query_scalar(
        "select coalesce(sum(revision), 0)::bigint from segments where transcription_id = $1",
    )
    .bind(transcript.id)
    .fetch_one(&mut **tx)
    .await?;
    if revisions != transcript.revisions() {
        tracing::info!(job = %task.claim.id, "the text was corrected meanwhile");
        return Ok(false);
    }
    let was_complete: bool = sqlx::query_scalar(
        "update transcriptions as t set
             language = coalesce($2, t.language), word_count = $3, completed_at = coalesce(t.completed_at, now())
         from transcriptions as before where t.id = $1 and before.id = t.id
         returning before.completed_at is not null",
    )
    .bind(transcript.id)
    .bind(heard_as)
    .bind(i32::try_from(transcript.word_count()).unwrap_or(i32::MAX))
    .fetch_one(&mut **tx)
    .await?;
    if !was_complete {
        transcriptions::announce(tx, transcript.id, &[], Some(task.claim.id)).await?;
    }
    let is_current = !is_superseded(tx, transcript.id).await?;
    if is_current {
        graph::replace(tx, user, transcript, meaning).await?;
        embed(tx, user, transcript, meaning).await?;
        describe(tx, transcript, heard_as).await?;
        if let Some(conversation) = conversations::get(tx, transcript.conversation_id).await? {
            tx.tell(&ConversationUpdate::Understood(conversation.into()));
        }
    }
    Ok(is_current)
}

/// Accepts the work that follows, unless the same waits already.
async fn follow(tx: &mut UserTx, bench: &Bench, transcript: &Transcript) -> sqlx::Result<()> {
    let (user, conversation_id) = (tx.user(), transcript.conversation_id);
    let insights = GenerateInsights { user, occasion: Occasion::Conversation(conversation_id) };
    let summary = SummarizeConversation { conversation_id };
    let summary = bench.summarizer.as_ref().map(|_| Job::SummarizeConversation(summary));
    for job in [Some(Job::GenerateInsights(insights)), summary].into_iter().flatten() {
        jobs::enqueue_once(tx, user, &job, None).await?;
    }
    Ok(())
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
