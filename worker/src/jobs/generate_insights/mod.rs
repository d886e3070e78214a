//! Finds insights in a conversation that was analysed, and insights that follow from the passing of time.

pub(super) mod conversation;
mod near;
mod time;

use chrono::{DateTime, Utc};
use self_language::insights::{self as rules, ConversationFindings, RULES};
use self_language::resolve::Zone;
use self_shared::database::insights::{self, InsightModel, Scope};
use self_shared::database::{UserTx, graph, jobs};
use self_shared::domain::insight::{InsightKind, NewInsight, Statement};
use self_shared::domain::job::{GenerateInsights, InsightTrigger, Job, JobError};
use self_shared::domain::progress::Stage;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::JobContext;
use crate::engine::RunningJob;

/// Insights of one conversation, also those that connect it with others.
const OF_CONVERSATION: &[InsightKind] = &[
    InsightKind::Promise,
    InsightKind::Task,
    InsightKind::TopicReturning,
    InsightKind::FileAboutConversation,
];
/// Insights from two statements of facts, in one conversation or in two.
const OF_FACTS: &[InsightKind] = &[InsightKind::Contradiction];
/// Insights that change with time alone, while nothing is said.
const OF_TIME: &[InsightKind] = &InsightKind::ABOUT_ENTITIES;
const MODEL: InsightModel<'static> = InsightModel { name: RULES.0, version: RULES.1 };

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &GenerateInsights,
) -> Result<(), JobError> {
    running_job.report(Stage::Extract, running_job.progress());
    let mut tx = context.database.as_user(running_job.user()?).await?;
    let zone = super::zone::of(&mut tx).await?;
    match job.trigger {
        InsightTrigger::Conversation(id) => of_conversation(running_job, tx, id, zone).await,
        InsightTrigger::File(id) => of_file(running_job, tx, id).await,
        InsightTrigger::Time => of_time(running_job, tx, zone).await,
    }
}

/// Finds the insights of a conversation, and enqueues one job for the passing of time: that job is the same
/// for any number of conversations.
async fn of_conversation(
    running_job: &RunningJob,
    mut tx: UserTx,
    id: Uuid,
    zone: Zone,
) -> Result<(), JobError> {
    let next = GenerateInsights { user: tx.user(), trigger: InsightTrigger::Time };
    let conversation = conversation::load(&mut tx, id).await?;
    // The conversation may be deleted by now.
    let Some(conversation) = conversation else { return running_job.succeed_without_results().await };
    let read = spawn_blocking(move || rules::read(&conversation, zone)).await;
    let ConversationFindings { commitments: mut found, statements } = super::understanding::outcome(read)?;
    let near = near::topics(&mut tx, id, zone).await?;
    found.extend(rules::returning(&near));
    let pairs = near::files(&mut tx, id).await?;
    found.extend(rules::about_the_same(&pairs));
    drop(tx);

    let mut tx = begin(running_job).await?;
    write(&mut tx, id, &found, &statements, zone).await?;
    finish(running_job, tx, &[next]).await
}

/// Enqueues jobs for the conversations that are about the same subject as a file.
async fn of_file(running_job: &RunningJob, mut tx: UserTx, id: Uuid) -> Result<(), JobError> {
    let near = insights::near_conversations(&mut tx, id).await?;
    let user = tx.user();
    drop(tx);
    let job = |id| GenerateInsights { user, trigger: InsightTrigger::Conversation(id) };
    let next: Vec<GenerateInsights> = near.into_iter().map(job).collect();
    finish(running_job, begin(running_job).await?, &next).await
}

/// Finds the insights that follow from the passing of time.
async fn of_time(running_job: &RunningJob, mut tx: UserTx, zone: Zone) -> Result<(), JobError> {
    let found = time::of_time(&mut tx, Utc::now(), zone).await?;
    drop(tx);
    let mut tx = begin(running_job).await?;
    let scope = Scope { kinds: OF_TIME, conversation: None };
    insights::replace(&mut tx, &scope, &MODEL, &found).await?;
    finish(running_job, tx, &[]).await
}

async fn write(
    tx: &mut UserTx,
    conversation: Uuid,
    found: &[NewInsight],
    statements: &[Statement],
    zone: Zone,
) -> sqlx::Result<()> {
    let scope = |kinds| Scope { kinds, conversation: Some(conversation) };
    insights::replace(tx, &scope(OF_CONVERSATION), &MODEL, found).await?;
    insights::restate(tx, conversation, statements).await?;
    let stated = insights::stated_of_the_same(tx, conversation).await?;
    let contradictions = rules::contradictions(&stated, zone);
    insights::replace(tx, &scope(OF_FACTS), &MODEL, &contradictions).await
}

/// Begins a transaction and locks the graph: the evidence of the insights stays until the commit.
async fn begin(running_job: &RunningJob) -> Result<UserTx, JobError> {
    let mut tx = running_job.begin().await?;
    graph::lock(&mut tx).await?;
    Ok(tx)
}

/// Enqueues the following jobs, with the job's success in the same transaction.
async fn finish(running_job: &RunningJob, mut tx: UserTx, next: &[GenerateInsights]) -> Result<(), JobError> {
    running_job.report(Stage::Save, running_job.progress());
    for job in next {
        let (user, job) = (job.user, Job::GenerateInsights(job.clone()));
        jobs::enqueue_once(&mut tx, user, &job, None).await?;
    }
    running_job.succeed(tx).await
}

/// When a segment was said: by the clock of its recording, if that is known.
pub(super) fn moment(began_at: DateTime<Utc>, start_ms: i64) -> DateTime<Utc> {
    began_at + chrono::TimeDelta::milliseconds(start_ms)
}
