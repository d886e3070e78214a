//! Leaky buckets that all nodes share. A bucket empties at a steady rate, so its level shows how often
//! something happened lately.

use std::time::Duration;

use redis::Script;

use super::BestEffortRedis;

/// Adds to a bucket and returns its level. All nodes use the clock of Redis. The key expires when the bucket
/// is empty.
const ADD: &str = "
    local time = redis.call('TIME')
    local now = time[1] + time[2] / 1000000
    local every, more = tonumber(ARGV[1]), tonumber(ARGV[2])
    local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
    local left = (tonumber(kept[1]) or 0) - math.max(0, now - (tonumber(kept[2]) or now)) / every
    local level = math.max(0, left) + more
    if more > 0 then
        redis.call('HSET', KEYS[1], 'level', level, 'at', string.format('%.6f', now))
        redis.call('EXPIRE', KEYS[1], math.ceil(level * every) + 1)
    end
    return tostring(level)";

/// The buckets. Cheap to clone.
#[derive(Clone)]
pub struct Buckets {
    redis: BestEffortRedis,
    namespace: String,
}

impl Buckets {
    /// Prepares a connection, which is made at the first use. To be called inside the runtime.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: BestEffortRedis::connect(url)?, namespace: namespace.to_owned() })
    }

    /// The level of a bucket that loses one unit `every` so long; `None` if Redis does not answer.
    pub async fn level(&self, bucket: &str, every: Duration) -> Option<f64> {
        self.add_to(bucket, every, 0).await
    }

    /// Adds one unit and returns the level; `None` if Redis does not confirm it.
    pub async fn add(&self, bucket: &str, every: Duration) -> Option<f64> {
        self.add_to(bucket, every, 1).await
    }

    async fn add_to(&self, bucket: &str, every: Duration, more: u8) -> Option<f64> {
        let script = Script::new(ADD);
        let mut call = script.key(format!("{}:bucket:{bucket}", self.namespace));
        call.arg(every.as_secs_f64()).arg(more);
        self.redis.run(async |mut redis| call.invoke_async(&mut redis).await).await
    }
}
