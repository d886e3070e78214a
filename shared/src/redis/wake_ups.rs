//! Wake-ups: a message on an apalis queue says that a lane has work, and nothing more.
//!
//! A worker with a free slot takes the message and claims the next job of the lane in PostgreSQL, which
//! decides priority and fairness. The job in the message is used for traces only. If all wake-ups are lost,
//! jobs start some seconds later: workers look at the table at intervals, and the reconciler sends wake-ups
//! for jobs that are overdue.
//!
//! apalis-redis 1.0.0 is used within these limits, which were found by running it:
//! - More than 7,999 due entries block a queue for ever, so a lane holds at most [`MAX_PENDING`].
//! - A `batch_size` above 1 stops heartbeats while the buffer is not empty, so it is 1 here.
//! - Any error of Redis ends a worker's stream. It is started again with back-off and under a new name,
//!   since the former name is refused for a while. [`ListenerHealth::is_listening`] is false in the
//!   meantime.
//! - A payload that cannot be decoded stops one worker after the other, so any JSON is accepted.
//! - A push goes through a schedule and notifies nobody, so the queue is polled, see [`POLL`].
//! - Its own poll strategies set their next timer only if they are polled once more, and stop when a fetch
//!   took longer than the interval. The timer of [`FixedInterval`] is always set.
//! - Finished entries are kept for ever. They are deleted here every minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use apalis::prelude::{BackendExt, PollSnapshot, PollStrategy, TaskSink, WorkerBuilder, WorkerContext};
use apalis_redis::{Config, RedisStorage};
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Script};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::REDIS_TIMEOUT;
use crate::domain::job::Lane;

/// The largest number of wake-ups in a lane. Each wakes a worker, which then works until the lane is empty:
/// 20,000 jobs do not need 20,000 wake-ups.
const MAX_PENDING: usize = 512;
/// The interval at which an idle worker looks for wake-ups. The mean wait is half of it.
const POLL: Duration = Duration::from_millis(20);
/// Short, since the client waits for the response to its request in the meantime.
const NOTIFY_TIMEOUT: Duration = Duration::from_millis(250);
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// A poll strategy that wakes its worker at a fixed interval.
#[derive(Debug)]
struct FixedInterval(Interval);

impl FixedInterval {
    fn every(period: Duration) -> Self {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for FixedInterval {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        // The timer has to be polled until it is pending; only then it wakes the worker.
        while self.0.poll_tick(cx).is_ready() {}
        Poll::Ready(Some(()))
    }
}

/// The message that a lane has work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    /// The lane.
    pub lane: Lane,
    /// The job for which it is sent.
    pub job: Uuid,
    /// How often that job was started before.
    pub attempt: i32,
}

/// The wake-ups of all lanes. Cheap to clone.
#[derive(Clone)]
pub struct WakeUps {
    redis: ConnectionManager,
    namespace: String,
}

/// Whether a worker receives the wake-ups of one lane.
#[derive(Clone, Debug, Default)]
pub struct ListenerHealth {
    listening: Arc<AtomicBool>,
}

impl ListenerHealth {
    /// Whether wake-ups of this lane are received now. Without them, jobs start some seconds later.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }
}

impl WakeUps {
    /// Prepares a connection. It is made at the first use, and again whenever it is lost. To be called
    /// inside the runtime.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: super::connect(url)?, namespace: namespace.to_owned() })
    }

    /// Checks that Redis answers.
    pub async fn probe(&self) -> anyhow::Result<()> {
        let mut redis = self.redis.clone();
        timeout(REDIS_TIMEOUT, redis.ping::<()>()).await??;
        Ok(())
    }

    /// Sends the wake-up for a job that was just committed. A failure is only counted and logged, since the
    /// job is in the table.
    pub async fn notify(&self, wake_up: WakeUp) {
        let outcome = match timeout(NOTIFY_TIMEOUT, self.try_notify(wake_up)).await {
            Ok(Ok(true)) => "sent",
            Ok(Ok(false)) => "suppressed",
            Ok(Err(error)) => {
                tracing::warn!(%error, lane = %wake_up.lane, job = %wake_up.job, "a wake-up was not sent");
                "failed"
            }
            Err(_) => {
                tracing::warn!(lane = %wake_up.lane, job = %wake_up.job, "a wake-up took too long");
                "failed"
            }
        };
        metrics::counter!("self_wake_ups_total", "lane" => wake_up.lane.as_str(), "outcome" => outcome)
            .increment(1);
    }

    /// Sends wake-ups for jobs that were just committed. If that takes too long, the rest is left to the
    /// reconciler.
    pub(crate) async fn notify_all(&self, wake_ups: &[WakeUp]) {
        let began = tokio::time::Instant::now();
        for wake_up in wake_ups {
            if began.elapsed() >= NOTIFY_TIMEOUT {
                tracing::debug!(jobs = wake_ups.len(), "some wake-ups are left to the reconciler");
                return;
            }
            self.notify(*wake_up).await;
        }
    }

    /// Returns `false` if the lane has enough wake-ups.
    async fn try_notify(&self, wake_up: WakeUp) -> anyhow::Result<bool> {
        let config = self.config(wake_up.lane);
        let mut redis = self.redis.clone();
        let (due, active): (usize, usize) = redis::pipe()
            .zcard(config.scheduled_jobs_set())
            .llen(config.active_jobs_list())
            .query_async(&mut redis)
            .await?;
        if due + active >= MAX_PENDING {
            return Ok(false);
        }
        let mut queue = RedisStorage::<Value>::new(redis).with_config(config);
        queue.push(serde_json::to_value(wake_up)?).await?;
        Ok(true)
    }

    /// Receives the wake-ups of a lane until stopped. `answer` is called for each, and has to return at
    /// once.
    ///
    /// While `has_free_slot` is false, no wake-up is taken, so that another worker with a free slot gets it.
    pub async fn listen(
        &self,
        lane: Lane,
        listener_health: ListenerHealth,
        has_free_slot: watch::Receiver<bool>,
        answer: impl Fn(Option<WakeUp>) + Clone + Send + Sync + 'static,
        stop: CancellationToken,
    ) {
        let mut pause = Duration::from_millis(100);
        while !stop.is_cancelled() {
            let began = tokio::time::Instant::now();
            if let Err(error) =
                self.listen_once(lane, &listener_health, has_free_slot.clone(), answer.clone(), &stop).await
            {
                tracing::warn!(%lane, %error, "wake-ups do not arrive; will listen again");
            }
            listener_health.listening.store(false, Ordering::Relaxed);
            if began.elapsed() > Duration::from_mins(1) {
                pause = Duration::from_millis(100);
            }
            stop.run_until_cancelled(sleep(pause)).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn listen_once(
        &self,
        lane: Lane,
        listener_health: &ListenerHealth,
        mut has_free_slot: watch::Receiver<bool>,
        answer: impl Fn(Option<WakeUp>) + Clone + Send + Sync + 'static,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let config = self.config(lane);
        let name = format!("{lane}-{}", Uuid::now_v7());
        let context = WorkerContext::new(&name);
        let queue = RedisStorage::<Value>::new(self.redis.clone()).with_config(config.clone());
        let listening = Arc::clone(&listener_health.listening);
        let worker = WorkerBuilder::new(context.clone())
            .backend(queue.poll_with_strategy(FixedInterval::every(POLL)))
            .build(move |wake_up: Value| {
                listening.store(true, Ordering::Relaxed);
                answer(serde_json::from_value(wake_up).ok());
                std::future::ready(())
            });
        let mut running = std::pin::pin!(worker.run());
        let mut sweep = interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut running => {
                    ended?;
                    anyhow::bail!("the queue's stream ended");
                }
                () = stop.cancelled() => {
                    let _ = context.stop();
                    let _ = timeout(REDIS_TIMEOUT, &mut running).await;
                    let forget = redis::cmd("DEL").arg(config.worker_metadata_key(&context)).to_owned();
                    forget.query_async::<()>(&mut self.redis.clone()).await?;
                    return Ok(());
                }
                _ = sweep.tick() => {
                    // The first tick comes at once. If Redis answers this sweep, it also answers the queue.
                    self.sweep(&config, &context).await?;
                    listener_health.listening.store(true, Ordering::Relaxed);
                }
                changed = has_free_slot.changed() => changed?,
            }
            // An error means that the queue is in this state already, or has not begun. In the second case,
            // the next change sets it.
            let _ = if *has_free_slot.borrow_and_update() { context.resume() } else { context.pause() };
        }
    }

    /// Deletes finished entries from the queue, and lets the worker's registration expire if the worker is
    /// killed.
    async fn sweep(&self, config: &Config, context: &WorkerContext) -> anyhow::Result<()> {
        const DONE: &str = "
            local swept = 0
            for _, done in ipairs({KEYS[1], KEYS[2]}) do
                local ids = redis.call('SPOP', done, 2000)
                for _, id in ipairs(ids) do
                    redis.call('HDEL', KEYS[3], id)
                    redis.call('DEL', KEYS[4] .. ':' .. id)
                end
                swept = swept + #ids
            end
            redis.call('EXPIRE', KEYS[5], 3600)
            return swept";
        Script::new(DONE)
            .key(config.done_jobs_set())
            .key(config.dead_jobs_set())
            .key(config.job_data_hash())
            .key(config.job_meta_hash())
            .key(config.worker_metadata_key(context))
            .invoke_async::<usize>(&mut self.redis.clone())
            .await?;
        Ok(())
    }

    fn config(&self, lane: Lane) -> Config {
        Config::default()
            .queue(format!("{}:wake-ups:{lane}", self.namespace))
            .batch_size(1)
            .heartbeat_interval(Duration::from_secs(10))
            .missed_heartbeats(6)
            .lock_tasks(false)
            .emit_events(false)
    }
}
