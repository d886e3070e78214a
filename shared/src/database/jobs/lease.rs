//! Claims and leases of jobs.
//!
//! A claim adds one to `attempt`, and every later write of the worker checks it. If the lease ran out and
//! the job was claimed by another worker or ended, the first worker changes nothing, and gets
//! [`LeaseStatus::Lost`]. Results are written in one transaction with the [completion](super::completion) of
//! the job.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::snapshot::query_jobs;
use crate::database::Tx;
use crate::domain::UserId;
use crate::domain::job::{Job, JobKind, JobSnapshot, Lane};
use crate::domain::progress::{Progress, Stage};

/// A job that this worker has claimed.
#[derive(Clone, Debug)]
pub struct Claim {
    pub id: Uuid,
    /// The person; `None` for a job of the system.
    pub user: Option<UserId>,
    /// The job with its arguments, or the reason why they cannot be read.
    pub job: Result<Job, String>,
    /// The fence: results are written only while this is the newest attempt.
    pub attempt: i32,
    /// The job at the time of the claim.
    pub snapshot: JobSnapshot,
    /// The trace of the request that enqueued the job.
    pub traceparent: Option<String>,
}

/// Whether a claim still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    /// The worker continues.
    Held,
    /// Somebody asked to cancel the job: the worker ends it as cancelled.
    CancelRequested,
    /// Another worker has the job, or it has ended: the results of this worker are void.
    Lost,
}

/// Claims the next job of a lane, unless the lane is paused. The highest priority comes first, and within it
/// the person who was served longest ago. So ten thousand jobs of one person delay another person by one
/// slot.
///
/// A lock that is held until the commit lets one claim of a lane run at a time, which makes the fair share
/// exact. A claim takes as long as its commit, some milliseconds. The statement reads one index entry for
/// each waiting person, however many jobs they have.
pub async fn claim(
    tx: &mut impl Tx,
    lane: Lane,
    worker: &str,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0))", lane.as_str())
        .execute(&mut **tx)
        .await?;
    let kinds: Vec<&str> = JobKind::ALL.iter().flat_map(|kind| kind.names()).collect();
    let row = query_jobs!(
        "with recursive people (owner) as (
             (select owner from jobs where lane = $1 and state = 'queued' order by owner limit 1)
             union all
             select (select jobs.owner from jobs
                     where lane = $1 and state = 'queued' and jobs.owner > people.owner
                     order by jobs.owner limit 1)
             from people where people.owner is not null),
         next as (
             select first.id, people.owner
             from people
             cross join lateral (
                 select id, priority, run_at from jobs
                 where lane = $1 and state = 'queued' and jobs.owner = people.owner
                   and run_at <= now() and kind = any ($2)
                 order by priority desc, run_at, id limit 1) first
             left join fair_share on fair_share.lane = $1 and fair_share.owner = people.owner
             where not exists (select from lanes where lanes.lane = $1 and lanes.paused)
             order by first.priority desc, fair_share.served_at nulls first, first.run_at, first.id
             limit 1),
         turn as (
             insert into fair_share (lane, owner, served_at) select $1, owner, clock_timestamp() from next
             on conflict (lane, owner) do update set served_at = excluded.served_at)
         update jobs set
             state = 'running', attempt = attempt + 1, worker = $3, lease_until = now() + $4,
             started_at = now(), updated_at = now()
         from next where jobs.id = next.id and jobs.state = 'queued'
         returning",
        "",
        lane.as_str(),
        &kinds as &[&str],
        worker,
        lease as _,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (payload, traceparent) = (row.payload.clone(), row.traceparent.clone());
    let user = row.user_id.map(UserId);
    let snapshot = row.announce(tx).await?.expect("only known kinds, lanes and states are claimed");
    Ok(Some(Claim {
        id: snapshot.id,
        user,
        job: Job::from_row(snapshot.kind, payload).map_err(|error| error.to_string()),
        attempt: snapshot.attempt,
        snapshot,
        traceparent,
    }))
}

/// Extends the lease by its length, and stores the progress.
///
/// # Errors
/// When the database does not answer; the lease continues to run down.
pub async fn extend(
    tx: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
    stage: Stage,
    progress: &Progress,
) -> sqlx::Result<LeaseStatus> {
    let held = sqlx::query_scalar!(
        r#"update jobs set
               lease_until = greatest(lease_until, now() + $3), stage = $4, progress = $5, updated_at = now()
           where id = $1 and attempt = $2 and state = 'running'
           returning cancel_requested_at is not null as "requested!""#,
        claim.id,
        claim.attempt,
        lease as _,
        stage.as_str(),
        serde_json::to_value(progress).expect("progress is numbers"),
    )
    .fetch_optional(tx)
    .await?;
    Ok(LeaseStatus::from(held))
}

/// Stores the progress in the transaction of a checkpoint. The caller has to roll back unless the claim
/// still holds. A checkpoint also shows that the fault around the job is over, so the 30 hours of retries
/// begin again.
pub async fn checkpoint(
    tx: &mut PgConnection,
    claim: &Claim,
    stage: Stage,
    progress: &Progress,
) -> sqlx::Result<LeaseStatus> {
    let held = sqlx::query_scalar!(
        r#"update jobs set stage = $3, progress = $4, fault_count = 0, failing_since = null, updated_at = now()
           where id = $1 and attempt = $2 and state = 'running'
           returning cancel_requested_at is not null as "requested!""#,
        claim.id,
        claim.attempt,
        stage.as_str(),
        serde_json::to_value(progress).expect("progress is numbers"),
    )
    .fetch_optional(tx)
    .await?;
    Ok(LeaseStatus::from(held))
}

impl From<Option<bool>> for LeaseStatus {
    fn from(cancel_requested: Option<bool>) -> Self {
        match cancel_requested {
            None => Self::Lost,
            Some(true) => Self::CancelRequested,
            Some(false) => Self::Held,
        }
    }
}
