//! Finds insights in a conversation that was analysed, and insights that follow from the passing of time.

mod near;
pub(super) mod said;
mod time;

use chrono::{DateTime, Utc};
use self_language::notice::{self, Noticed, RULES};
use self_language::resolve::Zone;
use self_shared::database::insights::{self, InsightModel, Scope};
use self_shared::database::{UserTx, graph, jobs};
use self_shared::domain::insight::{InsightKind, NewInsight, Statement};
use self_shared::domain::job::{GenerateInsights, Job, JobError, Occasion};
use self_shared::domain::progress::Stage;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::JobContext;
use crate::engine::Task;

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

pub(super) async fn run(context: &JobContext, task: &Task, job: &GenerateInsights) -> Result<(), JobError> {
    task.report(Stage::Extract, task.progress());
    let mut tx = context.database.as_user(task.user()?).await?;
    let zone = super::zone::of(&mut tx).await?;
    match job.occasion {
        Occasion::Conversation(id) => of_conversation(task, tx, id, zone).await,
        Occasion::File(id) => of_file(task, tx, id).await,
        Occasion::Time => of_time(task, tx, zone).await,
    }
}

/// Finds the insights of a conversation, and enqueues one job for the passing of time: that job is the same
/// for any number of conversations.
async fn of_conversation(task: &Task, mut tx: UserTx, id: Uuid, zone: Zone) -> Result<(), JobError> {
    let next = GenerateInsights { user: tx.user(), occasion: Occasion::Time };
    let conversation = said::conversation(&mut tx, id).await?;
    // The conversation may be deleted by now.
    let Some(conversation) = conversation else { return task.done().await };
    let read = spawn_blocking(move || notice::read(&conversation, zone)).await;
    let Noticed { commitments: mut found, statements } = super::understanding::outcome(read)?;
    let near = near::topics(&mut tx, id, zone).await?;
    found.extend(notice::returning(&near));
    let pairs = near::files(&mut tx, id).await?;
    found.extend(notice::about_the_same(&pairs));
    drop(tx);

    let mut tx = begin(task).await?;
    write(&mut tx, id, &found, &statements, zone).await?;
    finish(task, tx, &[next]).await
}

/// Enqueues jobs for the conversations that are about the same subject as a file.
async fn of_file(task: &Task, mut tx: UserTx, id: Uuid) -> Result<(), JobError> {
    let near = insights::near_conversations(&mut tx, id).await?;
    let user = tx.user();
    drop(tx);
    let job = |id| GenerateInsights { user, occasion: Occasion::Conversation(id) };
    let next: Vec<GenerateInsights> = near.into_iter().map(job).collect();
    finish(task, begin(task).await?, &next).await
}

/// Finds the insights that follow from the passing of time.
async fn of_time(task: &Task, mut tx: UserTx, zone: Zone) -> Result<(), JobError> {
    let found = time::of_time(&mut tx, Utc::now(), zone).await?;
    drop(tx);
    let mut tx = begin(task).await?;
    let scope = Scope { kinds: OF_TIME, conversation: None };
    insights::replace(&mut tx, &scope, &MODEL, &found).await?;
    finish(task, tx, &[]).await
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
    let contradictions = notice::contradictions(&stated, zone);
    insights::replace(tx, &scope(OF_FACTS), &MODEL, &contradictions).await
}

/// Begins a transaction and locks the graph: the evidence of the insights stays until the commit.
async fn begin(task: &Task) -> Result<UserTx, JobError> {
    let mut tx = task.begin().await?;
    graph::lock(&mut tx).await?;
    Ok(tx)
}

/// Enqueues the following jobs, with the job's success in the same transaction.
async fn finish(task: &Task, mut tx: UserTx, next: &[GenerateInsights]) -> Result<(), JobError> {
    task.report(Stage::Save, task.progress());
    for job in next {
        let (user, job) = (job.user, Job::GenerateInsights(job.clone()));
        jobs::enqueue_once(&mut tx, user, &job, None).await?;
    }
    task.succeed(tx).await
}

/// When a segment was said: by the clock of its recording, if that is known.
pub(super) fn moment(began_at: DateTime<Utc>, start_ms: i64) -> DateTime<Utc> {
    began_at + chrono::TimeDelta::milliseconds(start_ms)
}
