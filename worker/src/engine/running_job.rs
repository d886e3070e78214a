//! One running job: what its handler asks of the engine, and the heartbeat of its lease.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use self_shared::database::UserTx;
use self_shared::database::jobs::completion::{self, Completion};
use self_shared::database::jobs::lease::{self, Claim, LeaseStatus};
use self_shared::domain::UserId;
use self_shared::domain::job::{JobError, JobSnapshot};
use self_shared::domain::progress::{Progress, Stage};
use self_shared::events::{Event, JobProgress};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::EngineContext;

/// How often the progress is compared with what was published.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// Progress within a stage is written and published at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// A claimed job, while it runs.
#[derive(Debug)]
pub struct RunningJob {
    pub claim: Claim,
    engine: EngineContext,
    state: Mutex<State>,
    held: watch::Sender<LeaseStatus>,
    /// Whether the success is being committed. From then on nothing stops the job: when the heartbeat no
    /// longer finds the lease, the reason is the success.
    is_ending: AtomicBool,
    draining: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
struct State {
    stage: Stage,
    progress: Progress,
    changes: u64,
}

impl RunningJob {
    pub(super) fn new(claim: Claim, engine: EngineContext, draining: CancellationToken) -> Self {
        let state = State { stage: Stage::Fetch, progress: claim.snapshot.progress, changes: 0 };
        Self {
            claim,
            engine,
            state: Mutex::new(state),
            held: watch::Sender::new(LeaseStatus::Held),
            is_ending: AtomicBool::new(false),
            draining,
        }
    }

    /// The person of the job. A job of the system has none, and a job about a person's data always has one.
    pub fn user(&self) -> Result<UserId, JobError> {
        self.claim
            .user
            .ok_or_else(|| JobError::Retry(anyhow::anyhow!("a job about a person's things names nobody")))
    }

    /// Reports the progress of the job. It is cheap: writing and publishing are coalesced. `percent` never
    /// decreases, even when another attempt repeats work.
    pub fn report(&self, stage: Stage, progress: Progress) {
        let mut state = self.lock();
        let percent = progress.percent.max(state.progress.percent);
        state.stage = stage;
        state.progress = Progress { percent, ..progress };
        state.changes += 1;
    }

    /// The progress that was reported last.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.lock().progress
    }

    /// Begins a transaction that writes results. It succeeds only while this worker owns the job and nobody
    /// asked to cancel it. It writes the reported progress, and its lock on the job's row prevents any
    /// other claim until the transaction ends.
    pub async fn begin(&self) -> Result<UserTx, JobError> {
        let State { stage, progress, .. } = *self.lock();
        let mut tx = self.engine.database.as_user(self.user()?).await?;
        let held = lease::checkpoint(&mut tx, &self.claim, stage, &progress).await?;
        match held {
            LeaseStatus::Held => Ok(tx),
            LeaseStatus::CancelRequested => Err(JobError::Cancelled),
            LeaseStatus::Lost => Err(JobError::LeaseLost),
        }
    }

    /// Commits results with the job's success in the same transaction.
    ///
    /// # Errors
    /// [`JobError::LeaseLost`], or the error of the database. After a failed commit it is unknown whether
    /// it took effect; the next attempt finds out.
    pub async fn succeed(&self, mut tx: UserTx) -> Result<(), JobError> {
        let done = Completion::Succeeded(Progress { percent: 100.0, eta_ms: None, ..self.progress() });
        if !completion::complete(&mut tx, &self.claim, &done).await? {
            return Err(JobError::LeaseLost);
        }
        self.is_ending.store(true, Ordering::Relaxed);
        tx.commit().await?;
        Ok(())
    }

    /// Completes a job that has no results to commit, such as a job of the system.
    pub async fn succeed_without_results(&self) -> Result<(), JobError> {
        let done = Completion::Succeeded(Progress { percent: 100.0, ..self.progress() });
        let mut tx = self.engine.database.as_system().await?;
        if !completion::complete(&mut tx, &self.claim, &done).await? {
            return Err(JobError::LeaseLost);
        }
        self.is_ending.store(true, Ordering::Relaxed);
        tx.commit().await?;
        Ok(())
    }

    /// Resolves when the job has to stop: somebody cancelled it, the lease is lost, or the worker is
    /// stopping.
    pub(super) async fn wait_for_stop(&self) -> JobError {
        let mut held = self.held.subscribe();
        let reason = tokio::select! {
            () = self.draining.cancelled() => JobError::Interrupted,
            changed = held.wait_for(|held| *held != LeaseStatus::Held) => match changed.map(|held| *held) {
                Ok(LeaseStatus::CancelRequested) => JobError::Cancelled,
                _ => JobError::LeaseLost,
            },
        };
        if self.is_ending.load(Ordering::Relaxed) {
            return pending().await;
        }
        reason
    }

    /// Extends the lease and publishes the progress, until dropped. Progress is written to the row before
    /// it is published: a client that reads the job sees no less than a client that receives events.
    pub(super) async fn heartbeat(&self) -> Infallible {
        let mut tick = interval(POLL_EVERY.min(self.engine.lease / 8));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut published = *self.lock();
        let began = Instant::now();
        let mut written_at = began;
        loop {
            tick.tick().await;
            let state = *self.lock();
            // A new stage is published at once, but never before the event of the job's start.
            let stage_is_new = state.stage != published.stage && began.elapsed() >= PROGRESS_EVERY;
            let has_changed = stage_is_new
                || (state.changes != published.changes && written_at.elapsed() >= PROGRESS_EVERY);
            if !has_changed && written_at.elapsed() < self.engine.lease / 4 {
                continue;
            }
            match self.extend(&state).await {
                Ok(held) => {
                    written_at = Instant::now();
                    if has_changed && held != LeaseStatus::Lost {
                        published = state;
                        self.publish_progress(&state).await;
                    }
                    self.held.send_replace(held);
                }
                Err(error) => {
                    tracing::warn!(job = %self.claim.id, %error, "a lease could not be extended");
                    sleep(PROGRESS_EVERY.min(self.engine.lease / 8)).await;
                }
            }
        }
    }

    async fn extend(&self, state: &State) -> sqlx::Result<LeaseStatus> {
        let mut tx = self.engine.database.as_system().await?;
        let lease = self.engine.lease;
        let held = lease::extend(&mut tx, &self.claim, lease, state.stage, &state.progress).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn publish_progress(&self, state: &State) {
        let Some(user_id) = self.claim.user else { return };
        let job =
            JobSnapshot { stage: Some(state.stage), progress: state.progress, ..self.claim.snapshot.clone() };
        self.engine.bus.publish_volatile(&Event::volatile(user_id, &JobProgress(job), Utc::now())).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
