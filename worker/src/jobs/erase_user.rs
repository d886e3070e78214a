//! Removes a person with all that they had here. Every step can be done again, so that an erasure
//! that was interrupted goes on where it was.

use self_shared::database::erasures;
use self_shared::database::jobs::ending::{self, Outcome};
use self_shared::domain::job::{Ending, EraseUser};
use self_shared::objects::KeyPrefix;

use super::Bench;
use crate::engine::Task;

pub(super) async fn run(bench: &Bench, task: &Task, job: &EraseUser) -> Result<(), Ending> {
    erase(bench, task, job).await?.then_some(()).ok_or(Ending::LeaseLost)
}

/// Whether the job was still this worker's own at the end.
async fn erase(bench: &Bench, task: &Task, job: &EraseUser) -> anyhow::Result<bool> {
    // Rows first: an upload that is under way finds nobody to belong to, and removes its own object.
    erasures::erase_rows(&bench.database, job.erasure_id, job.user).await?;
    bench.vectors.forget(job.user).await?;
    let mut objects = 0;
    for prefix in KeyPrefix::all(job.user) {
        objects += bench.objects.delete_all(&prefix).await?;
    }
    bench.bus.forget(job.user).await?;
    let mut tx = bench.database.as_system().await?;
    erasures::complete(&mut tx, job.erasure_id, objects).await?;
    let held = ending::end(&mut tx, &task.claim, &Outcome::Done(task.progress())).await?;
    if held {
        tx.commit().await?;
    }
    Ok(held)
}
