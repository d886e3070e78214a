//! Redis: wake-ups for workers, a cache, and counts that all nodes share. Its data may be lost at any
//! moment, or it may be away. Then jobs start some seconds later, answers are computed anew, and every node
//! counts for itself.

pub mod buckets;
pub mod cache;
pub mod wake_ups;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::{Instant, timeout};

const REDIS_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit for the cache and the counts: requests can be answered without them.
const TIMEOUT: Duration = Duration::from_millis(100);
/// How long Redis is not used after it did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Prepares a connection. It is made at the first use, and again whenever it is lost. To be called inside
/// the runtime.
fn connect(url: &str) -> anyhow::Result<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(REDIS_TIMEOUT))
        .set_response_timeout(Some(REDIS_TIMEOUT))
        .set_number_of_retries(2)
        .set_max_delay(Duration::from_millis(500));
    Ok(Client::open(url)?.get_connection_manager_lazy(config)?)
}

/// A connection for uses that do not depend on Redis. Cheap to clone.
#[derive(Clone)]
struct BestEffortRedis {
    redis: ConnectionManager,
    began: Instant,
    /// Milliseconds after `began` from which on Redis is used again.
    retry_at: Arc<AtomicU64>,
}

impl BestEffortRedis {
    fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: connect(url)?, began: Instant::now(), retry_at: Arc::default() })
    }

    /// Runs a command; `None` if Redis does not answer, and for a moment after it did not.
    async fn run<T>(
        &self,
        command: impl AsyncFnOnce(ConnectionManager) -> redis::RedisResult<T>,
    ) -> Option<T> {
        let now =
            |after: Duration| u64::try_from((self.began.elapsed() + after).as_millis()).unwrap_or(u64::MAX);
        if now(Duration::ZERO) < self.retry_at.load(Ordering::Relaxed) {
            return None;
        }
        match timeout(TIMEOUT, command(self.redis.clone())).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => tracing::debug!(%error, "Redis answered with an error"),
            Err(_) => tracing::debug!("Redis did not answer in time"),
        }
        self.retry_at.store(now(RETRY_AFTER), Ordering::Relaxed);
        None
    }
}
