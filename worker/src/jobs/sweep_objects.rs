//! Removes the remains of interrupted uploads from object storage: parts of objects, and stored objects
//! whose rows were never committed.

use std::time::Duration;

use futures_util::TryStreamExt;
use self_shared::database::{audio, exports, files};
use self_shared::domain::job::JobError;
use self_shared::objects::{LONGEST_UPLOAD, ObjectKey, ObjectKind};

use super::JobContext;
use crate::engine::RunningJob;

/// Older remains are removed.
const LEFT_BEHIND: Duration = Duration::from_hours(24);
const _: () = assert!(LEFT_BEHIND.as_secs() > LONGEST_UPLOAD.as_secs(), "no upload is swept under way");

pub(super) async fn run(context: &JobContext, running_job: &RunningJob) -> Result<(), JobError> {
    let parts = context.objects.sweep(LEFT_BEHIND).await?;
    let mut objects = 0;
    for kind in ObjectKind::ALL {
        objects += sweep_nameless(context, kind).await?;
    }
    if parts + objects > 0 {
        tracing::info!(parts, objects, "deleted interrupted uploads and objects without rows");
    }
    running_job.succeed_without_results().await
}

/// Removes the objects of a kind that no row names; returns how many.
async fn sweep_nameless(context: &JobContext, kind: ObjectKind) -> anyhow::Result<u64> {
    let mut swept = 0;
    let mut pages = context.objects.older_than(kind, LEFT_BEHIND);
    while let Some(keys) = pages.try_next().await? {
        if keys.is_empty() {
            continue;
        }
        let mut tx = context.database.as_system().await?;
        let names = keys.iter().map(ObjectKey::as_str);
        let orphaned = match kind {
            ObjectKind::Audio => audio::orphaned(&mut tx, names).await?,
            ObjectKind::Export => exports::orphaned(&mut tx, names).await?,
            ObjectKind::File => files::orphaned(&mut tx, names).await?,
        };
        // No transaction stays open while the storage works.
        drop(tx);
        for key in keys.iter().filter(|key| orphaned.contains(key.as_str())) {
            context.objects.delete(key).await?;
            swept += 1;
        }
    }
    Ok(swept)
}
