//! Redis rings: a message on an apalis queue is a doorbell for a job row, and nothing more.
//!
//! A ring says "there is work in this lane". Whichever worker has room takes it and claims the next
//! job of the lane in Postgres, where priority and fairness are decided; the job that the ring
//! names is there for whoever follows a trace. Losing every ring costs seconds: workers look by
//! themselves now and then, and the reconciler rings again.
//!
//! apalis-redis 1.0.0 is used within what it can do, found by running it:
//! - more than 7,999 due entries wedge a queue for good, so a lane holds at most [`MOST`];
//! - `batch_size` above 1 stops heartbeats while the buffer holds something: it is 1 here;
//! - any error of Redis ends a worker's stream: it is started again, under a new name (a name that
//!   died is refused for a while), with back-off, and [`Bell::is_heard`] says so meanwhile;
//! - a payload that does not decode kills each worker in turn: any JSON is taken;
//! - push goes through a schedule and wakes nobody, so the queue is polled, see [`POLL`];
//! - its own poll strategies arm their next timer only if they are asked once more, and sleep on
//!   when a fetch took longer than the interval: [`Steady`] is always armed;
//! - what is done is kept for ever: swept here every minute.

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

use super::REDIS_PATIENCE;
use crate::domain::job::Lane;

/// Rings that a lane holds at most. Each wakes a worker that then works off the lane, so there is
/// no use in one ring for each of 20,000 jobs.
const MOST: usize = 512;
/// How often an idle worker looks for rings: the mean wait is half of it.
const POLL: Duration = Duration::from_millis(20);
/// Whoever rings is in the middle of an answer to somebody.
const RING_PATIENCE: Duration = Duration::from_millis(250);
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Wakes its worker at regular times.
#[derive(Debug)]
struct Steady(Interval);

impl Steady {
    fn every(period: Duration) -> Self {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Steady {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        // Only a timer that was found not to be due yet wakes the worker.
        while self.0.poll_tick(cx).is_ready() {}
        Poll::Ready(Some(()))
    }
}

/// A doorbell for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Where there is work.
    pub lane: Lane,
    /// The job that it is rung for.
    pub job: Uuid,
    /// How often that job was started before.
    pub attempt: i32,
}

/// The doorbells of all lanes. Cheap to clone.
#[derive(Clone)]
pub struct Rings {
    redis: ConnectionManager,
    namespace: String,
}

/// What a worker hears of one lane's rings.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    heard: Arc<AtomicBool>,
}

impl Bell {
    /// Whether rings of this lane arrive here at the moment. Without them jobs still start, seconds
    /// later.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Rings {
    /// Prepares a connection, which is made when first used and made again whenever it is lost. To
    /// be called inside the runtime.
    ///
    /// # Errors
    /// When the address itself makes no sense.
    pub fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: super::connect(url)?, namespace: namespace.to_owned() })
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> anyhow::Result<()> {
        let mut redis = self.redis.clone();
        timeout(REDIS_PATIENCE, redis.ping::<()>()).await??;
        Ok(())
    }

    /// Rings for a job that was just committed. A ring that fails is counted and logged and nothing
    /// else: the row is the truth.
    pub async fn ring(&self, ring: Ring) {
        let outcome = match timeout(RING_PATIENCE, self.try_ring(ring)).await {
            Ok(Ok(true)) => "rung",
            Ok(Ok(false)) => "enough",
            Ok(Err(error)) => {
                tracing::warn!(%error, lane = %ring.lane, job = %ring.job, "a ring failed");
                "failed"
            }
            Err(_) => {
                tracing::warn!(lane = %ring.lane, job = %ring.job, "a ring took too long");
                "failed"
            }
        };
        metrics::counter!("self_rings_total", "lane" => ring.lane.as_str(), "outcome" => outcome)
            .increment(1);
    }

    /// Rings for jobs that were just committed. What takes too long is left to the reconciler.
    pub(crate) async fn ring_all(&self, rings: &[Ring]) {
        let began = tokio::time::Instant::now();
        for ring in rings {
            if began.elapsed() >= RING_PATIENCE {
                tracing::debug!(jobs = rings.len(), "some jobs are not rung for");
                return;
            }
            self.ring(*ring).await;
        }
    }

    /// `false`: the lane rings enough already.
    async fn try_ring(&self, ring: Ring) -> anyhow::Result<bool> {
        let config = self.config(ring.lane);
        let mut redis = self.redis.clone();
        let (due, active): (usize, usize) = redis::pipe()
            .zcard(config.scheduled_jobs_set())
            .llen(config.active_jobs_list())
            .query_async(&mut redis)
            .await?;
        if due + active >= MOST {
            return Ok(false);
        }
        let mut queue = RedisStorage::<Value>::new(redis).with_config(config);
        queue.push(serde_json::to_value(ring)?).await?;
        Ok(true)
    }

    /// Listens to a lane until stopped. `answer` is called for each ring and returns at once.
    ///
    /// While `room` is false nothing is taken, so that rings reach a worker that has some.
    pub async fn listen(
        &self,
        lane: Lane,
        bell: Bell,
        room: watch::Receiver<bool>,
        answer: impl Fn(Option<Ring>) + Clone + Send + Sync + 'static,
        stop: CancellationToken,
    ) {
        let mut pause = Duration::from_millis(100);
        while !stop.is_cancelled() {
            let began = tokio::time::Instant::now();
            if let Err(error) = self.listen_once(lane, &bell, room.clone(), answer.clone(), &stop).await {
                tracing::warn!(%lane, %error, "rings are not heard; will listen again");
            }
            bell.heard.store(false, Ordering::Relaxed);
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
        bell: &Bell,
        mut room: watch::Receiver<bool>,
        answer: impl Fn(Option<Ring>) + Clone + Send + Sync + 'static,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let config = self.config(lane);
        let name = format!("{lane}-{}", Uuid::now_v7());
        let context = WorkerContext::new(&name);
        let queue = RedisStorage::<Value>::new(self.redis.clone()).with_config(config.clone());
        let heard = Arc::clone(&bell.heard);
        let worker = WorkerBuilder::new(context.clone())
            .backend(queue.poll_with_strategy(Steady::every(POLL)))
            .build(move |ring: Value| {
                heard.store(true, Ordering::Relaxed);
                answer(serde_json::from_value(ring).ok());
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
                    let _ = timeout(REDIS_PATIENCE, &mut running).await;
                    let forget = redis::cmd("DEL").arg(config.worker_metadata_key(&context)).to_owned();
                    forget.query_async::<()>(&mut self.redis.clone()).await?;
                    return Ok(());
                }
                _ = sweep.tick() => {
                    // The first tick comes at once: what answers here also answers the queue.
                    self.sweep(&config, &context).await?;
                    bell.heard.store(true, Ordering::Relaxed);
                }
                changed = room.changed() => changed?,
            }
            // Refused while it is already so, or has not begun; then the next change brings it.
            let _ = if *room.borrow_and_update() { context.resume() } else { context.pause() };
        }
    }

    /// Removes what is done, in the queue's own bookkeeping, and lets the worker's card expire if
    /// nobody is left to remove it.
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
            .queue(format!("{}:rings:{lane}", self.namespace))
            .batch_size(1)
            .heartbeat_interval(Duration::from_secs(10))
            .missed_heartbeats(6)
            .lock_tasks(false)
            .emit_events(false)
    }
}
