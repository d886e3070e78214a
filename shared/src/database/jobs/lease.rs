//! How a worker takes a job and holds it.
//!
//! Claiming adds one to `attempt`, and everything that the worker writes afterwards checks it: a
//! worker whose lease ran out and whose job was given to another (or ended) changes nothing, and
//! is told so by [`Held::Lost`]. Results are written in one transaction with the job's
//! [ending](super::ending).

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::snapshot::{JobRow, columns};
use crate::database::Tx;
use crate::domain::UserId;
use crate::domain::job::{Job, JobKind, JobSnapshot, Lane};
use crate::domain::progress::{Progress, Stage};

/// A job that this worker holds.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job's id.
    pub id: Uuid,
    /// Whose it is; none for the house's own.
    pub user: Option<UserId>,
    /// What to do, or why that cannot be read.
    pub job: Result<Job, String>,
    /// The fence: results are written only while this is the newest attempt.
    pub attempt: i32,
    /// How it stood when it was claimed.
    pub snapshot: JobSnapshot,
    /// The trace of the request that asked for it.
    pub traceparent: Option<String>,
}

/// Whether a claim still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Go on.
    Yes,
    /// Somebody asked for the job to stop: end it as cancelled.
    CancelRequested,
    /// Somebody else has the job by now, or it ended: whatever this worker has is void.
    Lost,
}

/// Takes the next job of a lane, if it is not paused: the highest priority first, and within it
/// the person who was served longest ago, so that ten thousand jobs of one delay a stranger by one
/// slot.
///
/// Claims of a lane are made one after the other (a lock held until the commit), which makes the
/// turns exact; a claim takes as long as the commit, some milliseconds. The choice walks one index
/// entry for each person who waits, however many jobs they have.
pub async fn claim(
    tx: &mut impl Tx,
    lane: Lane,
    worker: &str,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0))")
        .bind(lane.as_str())
        .execute(&mut **tx)
        .await?;
    let kinds: Vec<&str> = JobKind::ALL.iter().flat_map(|kind| kind.names()).collect();
    let row: Option<JobRow> = sqlx::query_as(concat!(
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
             left join turns on turns.lane = $1 and turns.owner = people.owner
             where not exists (select from lanes where lanes.lane = $1 and lanes.paused)
             order by first.priority desc, turns.served_at nulls first, first.run_at, first.id
             limit 1),
         turn as (
             insert into turns (lane, owner, served_at) select $1, owner, clock_timestamp() from next
             on conflict (lane, owner) do update set served_at = excluded.served_at)
         update jobs set
             state = 'running', attempt = attempt + 1, worker = $3, lease_until = now() + $4,
             started_at = now(), updated_at = now()
         from next where jobs.id = next.id and jobs.state = 'queued'
         returning ",
        columns!()
    ))
    .bind(lane.as_str())
    .bind(kinds)
    .bind(worker)
    .bind(lease)
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

/// Says that the worker is alive, for another length of the lease, and how far it is.
///
/// # Errors
/// When the database does not answer; the lease runs on meanwhile.
pub async fn extend(
    tx: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
    stage: Stage,
    progress: &Progress,
) -> sqlx::Result<Held> {
    let held: Option<bool> = sqlx::query_scalar(
        "update jobs set
             lease_until = greatest(lease_until, now() + $3), stage = $4, progress = $5, updated_at = now()
         where id = $1 and attempt = $2 and state = 'running'
         returning cancel_requested_at is not null",
    )
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(lease)
    .bind(stage.as_str())
    .bind(serde_json::to_value(progress).expect("progress is numbers"))
    .fetch_optional(tx)
    .await?;
    Ok(Held::from(held))
}

/// Notes how far the job is, in the transaction of a checkpoint, whose rows are to be dropped
/// unless it is still held. Progress also shows that what was broken around the job works again:
/// its patience starts anew.
pub async fn checkpoint(
    tx: &mut PgConnection,
    claim: &Claim,
    stage: Stage,
    progress: &Progress,
) -> sqlx::Result<Held> {
    let held: Option<bool> = sqlx::query_scalar(
        "update jobs set stage = $3, progress = $4, retries = 0, faulty_since = null, updated_at = now()
         where id = $1 and attempt = $2 and state = 'running'
         returning cancel_requested_at is not null",
    )
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(stage.as_str())
    .bind(serde_json::to_value(progress).expect("progress is numbers"))
    .fetch_optional(tx)
    .await?;
    Ok(Held::from(held))
}

impl From<Option<bool>> for Held {
    fn from(cancel_requested: Option<bool>) -> Self {
        match cancel_requested {
            None => Self::Lost,
            Some(true) => Self::CancelRequested,
            Some(false) => Self::Yes,
        }
    }
}
