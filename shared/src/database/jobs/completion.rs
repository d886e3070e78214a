//! How a claim ends.
//!
//! All endings are one statement. It checks that the job is still the claim's own, and announces
//! what became of it; the endings differ in its values only.

use std::time::Duration;

use serde_json::Value;

use super::lease::Claim;
use super::snapshot::{JobRow, columns};
use crate::database::Tx;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::job::JobState;
use crate::domain::progress::Progress;

/// How long faults around a job may last before it is given up: longer than any outage that an
/// operator sleeps through.
const PATIENCE: Duration = Duration::from_hours(30);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Workers that may die at one job before it is taken for the cause.
pub(super) const STRIKES: i32 = 3;

/// Why a job is dead that used up its strikes.
pub(super) fn worker_died() -> Failure {
    Failure::new(
        FailureCode::WorkerDied,
        "Working on this stopped the program several times, so it is not tried again.",
    )
}

/// How a claim ends. Where the job would be queued again and somebody asked for it to stop, it is
/// cancelled instead.
#[derive(Clone, Debug)]
pub enum Completion {
    /// It is done: to be written last in the transaction of its results.
    Succeeded(Progress),
    /// It is over for good: the input can never work.
    Failed(Failure),
    /// Somebody asked for it to stop, and it did. What was saved until then stays.
    Cancelled,
    /// Something around it is broken: back to the queue. Waits from nothing up to twice as long as
    /// the last time (exponential with full jitter), at most ten minutes; the job dies only if it
    /// got nowhere for 30 hours. Costs no strike: an outage is nobody's fault. The failure says what
    /// is broken, where that is known.
    Retried(Option<Failure>),
    /// The worker stops: back to the queue at once and without a strike.
    HandedBack,
    /// The work came to a bad end inside the program: a strike, as if it had ended the whole worker.
    Crashed,
}

/// What makes one ending differ from another.
struct Values {
    /// Where the job goes, unless it is queued and something speaks against that.
    state: JobState,
    progress: Option<Progress>,
    /// What is said if it is dead.
    dead_of: Option<Failure>,
    /// What is said while it waits; what was said before, when none.
    waits_for: Option<Failure>,
    strikes: i32,
    faults: i32,
    /// The longest that it may wait in the queue, before faults in a row prolong that.
    wait: Duration,
}

impl Values {
    const fn new(state: JobState) -> Self {
        let wait = Duration::ZERO;
        Self { state, progress: None, dead_of: None, waits_for: None, strikes: 0, faults: 0, wait }
    }

    fn of(outcome: &Completion) -> Self {
        match outcome {
            Completion::Succeeded(progress) => {
                Self { progress: Some(*progress), ..Self::new(JobState::Succeeded) }
            }
            Completion::Failed(failure) => {
                Self { dead_of: Some(failure.clone()), ..Self::new(JobState::Dead) }
            }
            Completion::Cancelled => Self::new(JobState::Cancelled),
            Completion::Retried(broken) => Self {
                dead_of: Some(Failure::new(
                    FailureCode::GaveUp,
                    "Something that this needs has not worked for more than a day. Try again, or ask who runs this server.",
                )),
                waits_for: Some(broken.clone().unwrap_or_else(|| {
                    Failure::new(
                        FailureCode::TemporaryFault,
                        "Something that this needs does not work at the moment. It is tried again by itself.",
                    )
                })),
                faults: 1,
                wait: Duration::from_secs(2),
                ..Self::new(JobState::Queued)
            },
            Completion::HandedBack => Self::new(JobState::Queued),
            Completion::Crashed => Self {
                dead_of: Some(worker_died()),
                strikes: 1,
                wait: Duration::from_secs(5),
                ..Self::new(JobState::Queued)
            },
        }
    }
}

/// Ends a claim. `false`: the lease was lost, and nothing is written; roll back what was.
pub async fn complete(tx: &mut impl Tx, claim: &Claim, outcome: &Completion) -> sqlx::Result<bool> {
    let values = Values::of(outcome);
    let row: Option<JobRow> = sqlx::query_as(concat!(
        "with held as (
             select id as held_id,
                    case when $3 <> 'queued' then $3
                         when cancel_requested_at is not null then 'cancelled'
                         when $7 > 0 and strikes + $7 >= $10 then 'dead'
                         when $8 > 0 and faulty_since < now() - $11::interval then 'dead'
                         else 'queued' end as becomes
             from jobs where id = $1 and attempt = $2 and state = 'running' for no key update)
         update jobs set
             state = becomes,
             progress = coalesce($4, progress),
             failure = case becomes when 'succeeded' then null
                                    when 'dead' then $5
                                    when 'queued' then coalesce($6, failure)
                                    else failure end,
             strikes = strikes + $7,
             retries = retries + $8,
             faulty_since = case when $8 > 0 then coalesce(faulty_since, now()) else faulty_since end,
             run_at = case becomes when 'queued'
                      then now() + random() * least($12::interval, $9::interval * power(2, least(retries, 20) * $8))
                      else run_at end,
             finished_at = case when becomes <> 'queued' then now() end,
             updated_at = now(), lease_until = null, worker = null, stage = null
         from held where id = held_id
         returning ",
        columns!()
    ))
    .bind(claim.id)
    .bind(claim.attempt)
    .bind(values.state.as_str())
    .bind(values.progress.map(|progress| serde_json::to_value(progress).expect("progress is numbers")))
    .bind(values.dead_of.map(stored))
    .bind(values.waits_for.map(stored))
    .bind(values.strikes)
    .bind(values.faults)
    .bind(values.wait)
    .bind(STRIKES)
    .bind(PATIENCE)
    .bind(LONGEST_WAIT)
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
