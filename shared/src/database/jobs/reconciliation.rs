//! Repairs of the table after workers crash and wake-ups get lost. The reconciler of every worker calls
//! them, one worker at a time.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::completion::{MAX_CRASHES, worker_died};
use super::snapshot::{announce_all, query_jobs};
use crate::database::Tx;
use crate::domain::job::{Job, JobSnapshot, Lane};

/// A job that is queued and could start.
#[derive(Clone, Debug)]
pub struct Overdue {
    pub id: Uuid,
    pub lane: Lane,
    pub attempt: i32,
}

/// Tries to take the lock of the reconciler, which is held until the end of the transaction.
pub async fn try_lock_reconciler(tx: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('upkeep', 0)) as "locked!""#)
        .fetch_one(tx)
        .await
}

/// Ends expired leases: a job goes back to the queue with its crash count increased, becomes dead at a crash
/// count of three, or becomes cancelled if somebody asked for that. At most `limit` at a time.
pub async fn expire(tx: &mut impl Tx, limit: i64) -> sqlx::Result<Vec<JobSnapshot>> {
    let mut rows = query_jobs!(
        "with lost as (
             select id as lost_id,
                    case when cancel_requested_at is not null then 'cancelled'
                         when crash_count + 1 >= $2 then 'dead'
                         else 'queued' end as becomes
             from jobs where state = 'running' and lease_until < now()
             order by id limit $1 for no key update skip locked)
         update jobs set
             state = becomes,
             crash_count = crash_count + 1,
             failure = case becomes when 'dead' then $3 else failure end,
             finished_at = case when becomes <> 'queued' then now() end,
             run_at = now(), updated_at = now(), lease_until = null, worker = null, stage = null
         from lost where id = lost_id
         returning",
        "",
        limit,
        MAX_CRASHES,
        serde_json::to_value(worker_died()).expect("strings"),
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.sort_by_key(|row| (row.user_id, row.id));
    for row in &rows {
        tracing::warn!(job = %row.id, state = row.state, crash_count = row.crash_count, "a lease ran out");
    }
    announce_all(tx, rows).await
}

/// Finds the jobs that could start, at most `limit` of each lane.
pub async fn overdue(tx: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Overdue>> {
    let rows = sqlx::query!(
        r#"select due.id, lanes.lane as "lane!", due.attempt
           from unnest($1::text[]) as lanes (lane)
           cross join lateral (
               select id, attempt from jobs
               where jobs.lane = lanes.lane and state = 'queued' and run_at <= now() limit $2) due"#,
        &Lane::ALL.iter().map(|lane| lane.as_str()).collect::<Vec<_>>() as &[&str],
        limit,
    )
    .fetch_all(tx)
    .await?;
    let overdue = rows
        .into_iter()
        .filter_map(|row| Some(Overdue { id: row.id, lane: row.lane.parse().ok()?, attempt: row.attempt }));
    Ok(overdue.collect())
}

/// Counts the queued and the running jobs of each lane.
pub async fn queue_depths(tx: &mut PgConnection) -> sqlx::Result<Vec<(Lane, i64, i64)>> {
    let rows = sqlx::query!(
        r#"select lanes.lane as "lane!",
                  (select count(*) from jobs where jobs.lane = lanes.lane and state = 'queued') as "queued!",
                  (select count(*) from jobs where jobs.lane = lanes.lane and state = 'running') as "running!"
           from unnest($1::text[]) as lanes (lane)"#,
        &Lane::ALL.iter().map(|lane| lane.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.lane.parse().ok()?, row.queued, row.running))).collect())
}

/// Enqueues a job of the system, unless it is queued, running, or was done within `every`. To be called
/// under [`try_lock_reconciler`], so that it is enqueued only once.
pub async fn enqueue_periodic(tx: &mut impl Tx, job: &Job, every: Duration) -> sqlx::Result<()> {
    let recent = sqlx::query_scalar!(
        r#"select exists (select from jobs
                          where user_id is null and kind = any ($1)
                            and (state in ('queued', 'running') or created_at > now() - $2::interval))
               as "exists!""#,
        &job.kind().names() as &[&str],
        every as _,
    )
    .fetch_one(&mut **tx)
    .await?;
    if !recent {
        super::enqueue(tx, None, job, 0, None).await?;
    }
    Ok(())
}

/// Deletes the rows of workers that report no more, and old rows of the fair share.
pub async fn delete_stale(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("delete from fair_share where served_at < now() - interval '1 day'")
        .execute(&mut *tx)
        .await?;
    sqlx::query!("delete from workers where seen_at < now() - interval '1 minute'").execute(tx).await?;
    Ok(())
}
