//! The end of a claim.
//!
//! All kinds of completion are one statement with different values. It checks that the claim still holds the
//! job, and adds the `job_update` event.

use std::time::Duration;

use serde_json::Value;

use super::lease::Claim;
use super::snapshot::query_jobs;
use crate::database::Tx;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::job::JobState;
use crate::domain::progress::Progress;

/// How long a job may be retried without a checkpoint before it is given up. This is longer than any outage
/// that an operator may sleep through.
const MAX_FAULT_DURATION: Duration = Duration::from_hours(30);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The crash count at which the job is taken for the cause of the crashes.
pub(super) const MAX_CRASHES: i32 = 3;

/// The failure of a job that reached the crash limit.
pub(super) fn worker_died() -> Failure {
    Failure::new(
        FailureCode::WorkerDied,
        "Working on this stopped the program several times, so it is not tried again.",
    )
}

/// How a claim ends. If the job would be queued again and somebody asked to cancel it, it becomes cancelled
/// instead.
#[derive(Clone, Debug)]
pub enum Completion {
    /// The job is done. To be written last in the transaction with its results.
    Succeeded(Progress),
    /// The job can never work, because of its input.
    Failed(Failure),
    /// Somebody asked to cancel the job, and the handler stopped. Data that was saved until then stays.
    Cancelled,
    /// Something around the job is broken: it goes back to the queue. The wait is random, from zero to a
    /// limit that doubles with every retry (exponential backoff with full jitter), at most ten minutes. The
    /// job dies only if it had no checkpoint for 30 hours. The crash count stays, since an outage is not the
    /// job's fault. The failure names the fault, if known.
    Retried(Option<Failure>),
    /// The worker stops: the job goes back to the queue at once. The crash count stays.
    HandedBack,
    /// The handler panicked: the crash count grows, as if the whole worker had crashed.
    Crashed,
}

/// The values in which kinds of completion differ.
struct CompletionColumns {
    /// The next state. A queued job may become cancelled or dead instead.
    state: JobState,
    progress: Option<Progress>,
    /// The failure to store if the job becomes dead.
    failure_if_dead: Option<Failure>,
    /// The failure to store while the job waits; `None` keeps the stored one.
    failure_while_queued: Option<Failure>,
    crash_count: i32,
    fault_count: i32,
    /// The longest wait in the queue, before it is doubled for each retry.
    backoff: Duration,
}

impl CompletionColumns {
    const fn new(state: JobState) -> Self {
        let backoff = Duration::ZERO;
        Self {
            state,
            progress: None,
            failure_if_dead: None,
            failure_while_queued: None,
            crash_count: 0,
            fault_count: 0,
            backoff,
        }
    }

    fn of(completion: &Completion) -> Self {
        match completion {
            Completion::Succeeded(progress) => {
                Self { progress: Some(*progress), ..Self::new(JobState::Succeeded) }
            }
            Completion::Failed(failure) => {
                Self { failure_if_dead: Some(failure.clone()), ..Self::new(JobState::Dead) }
            }
            Completion::Cancelled => Self::new(JobState::Cancelled),
            Completion::Retried(broken) => Self {
                failure_if_dead: Some(Failure::new(
                    FailureCode::GaveUp,
                    "Something that this needs has not worked for more than a day. Try again, or ask who runs this server.",
                )),
                failure_while_queued: Some(broken.clone().unwrap_or_else(|| {
                    Failure::new(
                        FailureCode::TemporaryFault,
                        "Something that this needs does not work at the moment. It is tried again by itself.",
                    )
                })),
                fault_count: 1,
                backoff: Duration::from_secs(2),
                ..Self::new(JobState::Queued)
            },
            Completion::HandedBack => Self::new(JobState::Queued),
            Completion::Crashed => Self {
                failure_if_dead: Some(worker_died()),
                crash_count: 1,
                backoff: Duration::from_secs(5),
                ..Self::new(JobState::Queued)
            },
        }
    }
}

/// Ends a claim. Returns false if the lease was lost: nothing is written then, and the caller has to roll
/// back.
pub async fn complete(tx: &mut impl Tx, claim: &Claim, completion: &Completion) -> sqlx::Result<bool> {
    let values = CompletionColumns::of(completion);
    let row = query_jobs!(
        "with held as (
             select id as held_id,
                    case when $3 <> 'queued' then $3
                         when cancel_requested_at is not null then 'cancelled'
                         when $7 > 0 and crash_count + $7 >= $10 then 'dead'
                         when $8 > 0 and failing_since < now() - $11::interval then 'dead'
                         else 'queued' end as becomes
             from jobs where id = $1 and attempt = $2 and state = 'running' for no key update)
         update jobs set
             state = becomes,
             progress = coalesce($4, progress),
             failure = case becomes when 'succeeded' then null
                                    when 'dead' then $5
                                    when 'queued' then coalesce($6, failure)
                                    else failure end,
             crash_count = crash_count + $7,
             fault_count = fault_count + $8,
             failing_since = case when $8 > 0 then coalesce(failing_since, now()) else failing_since end,
             run_at = case becomes when 'queued'
                      then now() + random() * least(
                               $12::interval, $9::interval * power(2, least(fault_count, 20) * $8))
                      else run_at end,
             finished_at = case when becomes <> 'queued' then now() end,
             updated_at = now(), lease_until = null, worker = null, stage = null
         from held where id = held_id
         returning",
        "",
        claim.id,
        claim.attempt,
        values.state.as_str(),
        values.progress.map(|progress| serde_json::to_value(progress).expect("progress is numbers")),
        values.failure_if_dead.map(stored),
        values.failure_while_queued.map(stored),
        values.crash_count,
        values.fault_count,
        values.backoff as _,
        MAX_CRASHES,
        MAX_FAULT_DURATION as _,
        LONGEST_WAIT as _,
    )
    .fetch_optional(&mut **tx)
    .await?;
    match row {
        Some(row) => row.announce(tx).await.map(|_| true),
        None => Ok(false),
    }
}

fn stored(failure: Failure) -> Value {
    serde_json::to_value(failure).expect("strings")
}
