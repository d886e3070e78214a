//! Archives of everything that a person has: that one was asked for, and what became of it. What goes
//! into one is read by [`contents`]. Where one stands, its job says.

pub mod contents;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::jobs::{self, Refused};
use super::{SystemTx, UserTx, row};
use crate::domain::job::{ExportUser, Job, JobSnapshot};
use crate::domain::new_id;
use crate::objects::{ObjectKey, Stored};

/// The columns of an [`Export`].
macro_rules! columns {
    () => {
        "select e.id, j.id as job_id, j.state, e.object_key, e.size_bytes, e.sha256, e.created_at, e.completed_at,
                e.expires_at
         from exports e join jobs j on j.subject_id = e.id and j.kind = 'export_user'
         where e.user_id = $1 and e.expires_at > now()"
    };
}

row! {
    /// An archive.
    #[derive(Clone, Debug)]
    pub struct Export {
        /// Names it.
        pub id: Uuid,
        /// The work on it.
        pub job_id: Uuid,
        /// Where that stands.
        pub state: String,
        /// Where its bytes are, once it is complete, like the next three.
        pub object_key: Option<String>,
        /// How many bytes.
        pub size_bytes: Option<i64>,
        /// The SHA-256 of its bytes.
        pub sha256: Option<Vec<u8>>,
        /// When it was complete.
        pub completed_at: Option<DateTime<Utc>>,
        /// When it was asked for.
        pub created_at: DateTime<Utc>,
        /// When it is forgotten.
        pub expires_at: DateTime<Utc>,
    }
}

/// Asks for an archive, unless one is under way: then that is the one. To be rung for after the commit.
pub async fn request(tx: &mut UserTx, traceparent: Option<&str>) -> sqlx::Result<(Export, JobSnapshot)> {
    let user = tx.user();
    // Two requests at once are one after the other.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('export ' || $1::text, 0))")
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    let under_way: Option<Export> =
        sqlx::query_as(concat!(columns!(), " and j.state in ('queued', 'running') limit 1"))
            .bind(user.0)
            .fetch_optional(&mut **tx)
            .await?;
    if let Some(export) = under_way
        && let Some(job) = jobs::get(tx, user, export.job_id).await?
    {
        return Ok((export, job));
    }
    let id = new_id();
    sqlx::query("insert into exports (id, user_id, expires_at) values ($1, $2, now() + interval '7 days')")
        .bind(id)
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    let job = Job::ExportUser(ExportUser { export_id: id });
    let job = jobs::enqueue(tx, Some(user), &job, 0, traceparent).await?;
    let export = get(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok((export, job))
}

/// One archive of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Export>> {
    let user = tx.user();
    sqlx::query_as(concat!(columns!(), " and e.id = $2"))
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// The person's archives, newest first, at most `limit`, from the one after `cursor` on.
pub async fn list(tx: &mut UserTx, cursor: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Export>> {
    let user = tx.user();
    sqlx::query_as(concat!(columns!(), " and ($2::uuid is null or e.id < $2) order by e.id desc limit $3"))
        .bind(user.0)
        .bind(cursor)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await
}

/// Names the object of an archive that is complete. It replaces the one before, whose time is over
/// then: of nobody there are ever more than two. False when the archive is not wanted any more.
pub async fn complete(tx: &mut UserTx, id: Uuid, key: &ObjectKey, stored: &Stored) -> sqlx::Result<bool> {
    let user = tx.user();
    let completed = sqlx::query(
        "update exports set object_key = $3, size_bytes = $4, sha256 = $5, completed_at = now(),
                            expires_at = now() + interval '7 days'
         where user_id = $1 and id = $2",
    )
    .bind(user.0)
    .bind(id)
    .bind(key.as_str())
    .bind(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX))
    .bind(&stored.sha256[..])
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "update exports set expires_at = least(expires_at, now())
         where user_id = $1 and id <> $2 and completed_at is not null",
    )
    .bind(user.0)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(completed.rows_affected() == 1)
}

/// Removes an archive, and stops the work on it. Answers the key of its object, if it has one, to be
/// removed once this is committed. None when the person has no such archive.
pub async fn delete(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Option<String>>> {
    let Some(export) = get(tx, id).await? else { return Ok(None) };
    let user = tx.user();
    let key: Option<Option<String>> =
        sqlx::query_scalar("delete from exports where user_id = $1 and id = $2 returning object_key")
            .bind(user.0)
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    match jobs::cancel(tx, user, export.job_id).await {
        Ok(_) | Err(Refused::Ended(_) | Refused::NotFound | Refused::NotEnded(_) | Refused::SoundRemoved) => {
            Ok(key)
        }
        Err(Refused::Database(error)) => Err(error),
    }
}

/// Forgets archives whose time is over, at most `limit`. Answers their objects, which some have, to
/// be removed once this is committed.
pub async fn forget(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Option<ObjectKey>>> {
    let keys: Vec<Option<String>> = sqlx::query_scalar(
        "delete from exports where id in (select id from exports where expires_at <= $1 limit $2)
         returning object_key",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    Ok(keys.into_iter().map(|key| key.and_then(|key| key.parse().ok())).collect())
}

/// Which of these objects are no archive of anybody.
pub async fn nameless(tx: &mut SystemTx, keys: impl Iterator<Item = &str>) -> sqlx::Result<HashSet<String>> {
    let nameless: Vec<String> = sqlx::query_scalar(
        "select key from unnest($1::text[]) key
         where not exists (select from exports where exports.object_key = key)",
    )
    .bind(keys.collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    Ok(nameless.into_iter().collect())
}
