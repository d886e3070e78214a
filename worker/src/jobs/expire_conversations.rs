//! Deletes the conversations that are older than their owners keep them, as their owners would.

use chrono::{TimeDelta, Utc};
use self_shared::database::conversations::{self, Refused};
use self_shared::database::users;
use self_shared::domain::UserId;
use self_shared::domain::job::JobError;
use self_shared::objects::ObjectKey;

use super::JobContext;
use crate::engine::Task;

/// Conversations that are looked up at once.
const PAGE: i64 = 100;

pub(super) async fn run(context: &JobContext, task: &Task) -> Result<(), JobError> {
    let mut tx = context.database.as_system().await?;
    let people = users::who_expire(&mut tx).await?;
    tx.commit().await?;
    for (user, days) in people {
        let expired = expire(context, user, days).await?;
        if expired > 0 {
            tracing::info!(%user, expired, "deleted conversations that were kept long enough");
        }
    }
    task.done().await
}

/// Answers how many conversations of a person went.
async fn expire(context: &JobContext, user: UserId, days: i32) -> anyhow::Result<usize> {
    let before = Utc::now() - TimeDelta::days(days.into());
    let mut expired = 0;
    loop {
        let mut tx = context.database.as_user(user).await?;
        let page = conversations::begun_before(&mut tx, before, PAGE).await?;
        tx.commit().await?;
        if page.is_empty() {
            if expired > 0 {
                // What was said may still be on its way to apps.
                context.bus.forget(user).await?;
            }
            return Ok(expired);
        }
        for conversation in page {
            let mut tx = context.database.as_user(user).await?;
            let objects = match conversations::delete(&mut tx, conversation, None).await {
                Ok(objects) => objects,
                // Somebody was faster.
                Err(Refused::NotFound | Refused::Changed) => continue,
                Err(Refused::Database(error)) => return Err(error.into()),
            };
            tx.commit().await?;
            for key in objects.iter().filter_map(|key| key.parse::<ObjectKey>().ok()) {
                context.objects.delete(&key).await?;
            }
            expired += 1;
        }
    }
}
