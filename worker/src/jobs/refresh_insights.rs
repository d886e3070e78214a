//! Updates the insights of every person with the passing of time, once a day: days come near, people are
//! not mentioned any more.

use std::time::Duration;

use self_shared::database::{insights, jobs};
use self_shared::domain::UserId;
use self_shared::domain::job::{GenerateInsights, InsightTrigger, Job, JobError};

use super::JobContext;
use crate::engine::RunningJob;

/// How often the update of one person runs.
const EVERY: Duration = Duration::from_hours(24);
/// The people of one query.
const PAGE: i64 = 500;

pub(super) async fn run(context: &JobContext, running_job: &RunningJob) -> Result<(), JobError> {
    let mut after = None;
    loop {
        let mut tx = context.database.as_system().await?;
        let people = insights::people_due(&mut tx, after, EVERY, PAGE).await?;
        tx.commit().await?;
        let Some(last) = people.last() else { break };
        after = Some(*last);
        for user in people {
            enqueue(context, user).await?;
        }
    }
    running_job.succeed_without_results().await
}

async fn enqueue(context: &JobContext, user: UserId) -> anyhow::Result<()> {
    let mut tx = context.database.as_user(user).await?;
    let job = Job::GenerateInsights(GenerateInsights { user, trigger: InsightTrigger::Time });
    jobs::enqueue_once(&mut tx, user, &job, None).await?;
    Ok(tx.commit().await?)
}
