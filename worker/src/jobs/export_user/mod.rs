//! Writes everything that a person has here into a zip archive.
//!
//! The archive is a stream from the first byte to the last: rows are read page by page, recordings
//! chunk by chunk, and what is written goes on into object storage at once, so that memory does not
//! grow with how much there is. (What does is the archive's own table of contents: some hundred bytes
//! for each file in it.) Whoever takes the job after an interruption starts over, with an object of
//! another name; the one that was broken off never becomes visible.
//!
//! There is no snapshot: a transaction that is as long as this would keep PostgreSQL from tidying up.
//! Each conversation is read in one transaction, and so is each page of a list; what changes in the
//! meantime is in the archive as it was or as it is then.

mod archive;
mod contents;
mod conversation;
mod names;
mod pace;

use self_shared::database::exports;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{ExportUser, JobError};
use self_shared::domain::new_id;
use self_shared::domain::progress::{Progress, Stage};
use self_shared::objects::{LONGEST_UPLOAD, ObjectError, ObjectKey, Stored};
use tokio::time::timeout;

use self::archive::Archive;
use super::JobContext;
use crate::engine::Task;

pub(super) async fn run(context: &JobContext, task: &Task, job: &ExportUser) -> Result<(), JobError> {
    let user = task.user()?;
    let mut tx = context.database.as_user(user).await?;
    let wanted = exports::get(&mut tx, job.export_id).await?;
    drop(tx);
    if wanted.is_none() {
        return Err(JobError::Cancelled);
    }
    let key = ObjectKey::export(user, new_id());
    // Later the sweep may take it for something that was left behind.
    let stored = timeout(LONGEST_UPLOAD, write(context, task, &key)).await.map_err(|_| too_large())??;
    let completed = complete(task, job, &key, &stored).await;
    // After a commit that failed the object may be named all the same; then it is left to the sweep.
    if let Err(JobError::Cancelled | JobError::LeaseLost) = completed {
        context.objects.delete(&key).await?;
    }
    completed
}

/// Writes the archive into object storage.
async fn write(context: &JobContext, task: &Task, key: &ObjectKey) -> Result<Stored, JobError> {
    let (archive, bytes) = Archive::begin();
    let storing = context.objects.put(key, bytes, u64::MAX);
    let (stored, written) = tokio::join!(storing, contents::write(context, task, archive));
    match (stored, written) {
        (Ok(stored), Ok(())) => Ok(stored),
        // The archive was broken off because of the other error.
        (Ok(_) | Err(ObjectError::Interrupted(_)), Err(ending)) => Err(ending),
        (Err(ObjectError::TooLarge { .. }), _) => Err(too_large()),
        (Err(error), _) => Err(JobError::Retry(error.into())),
    }
}

async fn complete(task: &Task, job: &ExportUser, key: &ObjectKey, stored: &Stored) -> Result<(), JobError> {
    let progress = Progress { percent: 100.0, eta_ms: None, ..task.progress() };
    task.report(Stage::Save, progress);
    let mut tx = task.begin().await?;
    if !exports::complete(&mut tx, job.export_id, key, stored).await? {
        return Err(JobError::Cancelled);
    }
    task.succeed(tx).await
}

fn too_large() -> JobError {
    JobError::Fail(Failure::new(
        FailureCode::ExportTooLarge,
        "There is more than fits into one archive. Ask who runs this server for a copy.",
    ))
}
