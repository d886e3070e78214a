//! Archives of everything that a person has: their requests and results. [`contents`] reads the data that
//! goes into one. Progress is in the job of the archive.

pub mod contents;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::jobs::{self, CancelError};
use super::{SystemTx, UserTx};
use crate::domain::job::{ExportUser, Job, JobSnapshot};
use crate::domain::new_id;
use crate::objects::{ObjectKey, Stored};

/// Selects the [`Export`]s of the person `$1`: the text after the first conditions, the parameters.
macro_rules! query_exports {
    ($after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Export,
            "select e.id, j.id as job_id, j.state, e.object_key, e.size_bytes, e.sha256, e.created_at,
                    e.completed_at, e.expires_at
             from exports e join jobs j on j.subject_id = e.id and j.kind = 'export_user'
             where e.user_id = $1 and j.user_id = $1 and e.expires_at > now() "
                + $after,
            $($parameter),+
        )
    };
}

/// An archive.
#[derive(Clone, Debug)]
pub struct Export {
    pub id: Uuid,
    /// The job that writes it.
    pub job_id: Uuid,
    /// The state of that job.
    pub state: String,
    /// The object key, once the archive is complete, like the next three fields.
    pub object_key: Option<String>,
    pub size_bytes: Option<i64>,
    /// The SHA-256 of its bytes.
    pub sha256: Option<Vec<u8>>,
    /// The time of completion.
    pub completed_at: Option<DateTime<Utc>>,
    /// The time of the request.
    pub created_at: DateTime<Utc>,
    /// The time at which it is deleted.
    pub expires_at: DateTime<Utc>,
}

/// Requests an archive. If a job for one has not ended, that archive is returned.
pub async fn request(tx: &mut UserTx, traceparent: Option<&str>) -> sqlx::Result<(Export, JobSnapshot)> {
    let user = tx.user();
    // A lock lets concurrent requests run one after the other.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('export ' || $1::uuid::text, 0))", user.0)
        .execute(&mut **tx)
        .await?;
    let under_way = query_exports!("and j.state in ('queued', 'running') limit 1", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some(export) = under_way
        && let Some(job) = jobs::get(tx, user, export.job_id).await?
    {
        return Ok((export, job));
    }
    let id = new_id();
    sqlx::query!(
        "insert into exports (id, user_id, expires_at) values ($1, $2, now() + interval '7 days')",
        id,
        user.0,
    )
    .execute(&mut **tx)
    .await?;
    let job = Job::ExportUser(ExportUser { export_id: id });
    let job = jobs::enqueue(tx, Some(user), &job, 0, traceparent).await?;
    let export = get(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok((export, job))
}

/// Reads one archive of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Export>> {
    let user = tx.user();
    query_exports!("and e.id = $2", user.0, id).fetch_optional(&mut **tx).await
}

/// Lists the person's archives, newest first, at most `limit`, after `cursor`.
pub async fn list(tx: &mut UserTx, cursor: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Export>> {
    let user = tx.user();
    query_exports!("and ($2::uuid is null or e.id < $2) order by e.id desc limit $3", user.0, cursor, limit,)
        .fetch_all(&mut **tx)
        .await
}

/// Stores the object of a complete archive. The previous archive expires at that moment, so a person never
/// has more than two. Returns false if the archive was deleted in the meantime.
pub async fn complete(tx: &mut UserTx, id: Uuid, key: &ObjectKey, stored: &Stored) -> sqlx::Result<bool> {
    let user = tx.user();
    let completed = sqlx::query!(
        "update exports set object_key = $3, size_bytes = $4, sha256 = $5, completed_at = now(),
                            expires_at = now() + interval '7 days'
         where user_id = $1 and id = $2",
        user.0,
        id,
        key.as_str(),
        i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
        &stored.sha256[..],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update exports set expires_at = least(expires_at, now())
         where user_id = $1 and id <> $2 and completed_at is not null",
        user.0,
        id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(completed.rows_affected() == 1)
}

/// Deletes an archive, and cancels its job. Returns the object key, if there is one; the caller deletes the
/// object after the commit. Returns `None` if the person has no such archive.
pub async fn delete(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Option<String>>> {
    let Some(export) = get(tx, id).await? else { return Ok(None) };
    let user = tx.user();
    let key = sqlx::query_scalar!(
        "delete from exports where user_id = $1 and id = $2 returning object_key",
        user.0,
        id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    match jobs::cancel(tx, user, export.job_id).await {
        Ok(_) | Err(CancelError::NotFound | CancelError::Ended(_)) => Ok(key),
        Err(CancelError::Database(error)) => Err(error),
    }
}

/// Deletes expired archives, at most `limit`. Returns the keys of their objects, if they have one; the
/// caller deletes the objects after the commit.
pub async fn forget(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Option<ObjectKey>>> {
    let keys = sqlx::query_scalar!(
        "delete from exports where id in (select id from exports where expires_at <= $1 limit $2)
         returning object_key",
        now,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(keys.into_iter().map(|key| key.and_then(|key| key.parse().ok())).collect())
}

/// Returns those of the given object keys that no archive uses.
pub async fn orphaned(tx: &mut SystemTx, keys: impl Iterator<Item = &str>) -> sqlx::Result<HashSet<String>> {
    let orphaned = sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) key
           where not exists (select from exports where exports.object_key = key)"#,
        &keys.collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(orphaned.into_iter().collect())
}
