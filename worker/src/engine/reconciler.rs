//! The reconciler: a loop in every worker that corrects the table of jobs after crashes and lost wake-ups.
//! One reconciler works at a time.

use std::time::Duration;

use self_shared::database::jobs::reconciliation;
use self_shared::domain::job::Job;
use self_shared::wake_ups::WakeUp;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::EngineContext;

/// How often the reconciler runs.
const TICK: Duration = Duration::from_secs(2);
/// The most leases that expire in one run, and the most wake-ups that one run sends for each lane.
const LIMIT: i64 = 64;
/// How often it enqueues the periodic jobs that are due, and removes outdated rows.
const CLEAN_UP_EVERY: Duration = Duration::from_mins(1);

/// Runs the reconciler until it is stopped.
pub async fn run(engine: &EngineContext, stop: CancellationToken) {
    let mut tick = interval(TICK.min(engine.lease / 4));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reachability = DatabaseReachability::new(engine.lease);
    let mut last_clean_up = None;
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let reconciled =
            reconcile(engine, reachability.may_expire_leases(Instant::now()), &mut last_clean_up);
        match stop.run_until_cancelled(reconciled).await {
            Some(Ok(())) => reachability.record_success(Instant::now()),
            Some(Err(error)) => {
                tracing::warn!(%error, "reconciliation failed; will try again");
                reachability.record_failure();
            }
            None => return,
        }
    }
}

async fn reconcile(
    engine: &EngineContext,
    may_expire_leases: bool,
    last_clean_up: &mut Option<Instant>,
) -> sqlx::Result<()> {
    let mut tx = engine.database.as_system().await?;
    if !reconciliation::try_lock_reconciler(&mut tx).await? {
        return Ok(());
    }
    // Selected before leases expire: the jobs that the expiry queues again get their wake-ups from the
    // commit.
    let overdue = reconciliation::overdue(&mut tx, LIMIT).await?;
    let expired = if may_expire_leases { reconciliation::expire(&mut tx, LIMIT).await? } else { Vec::new() };
    if last_clean_up.is_none_or(|last| last.elapsed() >= CLEAN_UP_EVERY) {
        for (job, every) in Job::periodic() {
            reconciliation::enqueue_periodic(&mut tx, &job, every).await?;
        }
        reconciliation::delete_stale(&mut tx).await?;
        *last_clean_up = Some(Instant::now());
    }
    for (lane, queued, running) in reconciliation::queue_depths(&mut tx).await? {
        metrics::gauge!("self_jobs_queued", "lane" => lane.as_str()).set(queued as f64);
        metrics::gauge!("self_jobs_running", "lane" => lane.as_str()).set(running as f64);
    }
    tx.commit().await?;
    if !expired.is_empty() {
        metrics::counter!("self_leases_expired_total").increment(expired.len() as u64);
    }
    for job in overdue {
        engine.wake_ups.notify(WakeUp { lane: job.lane, job: job.id, attempt: job.attempt }).await;
    }
    Ok(())
}

/// Whether this process has reached the database for long enough to expire the leases of others.
///
/// While the database is away nobody can extend a lease, and all of them run out. The first worker that
/// reconnects would expire every lease. So no lease expires until every worker had the length of a lease to
/// send a heartbeat.
#[derive(Debug)]
struct DatabaseReachability {
    lease: Duration,
    since: Option<Instant>,
    last: Option<Instant>,
}

impl DatabaseReachability {
    fn new(lease: Duration) -> Self {
        Self { lease, since: None, last: None }
    }

    fn may_expire_leases(&self, now: Instant) -> bool {
        self.gap(now) < self.lease && self.since.is_some_and(|since| now - since >= self.lease)
    }

    fn record_success(&mut self, now: Instant) {
        if self.since.is_none() || self.gap(now) >= self.lease {
            self.since = Some(now);
        }
        self.last = Some(now);
    }

    fn record_failure(&mut self) {
        self.since = None;
    }

    /// The time since the database was last reached: the database was slow, or this process was frozen.
    fn gap(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| now - last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    /// A reconciler that has reached the database every two seconds for `seconds`.
    fn watching(start: Instant, seconds: u64) -> DatabaseReachability {
        let mut reachability = DatabaseReachability::new(LEASE);
        for second in (0..=seconds).step_by(2) {
            reachability.record_success(start + Duration::from_secs(second));
        }
        reachability
    }

    #[test]
    fn no_lease_expires_before_the_database_was_reached_for_the_length_of_a_lease() {
        let start = Instant::now();
        assert!(!watching(start, 28).may_expire_leases(start + Duration::from_secs(29)));
        assert!(watching(start, 30).may_expire_leases(start + Duration::from_secs(31)));
    }

    #[test]
    fn after_an_outage_no_lease_expires_for_the_length_of_a_lease() {
        let start = Instant::now();
        let mut reachability = watching(start, 60);
        reachability.record_failure();
        reachability.record_success(start + Duration::from_secs(62));
        assert!(!reachability.may_expire_leases(start + Duration::from_secs(64)));
    }

    #[test]
    fn a_process_that_was_frozen_expires_no_lease_when_it_continues() {
        let start = Instant::now();
        let mut reachability = watching(start, 60);
        let woken = start + Duration::from_secs(600);
        assert!(!reachability.may_expire_leases(woken));
        reachability.record_success(woken);
        assert!(!reachability.may_expire_leases(woken + Duration::from_secs(2)));
    }
}
