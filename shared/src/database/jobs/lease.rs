//! How a worker takes a job, holds it, and ends it.
//!
//! Claiming adds one to `attempt`, and everything that the worker writes afterwards checks it: a
//! worker whose lease ran out and whose job was given to another (or ended) changes nothing, and
//! is told so by [`Held::Lost`]. Results are written in one transaction with [`finish`].

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::snapshot::{JobRow, columns};
use crate::domain::UserId;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::job::{Job, JobKind, JobSnapshot, Lane};
use crate::domain::progress::{Progress, Stage};

/// How long faults around a job may last before it is given up: longer than any outage that an
/// operator sleeps through.
pub const PATIENCE: Duration = Duration::from_hours(30);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Workers that may die at one job before it is taken for the cause.
pub const STRIKES: i32 = 3;

/// Why a job is dead that used up its strikes.
pub(super) fn worker_died() -> Failure {
    Failure::new(
        FailureCode::WorkerDied,
        "Working on this stopped the program several times, so it is not tried again.",
    )
}

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
///
/// # Errors
/// When the database does not answer.
pub async fn claim(
    tx: &mut PgConnection,
    lane: Lane,
    worker: &str,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0))")
        .bind(lane.as_str())
        .execute(&mut *tx)
        .await?;
    let kinds: Vec<&str> = JobKind::ALL.iter().map(|kind| kind.as_str()).collect();
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
    .fetch_optional(&mut *tx)
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
///
/// # Errors
/// When the database does not answer.
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

/// Ends the job as done, last in the transaction that writes its results. `false`: the lease was
/// lost; roll back.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(tx: &mut PgConnection, claim: &Claim, progress: &Progress) -> sqlx::Result<bool> {
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = 'succeeded', finished_at = now(), updated_at = now(), lease_until = null,
             worker = null, stage = null, failure = null, progress = $3
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(serde_json::to_value(progress).expect("progress is numbers"))
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

/// Back to the queue, because something around the job is broken. Waits from nothing up to twice
/// as long as the last time (exponential with full jitter), at most ten minutes; the job dies only
/// if it got nowhere for [`PATIENCE`]. Costs no strike: an outage is nobody's fault.
///
/// # Errors
/// When the database does not answer.
pub async fn retry_later(tx: &mut PgConnection, claim: &Claim) -> sqlx::Result<bool> {
    let faltered = Failure::new(
        FailureCode::TemporaryFault,
        "Something that this needs does not work at the moment. It is tried again by itself.",
    );
    let gave_up = Failure::new(
        FailureCode::GaveUp,
        "Something that this needs has not worked for more than a day. Try again, or ask who runs this server.",
    );
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = case when faulty_since < now() - $3 then 'dead' else 'queued' end,
             finished_at = case when faulty_since < now() - $3 then now() end,
             failure = case when faulty_since < now() - $3 then $6 else $5 end,
             faulty_since = coalesce(faulty_since, now()),
             retries = retries + 1,
             run_at = now() + random() * least($4, interval '2 s' * power(2, least(retries, 20))),
             updated_at = now(), lease_until = null, worker = null, stage = null
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(PATIENCE)
    .bind(LONGEST_WAIT)
    .bind(serde_json::to_value(faltered).expect("strings"))
    .bind(serde_json::to_value(gave_up).expect("strings"))
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

/// Back to the queue at once and without a strike: the worker stops, the job is not at fault.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_back(tx: &mut PgConnection, claim: &Claim) -> sqlx::Result<bool> {
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = 'queued', run_at = now(), updated_at = now(), lease_until = null, worker = null, stage = null
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

/// The work came to a bad end inside this program: a strike, as if it had ended the whole worker.
///
/// # Errors
/// When the database does not answer.
pub async fn strike(tx: &mut PgConnection, claim: &Claim) -> sqlx::Result<bool> {
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = case when strikes + 1 >= $3 then 'dead' else 'queued' end,
             failure = case when strikes + 1 >= $3 then $4 else failure end,
             finished_at = case when strikes + 1 >= $3 then now() end,
             strikes = strikes + 1, run_at = now() + random() * interval '5 s', updated_at = now(),
             lease_until = null, worker = null, stage = null
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(STRIKES)
    .bind(serde_json::to_value(worker_died()).expect("strings"))
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

/// Ends the job for good: the input can never work.
///
/// # Errors
/// When the database does not answer.
pub async fn fail(tx: &mut PgConnection, claim: &Claim, failure: &Failure) -> sqlx::Result<bool> {
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = 'dead', failure = $3, finished_at = now(), updated_at = now(), lease_until = null,
             worker = null, stage = null
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(serde_json::to_value(failure).expect("strings"))
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

/// Ends the job because somebody asked for it to stop. What was saved until then stays.
///
/// # Errors
/// When the database does not answer.
pub async fn cancelled(tx: &mut PgConnection, claim: &Claim) -> sqlx::Result<bool> {
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "update jobs set
             state = 'cancelled', finished_at = now(), updated_at = now(), lease_until = null, worker = null,
             stage = null
         where id = $1 and attempt = $2 and state = 'running'
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .fetch_optional(&mut *tx)
    .await?;
    announce(tx, row).await
}

async fn announce(tx: &mut PgConnection, row: Option<JobRow>) -> sqlx::Result<bool> {
    match row {
        Some(row) => row.announce(tx).await.map(|_| true),
        None => Ok(false),
    }
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
