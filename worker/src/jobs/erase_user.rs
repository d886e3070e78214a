//! Removes a person with all their data. Every step can be repeated, so that an interrupted erasure
//! continues.

use self_shared::database::erasures;
use self_shared::database::jobs::completion::{self, Completion};
use self_shared::domain::job::{EraseUser, JobError};
use self_shared::objects::KeyPrefix;

use super::JobContext;
use crate::engine::RunningJob;

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &EraseUser,
) -> Result<(), JobError> {
    erase(context, running_job, job).await?.then_some(()).ok_or(JobError::LeaseLost)
}

/// Whether this worker still owned the job at the end.
async fn erase(context: &JobContext, running_job: &RunningJob, job: &EraseUser) -> anyhow::Result<bool> {
    // Rows first: an upload that runs meanwhile finds no account, and removes its own object.
    erasures::erase_rows(&context.database, job.erasure_id, job.user).await?;
    context.vectors.forget(job.user).await?;
    let mut objects = 0;
    for prefix in KeyPrefix::all(job.user) {
        objects += context.objects.delete_all(&prefix).await?;
    }
    context.bus.purge_user(job.user).await?;
    let mut tx = context.database.as_system().await?;
    erasures::complete(&mut tx, job.erasure_id, objects).await?;
    let held =
        completion::complete(&mut tx, &running_job.claim, &Completion::Succeeded(running_job.progress()))
            .await?;
    if held {
        tx.commit().await?;
    }
    Ok(held)
}
