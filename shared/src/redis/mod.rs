//! Redis rings, and helps out: it keeps what would take a moment to work out again, and counts for all
//! nodes together. It may be emptied at any moment, or be away: then rings are late, answers take
//! longer, and every node counts for itself.

pub mod buckets;
pub mod cache;
pub mod rings;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::{Instant, timeout};

const REDIS_PATIENCE: Duration = Duration::from_secs(2);
/// Whoever asks on the way is in the middle of an answer to somebody, who can be answered without.
const PATIENCE: Duration = Duration::from_millis(100);
/// So long nobody asks again after Redis did not answer.
const REST: Duration = Duration::from_secs(1);

/// Prepares a connection, which is made when first used and made again whenever it is lost. To be
/// called inside the runtime.
fn connect(url: &str) -> anyhow::Result<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(REDIS_PATIENCE))
        .set_response_timeout(Some(REDIS_PATIENCE))
        .set_number_of_retries(2)
        .set_max_delay(Duration::from_millis(500));
    Ok(Client::open(url)?.get_connection_manager_lazy(config)?)
}

/// A connection for what can be done without. Cheap to clone.
#[derive(Clone)]
struct Aside {
    redis: ConnectionManager,
    began: Instant,
    /// Milliseconds since then at which Redis may be asked again.
    rests_until: Arc<AtomicU64>,
}

impl Aside {
    fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: connect(url)?, began: Instant::now(), rests_until: Arc::default() })
    }

    /// What Redis answers; none when it does not, and for a moment after it did not.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(ConnectionManager) -> redis::RedisResult<T>,
    ) -> Option<T> {
        let now =
            |after: Duration| u64::try_from((self.began.elapsed() + after).as_millis()).unwrap_or(u64::MAX);
        if now(Duration::ZERO) < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        match timeout(PATIENCE, question(self.redis.clone())).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => tracing::debug!(%error, "redis did not help"),
            Err(_) => tracing::debug!("redis did not help in time"),
        }
        self.rests_until.store(now(REST), Ordering::Relaxed);
        None
    }
}
