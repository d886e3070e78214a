//! The executor of a lane: claims the next job whenever a slot is free, runs it, and writes its completion.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use self_shared::database::jobs::completion::{self, Completion};
use self_shared::database::jobs::lease::{self, Claim};
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{Job, JobError, Lane};
use self_shared::wake_ups::{ListenerHealth, WakeUp};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::{EngineContext, RunningJob, Slots};

/// How often a lane looks for jobs in the database without a wake-up.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// The delay before the next attempt to write a completion that could not be written.
const PAUSE: Duration = Duration::from_secs(1);

/// The handlers of jobs. `Ok` means that the job's results and its success are committed.
pub trait JobHandler: Send + Sync + 'static {
    /// Runs one job.
    fn run(&self, running_job: &RunningJob, job: &Job) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Runs the jobs of one lane.
pub struct LaneExecutor<J> {
    lane: Lane,
    engine: EngineContext,
    handler: Arc<J>,
    slots: Slots,
    listener_health: ListenerHealth,
    wake: Arc<Notify>,
    draining: CancellationToken,
    running: TaskTracker,
}

impl<J> Clone for LaneExecutor<J> {
    fn clone(&self) -> Self {
        Self {
            lane: self.lane,
            engine: self.engine.clone(),
            handler: Arc::clone(&self.handler),
            slots: self.slots.clone(),
            listener_health: self.listener_health.clone(),
            wake: Arc::clone(&self.wake),
            draining: self.draining.clone(),
            running: self.running.clone(),
        }
    }
}

impl<J: JobHandler> LaneExecutor<J> {
    /// An executor that does nothing yet. `draining` makes it stop claiming and interrupts the jobs that
    /// run; `running` counts the jobs that have not ended.
    pub fn new(
        lane: Lane,
        concurrency: usize,
        engine: EngineContext,
        handler: Arc<J>,
        draining: CancellationToken,
        running: TaskTracker,
    ) -> Self {
        Self {
            lane,
            engine,
            handler,
            slots: Slots::new(concurrency),
            listener_health: ListenerHealth::default(),
            wake: Arc::default(),
            draining,
            running,
        }
    }

    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Changes how many jobs run at once.
    pub fn resize(&self, concurrency: usize) {
        self.slots.resize(concurrency);
        self.wake.notify_one();
    }

    /// How many jobs run.
    pub fn slots_used(&self) -> usize {
        self.slots.taken()
    }

    /// Whether the lane receives wake-ups.
    pub fn listener_health(&self) -> &ListenerHealth {
        &self.listener_health
    }

    /// Claims and runs jobs until draining.
    pub async fn serve(&self) {
        let listen = self.engine.wake_ups.listen(
            self.lane,
            self.listener_health.clone(),
            self.slots.availability(),
            self.answer(),
            self.draining.clone(),
        );
        tokio::join!(listen, self.work());
    }

    /// The handler of wake-ups. A wake-up that arrives while no slot is free is sent again, for another
    /// worker.
    fn answer(&self) -> impl Fn(Option<WakeUp>) + Clone + Send + Sync + 'static {
        let (wake, available, wake_ups) =
            (Arc::clone(&self.wake), self.slots.availability(), self.engine.wake_ups.clone());
        move |wake_up| {
            if *available.borrow() {
                wake.notify_one();
            } else if let Some(wake_up) = wake_up {
                let wake_ups = wake_ups.clone();
                tokio::spawn(async move { wake_ups.notify(wake_up).await });
            }
        }
    }

    async fn work(&self) {
        let mut poll = interval(POLL_EVERY);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.draining.cancelled() => return,
                () = self.wake.notified() => {}
                _ = poll.tick() => {}
            }
            if let Err(error) = self.fill().await {
                tracing::warn!(lane = %self.lane, %error, "no job could be claimed");
                self.draining.run_until_cancelled(sleep(PAUSE)).await;
            }
        }
    }

    /// Claims jobs while slots are free and jobs wait.
    async fn fill(&self) -> sqlx::Result<()> {
        while !self.draining.is_cancelled() && self.slots.has_free_slot() {
            let Some(claim) = self.claim().await? else { break };
            let slot = self.slots.take();
            let executor = self.clone();
            self.running.spawn(async move {
                executor.run(claim).await;
                drop(slot);
                executor.wake.notify_one();
            });
        }
        Ok(())
    }

    async fn claim(&self) -> sqlx::Result<Option<Claim>> {
        let mut tx = self.engine.database.as_system().await?;
        let claim = lease::claim(&mut tx, self.lane, &self.engine.worker, self.engine.lease).await?;
        if claim.is_some() {
            tx.commit().await?;
        }
        Ok(claim)
    }

    /// Runs a claimed job. Its completion is written before this returns, unless the lease is lost.
    async fn run(&self, claim: Claim) {
        let span = tracing::info_span!(
            "job",
            id = %claim.id,
            kind = %claim.snapshot.kind,
            attempt = claim.attempt,
            traceparent = claim.traceparent,
        );
        let kind = claim.snapshot.kind.as_str();
        let waited = claim.snapshot.started_at.unwrap_or(claim.snapshot.run_at) - claim.snapshot.run_at;
        let waited = waited.to_std().unwrap_or_default();
        metrics::histogram!("self_job_wait_seconds", "kind" => kind).record(waited.as_secs_f64());
        let began = Instant::now();
        let running_job = RunningJob::new(claim, self.engine.clone(), self.draining.clone());
        let outcome = async {
            tokio::select! {
                outcome = self.attempt(&running_job) => outcome,
                never = running_job.heartbeat() => match never {},
            }
        }
        .instrument(span)
        .await;
        metrics::counter!("self_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
        metrics::histogram!("self_job_duration_seconds", "kind" => kind)
            .record(began.elapsed().as_secs_f64());
    }

    /// Runs one attempt and writes its completion; returns the name of the completion.
    async fn attempt(&self, running_job: &RunningJob) -> &'static str {
        let result = match &running_job.claim.job {
            Err(error) => {
                tracing::error!(error, "a stored job cannot be read");
                Ok(Err(JobError::Fail(unreadable())))
            }
            Ok(job) => {
                let work = AssertUnwindSafe(self.handler.run(running_job, job)).catch_unwind();
                tokio::select! {
                    outcome = work => outcome,
                    // The handler can be dropped at any point: its results are in transactions.
                    stopped = running_job.wait_for_stop() => Ok(Err(stopped)),
                }
            }
        };
        let Ok(result) = result else {
            tracing::error!("a job panicked, which counts as a crash");
            self.write(running_job, &Completion::Crashed).await;
            return "crashed";
        };
        match result {
            Ok(()) => {
                tracing::info!("succeeded");
                "succeeded"
            }
            Err(JobError::LeaseLost) => {
                tracing::warn!("the lease was lost; the results of this worker are discarded");
                "lease_lost"
            }
            Err(JobError::Interrupted) => {
                self.write(running_job, &Completion::HandedBack).await;
                tracing::info!("handed back");
                "interrupted"
            }
            Err(JobError::Cancelled) => {
                self.write(running_job, &Completion::Cancelled).await;
                tracing::info!("cancelled");
                "cancelled"
            }
            Err(JobError::Fail(failure)) => {
                tracing::info!(%failure, "failed, and will not be tried again");
                self.write(running_job, &Completion::Failed(failure)).await;
                "failed"
            }
            Err(JobError::Retry(error)) => {
                tracing::warn!(error = format!("{error:#}"), "will be tried again");
                self.write(running_job, &Completion::Retried(None)).await;
                "retried"
            }
            Err(JobError::RetryWith(failure)) => {
                tracing::warn!(%failure, "will be tried again");
                self.write(running_job, &Completion::Retried(Some(failure))).await;
                "retried"
            }
        }
    }

    /// Writes a completion, with retries until the database is back. The lease is kept meanwhile; if it is
    /// lost all the same, nothing is written.
    async fn write(&self, running_job: &RunningJob, outcome: &Completion) {
        while let Err(error) = self.try_write(running_job, outcome).await {
            tracing::warn!(%error, "a completion could not be written; will try again");
            sleep(PAUSE).await;
        }
    }

    async fn try_write(&self, running_job: &RunningJob, outcome: &Completion) -> sqlx::Result<()> {
        let mut tx = self.engine.database.as_system().await?;
        let held = completion::complete(&mut tx, &running_job.claim, outcome).await?;
        tx.commit().await?;
        if !held {
            tracing::warn!("the lease was lost before the completion was written");
        }
        Ok(())
    }
}

fn unreadable() -> Failure {
    Failure::new(
        FailureCode::UnknownJob,
        "This was asked for in a way that this version does not understand.",
    )
}
