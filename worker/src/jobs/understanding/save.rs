//! Saves the results of an analysis and the job's success in one transaction.

use self_language::embed::EmbeddedPassage;
use self_language::title::title;
use self_shared::database::embeddings::{self, NewPassage};
use self_shared::database::{
    UserTx, conversations, entities, graph as person, jobs, segments, transcriptions,
};
use self_shared::domain::job::{GenerateInsights, InsightTrigger, Job, JobError, SummarizeConversation};
use self_shared::events::ConversationUpdate;

use super::super::JobContext;
use super::super::transcript::{SavedSegment, Transcript};
use super::{Meaning, graph};
use crate::engine::RunningJob;

pub(super) async fn save(
    context: &JobContext,
    running_job: &RunningJob,
    transcript: &Transcript,
    meaning: &Meaning,
    heard_as: Option<&str>,
) -> Result<(), JobError> {
    let mut tx = running_job.begin().await?;
    // A person's conversations share entities: one transaction at a time changes them.
    person::lock(&mut tx).await?;
    if entities::decisions(&mut tx).await? != meaning.decisions {
        tracing::info!(job = %running_job.claim.id, "decisions about names changed in the meantime; the analysis starts again");
        return Err(JobError::Interrupted);
    }
    let is_current = write(&mut tx, running_job, transcript, meaning, heard_as).await?;
    if is_current {
        follow(&mut tx, context, transcript).await?;
    }
    running_job.succeed(tx).await
}

/// Writes the results and their events. Returns whether the analysis of the conversation has changed. It
/// has not when a later transcript counts, or when the text was corrected meanwhile: then the job after the
/// correction analyses it.
async fn write(
    tx: &mut UserTx,
    running_job: &RunningJob,
    transcript: &Transcript,
    meaning: &Meaning,
    heard_as: Option<&str>,
) -> sqlx::Result<bool> {
    let revisions = segments::revisions(tx, transcript.id).await?;
    if revisions != transcript.revisions() {
        tracing::info!(job = %running_job.claim.id, "the text was corrected in the meantime");
        return Ok(false);
    }
    let words = transcript.word_count();
    let was_complete = transcriptions::complete(tx, transcript.id, heard_as, words).await?;
    if !was_complete {
        transcriptions::announce(tx, transcript.id, &[], Some(running_job.claim.id)).await?;
    }
    let is_current = transcriptions::is_current(tx, transcript.id).await?;
    if is_current {
        graph::replace(tx, transcript, meaning).await?;
        embed(tx, transcript, meaning).await?;
        let texts = transcript.segments.iter().map(SavedSegment::certain_text);
        let title = title(texts, transcript.segments.is_empty());
        let (conversation, audio) = (transcript.conversation_id, transcript.audio_id);
        conversations::describe(tx, conversation, audio, &title, heard_as).await?;
        if let Some(conversation) = conversations::get(tx, transcript.conversation_id).await? {
            tx.emit(&ConversationUpdate::Understood(conversation.into()));
        }
    }
    Ok(is_current)
}

/// Enqueues the following jobs, unless the same jobs wait already.
async fn follow(tx: &mut UserTx, context: &JobContext, transcript: &Transcript) -> sqlx::Result<()> {
    let (user, conversation_id) = (tx.user(), transcript.conversation_id);
    let insights = GenerateInsights { user, trigger: InsightTrigger::Conversation(conversation_id) };
    let summary = SummarizeConversation { conversation_id };
    let summary = context.summarizer.as_ref().map(|_| Job::SummarizeConversation(summary));
    for job in [Some(Job::GenerateInsights(insights)), summary].into_iter().flatten() {
        jobs::enqueue_once(tx, user, &job, None).await?;
    }
    Ok(())
}

/// Writes the passages and their vectors. Former ones of this recording were removed with the rest of its
/// analysis.
async fn embed(tx: &mut UserTx, transcript: &Transcript, meaning: &Meaning) -> sqlx::Result<()> {
    let passages: Vec<NewPassage<'_>> = meaning
        .passages
        .iter()
        .map(|EmbeddedPassage { passage, vector }| NewPassage {
            start_ms: passage.start_ms.cast_signed(),
            end_ms: passage.end_ms.cast_signed(),
            segment_ids: transcript.segments[passage.segments.clone()].iter().map(|one| one.id).collect(),
            text: &passage.text,
            embedding: vector,
        })
        .collect();
    embeddings::insert(tx, transcript.conversation_id, transcript.id, &meaning.embedder, &passages).await
}
