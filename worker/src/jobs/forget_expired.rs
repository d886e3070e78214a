//! Removes data that is kept for a limited time: events, sessions, tokens, tickets, stored first answers,
//! archives, ended jobs of the system.

use chrono::Utc;
use self_shared::database::retention::Expired;
use self_shared::database::{events, exports};
use self_shared::domain::job::JobError;

use super::JobContext;
use crate::engine::RunningJob;

/// Rows that one transaction removes: few enough that no other transaction waits long.
const BATCH: u16 = 1000;

pub(super) async fn run(context: &JobContext, running_job: &RunningJob) -> Result<(), JobError> {
    let events = forget_events(context).await?;
    let rows = forget_rows(context).await? + forget_exports(context).await?;
    if events + rows > 0 {
        tracing::info!(events, rows, "deleted expired events and rows");
    }
    running_job.succeed_without_results().await
}

async fn forget_events(context: &JobContext) -> anyhow::Result<u64> {
    let before = Utc::now() - context.events_keep;
    let people = events::people_with_older(&mut context.database.as_system().await?, before).await?;
    let mut forgotten = 0;
    for person in people {
        loop {
            let mut tx = context.database.as_system().await?;
            let removed = events::forget(&mut tx, person, before, i64::from(BATCH)).await?;
            tx.commit().await?;
            forgotten += removed;
            if removed < u64::from(BATCH) {
                break;
            }
        }
    }
    Ok(forgotten)
}

async fn forget_rows(context: &JobContext) -> anyhow::Result<u64> {
    let now = Utc::now();
    let mut forgotten = 0;
    for expired in Expired::ALL {
        loop {
            let mut tx = context.database.as_system().await?;
            let removed = expired.forget(&mut tx, now, i64::from(BATCH)).await?;
            tx.commit().await?;
            forgotten += removed;
            if removed < u64::from(BATCH) {
                break;
            }
        }
    }
    Ok(forgotten)
}

/// Removes archives with their objects. An object that cannot be removed now is left to the sweep.
async fn forget_exports(context: &JobContext) -> anyhow::Result<u64> {
    let mut forgotten = 0;
    loop {
        let mut tx = context.database.as_system().await?;
        let removed = exports::forget(&mut tx, Utc::now(), i64::from(BATCH)).await?;
        tx.commit().await?;
        forgotten += removed.len() as u64;
        for key in removed.iter().flatten() {
            context.objects.delete(key).await?;
        }
        if removed.len() < usize::from(BATCH) {
            return Ok(forgotten);
        }
    }
}
