//! Removes recordings that are older than their owners want to keep. The transcripts stay.

use chrono::{TimeDelta, Utc};
use self_shared::database::{audio, users};
use self_shared::domain::UserId;
use self_shared::domain::job::JobError;
use self_shared::objects::ObjectKey;

use super::JobContext;
use crate::engine::RunningJob;

/// The recordings of one query.
const PAGE: i64 = 100;

pub(super) async fn run(context: &JobContext, running_job: &RunningJob) -> Result<(), JobError> {
    let mut tx = context.database.as_system().await?;
    let people = users::who_expire_audio(&mut tx).await?;
    tx.commit().await?;
    for (user, days) in people {
        let removed = expire(context, user, days).await?;
        if removed > 0 {
            tracing::info!(%user, removed, "removed sound that was kept long enough");
        }
    }
    running_job.succeed_without_results().await
}

/// Returns how many recordings of a person were removed.
async fn expire(context: &JobContext, user: UserId, days: i32) -> anyhow::Result<usize> {
    let before = Utc::now() - TimeDelta::days(days.into());
    let mut removed = 0;
    loop {
        let mut tx = context.database.as_user(user).await?;
        let page = audio::removable(&mut tx, before, PAGE).await?;
        tx.commit().await?;
        if page.is_empty() {
            return Ok(removed);
        }
        for id in page {
            let mut tx = context.database.as_user(user).await?;
            let object = audio::remove(&mut tx, id).await?;
            tx.commit().await?;
            if let Some(key) = object.and_then(|key| key.parse::<ObjectKey>().ok()) {
                context.objects.delete(&key).await?;
                removed += 1;
            }
        }
    }
}
