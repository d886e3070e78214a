//! A cache of answers that take a moment to compute.
//!
//! An answer is stored with the version of the data that it was computed from. It is used only by a reader
//! who has read the same version from PostgreSQL. So an answer from before a committed write is never used
//! after it. (Deleting the answer after the commit would not ensure that: the answer is outdated between the
//! commit and the deletion; it stays outdated if the writer dies in between; and a reader who began before
//! the commit can store it again after the deletion.) So it does not matter whether an answer is in the
//! cache.

use std::time::Duration;

use redis::AsyncCommands;
use uuid::Uuid;

use super::BestEffortRedis;
use crate::domain::UserId;

/// How long an answer is kept.
const LIFE: Duration = Duration::from_mins(10);
/// Larger answers are not stored, in bytes.
const LARGEST: usize = 256 * 1024;

/// The cache. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    redis: BestEffortRedis,
    namespace: String,
}

impl Cache {
    /// Prepares a connection, which is made at the first use. To be called inside the runtime.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: BestEffortRedis::connect(url)?, namespace: namespace.to_owned() })
    }

    /// Reads the answer about `id` for this version of the person's data; `None` if there is none, or if
    /// Redis does not answer.
    pub async fn get(&self, what: &'static str, user: UserId, id: Uuid, version: i64) -> Option<String> {
        let key = self.key(what, user, id);
        let kept: Option<Option<String>> = self.redis.run(async |mut redis| redis.get(key).await).await;
        let outcome = match &kept {
            None => "failed",
            Some(kept) if kept.as_deref().and_then(|kept| of(version, kept)).is_some() => "hit",
            Some(_) => "miss",
        };
        metrics::counter!("self_cache_requests_total", "what" => what, "outcome" => outcome).increment(1);
        kept.flatten().and_then(|kept| of(version, &kept).map(str::to_owned))
    }

    /// Stores an answer, in place of an earlier one about the same `id`. `version` has to be read before the
    /// data from which the answer is computed, in the same transaction or an earlier one.
    pub async fn put(&self, what: &'static str, user: UserId, id: Uuid, version: i64, answer: &str) {
        if answer.len() > LARGEST {
            return;
        }
        let (key, kept) = (self.key(what, user, id), format!("{version}\n{answer}"));
        self.redis.run(async |mut redis| redis.set_ex::<_, _, ()>(key, kept, LIFE.as_secs()).await).await;
    }

    fn key(&self, what: &str, user: UserId, id: Uuid) -> String {
        format!("{}:cache:{what}:{user}:{id}", self.namespace)
    }
}

fn of(version: i64, kept: &str) -> Option<&str> {
    kept.strip_prefix(&version.to_string())?.strip_prefix('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_its_own_version_only() {
        assert_eq!(of(12, "12\n{}"), Some("{}"));
        for kept in ["1\n{}", "123\n{}", "12", "", "{}"] {
            assert_eq!(of(12, kept), None, "{kept}");
        }
    }
}
