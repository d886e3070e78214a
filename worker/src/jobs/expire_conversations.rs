//! Deletes conversations that are older than their owners want to keep, in the same way as the owners' own
//! deletion.

use chrono::{TimeDelta, Utc};
use self_shared::database::conversations::{self, EditError};
use self_shared::database::users;
use self_shared::domain::UserId;
use self_shared::domain::job::JobError;
use self_shared::objects::ObjectKey;

use super::JobContext;
use crate::engine::RunningJob;

/// The conversations of one query.
const PAGE: i64 = 100;

pub(super) async fn run(context: &JobContext, running_job: &RunningJob) -> Result<(), JobError> {
    let mut tx = context.database.as_system().await?;
    let people = users::who_expire(&mut tx).await?;
    tx.commit().await?;
    for (user, days) in people {
        let expired = expire(context, user, days).await?;
        if expired > 0 {
            tracing::info!(%user, expired, "deleted conversations that were kept long enough");
        }
    }
    running_job.succeed_without_results().await
}

/// Returns how many conversations of a person were deleted.
async fn expire(context: &JobContext, user: UserId, days: i32) -> anyhow::Result<usize> {
    let before = Utc::now() - TimeDelta::days(days.into());
    let mut expired = 0;
    loop {
        let mut tx = context.database.as_user(user).await?;
        let page = conversations::begun_before(&mut tx, before, PAGE).await?;
        tx.commit().await?;
        if page.is_empty() {
            if expired > 0 {
                // Events with deleted text may still be on the bus.
                context.bus.purge_user(user).await?;
            }
            return Ok(expired);
        }
        for conversation in page {
            let mut tx = context.database.as_user(user).await?;
            let objects = match conversations::delete(&mut tx, conversation, None).await {
                Ok(objects) => objects,
                // Somebody else has deleted or changed it meanwhile.
                Err(EditError::NotFound | EditError::Changed) => continue,
                Err(EditError::Database(error)) => return Err(error.into()),
            };
            tx.commit().await?;
            for key in objects.iter().filter_map(|key| key.parse::<ObjectKey>().ok()) {
                context.objects.delete(&key).await?;
            }
            expired += 1;
        }
    }
}
