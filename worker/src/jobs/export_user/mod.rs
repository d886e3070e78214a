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
use self_shared::domain::job::{Ending, ExportUser};
use self_shared::domain::new_id;
use self_shared::domain::progress::{Progress, Stage};
use self_shared::objects::{LONGEST_UPLOAD, ObjectError, ObjectKey, Stored};
use tokio::time::timeout;

use self::archive::Archive;
use super::Bench;
use crate::engine::Task;

pub(super) async fn run(bench: &Bench, task: &Task, job: &ExportUser) -> Result<(), Ending> {
    let user = task.user()?;
    let mut tx = bench.database.as_user(user).await?;
    let wanted = exports::get(&mut tx, job.export_id).await?;
    drop(tx);
    if wanted.is_none() {
        return Err(Ending::Cancelled);
    }
    let key = ObjectKey::export(user, new_id());
    // Later the sweep may take it for something that was left behind.
    let stored = timeout(LONGEST_UPLOAD, write(bench, task, &key)).await.map_err(|_| too_large())??;
    let completed = complete(task, job, &key, &stored).await;
    // After a commit that failed the object may be named all the same; then it is left to the sweep.
    if let Err(Ending::Cancelled | Ending::LeaseLost) = completed {
        bench.objects.delete(&key).await?;
    }
    completed
}

/// Writes the archive into object storage.
async fn write(bench: &Bench, task: &Task, key: &ObjectKey) -> Result<Stored, Ending> {
    let (archive, bytes) = Archive::begin();
    let storing = bench.objects.put(key, bytes, u64::MAX);
    let (stored, written) = tokio::join!(storing, contents::write(bench, task, archive));
    match (stored, written) {
        (Ok(stored), Ok(())) => Ok(stored),
        // The archive was broken off because of the other error.
        (Ok(_) | Err(ObjectError::Interrupted(_)), Err(ending)) => Err(ending),
        (Err(ObjectError::TooLarge { .. }), _) => Err(too_large()),
        (Err(error), _) => Err(Ending::Retry(error.into())),
    }
}

async fn complete(task: &Task, job: &ExportUser, key: &ObjectKey, stored: &Stored) -> Result<(), Ending> {
    let progress = Progress { percent: 100.0, eta_ms: None, ..task.progress() };
    task.report(Stage::Save, progress);
    let mut tx = task.begin().await?;
    if !exports::complete(&mut tx, job.export_id, key, stored).await? {
        return Err(Ending::Cancelled);
    }
    task.succeed(tx).await
}

fn too_large() -> Ending {
    Ending::Fail(Failure::new(
        FailureCode::ExportTooLarge,
        "There is more than fits into one archive. Ask who runs this server for a copy.",
    ))
}
