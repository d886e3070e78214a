//! Writes all data of a person into a zip archive.
//!
//! The archive is a stream from the first byte to the last: rows are read page by page, recordings chunk by
//! chunk, and all bytes go to object storage at once. So memory does not grow with the amount of data. (The
//! archive's own table of contents does grow, by some hundred bytes for each file.) The attempt after an
//! interruption starts over, with an object of another name; the incomplete object never becomes visible.
//!
//! There is no snapshot: a transaction of that length would prevent PostgreSQL from vacuuming. Each
//! conversation is read in one transaction, and so is each page of a list. Data that changes meanwhile is
//! in the archive either as before or as after the change.

mod archive;
mod contents;
mod conversation;
mod names;
mod progress;

use self_shared::database::exports;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{ExportUser, JobError};
use self_shared::domain::new_id;
use self_shared::domain::progress::{Progress, Stage};
use self_shared::objects::{LONGEST_UPLOAD, ObjectError, ObjectKey, Stored};
use tokio::time::timeout;

use self::archive::Archive;
use super::JobContext;
use crate::engine::RunningJob;

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &ExportUser,
) -> Result<(), JobError> {
    let user = running_job.user()?;
    let mut tx = context.database.as_user(user).await?;
    let wanted = exports::get(&mut tx, job.export_id).await?;
    drop(tx);
    if wanted.is_none() {
        return Err(JobError::Cancelled);
    }
    let key = ObjectKey::export(user, new_id());
    // A longer upload could be removed by the sweep of objects without a row.
    let stored =
        timeout(LONGEST_UPLOAD, write(context, running_job, &key)).await.map_err(|_| too_large())??;
    let completed = complete(running_job, job, &key, &stored).await;
    // After a failed commit a row may name the object all the same. Then the sweep decides.
    if let Err(JobError::Cancelled | JobError::LeaseLost) = completed {
        context.objects.delete(&key).await?;
    }
    completed
}

/// Writes the archive into object storage.
async fn write(context: &JobContext, running_job: &RunningJob, key: &ObjectKey) -> Result<Stored, JobError> {
    let (archive, bytes) = Archive::begin();
    let storing = context.objects.put(key, bytes, u64::MAX);
    let (stored, written) = tokio::join!(storing, contents::write(context, running_job, archive));
    match (stored, written) {
        (Ok(stored), Ok(())) => Ok(stored),
        // The other error ended the archive.
        (Ok(_) | Err(ObjectError::Interrupted(_)), Err(ending)) => Err(ending),
        (Err(ObjectError::TooLarge { .. }), _) => Err(too_large()),
        (Err(error), _) => Err(JobError::Retry(error.into())),
    }
}

async fn complete(
    running_job: &RunningJob,
    job: &ExportUser,
    key: &ObjectKey,
    stored: &Stored,
) -> Result<(), JobError> {
    let progress = Progress { percent: 100.0, eta_ms: None, ..running_job.progress() };
    running_job.report(Stage::Save, progress);
    let mut tx = running_job.begin().await?;
    if !exports::complete(&mut tx, job.export_id, key, stored).await? {
        return Err(JobError::Cancelled);
    }
    running_job.succeed(tx).await
}

fn too_large() -> JobError {
    JobError::Fail(Failure::new(
        FailureCode::ExportTooLarge,
        "There is more than fits into one archive. Ask who runs this server for a copy.",
    ))
}
