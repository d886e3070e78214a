//! Answers that would take a moment to work out again.
//!
//! An answer is kept with the version of all that it was worked out from, and counts only for whoever
//! has read the same version in Postgres: that is what makes it impossible to serve what a committed
//! write has changed. (Removing it from here after the commit would not: between the commit and the
//! removal it is wrong, a write that dies in between leaves it wrong, and a reader who began before
//! the commit can put it back after the removal.) So nothing depends on what is kept here, or not.

use std::time::Duration;

use redis::AsyncCommands;
use uuid::Uuid;

use super::BestEffortRedis;
use crate::domain::UserId;

/// How long an answer is kept that nobody replaces.
const LIFE: Duration = Duration::from_mins(10);
/// Larger ones are not kept.
const LARGEST: usize = 256 * 1024;

/// The kept answers. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    redis: BestEffortRedis,
    namespace: String,
}

impl Cache {
    /// A cache that has not been asked yet. To be called inside the runtime.
    ///
    /// # Errors
    /// When the address itself makes no sense.
    pub fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        Ok(Self { redis: BestEffortRedis::connect(url)?, namespace: namespace.to_owned() })
    }

    /// The answer about `id` that was worked out from this version of what the person has; none when
    /// there is none, or Redis does not say.
    pub async fn get(&self, what: &'static str, user: UserId, id: Uuid, version: i64) -> Option<String> {
        let key = self.key(what, user, id);
        let kept: Option<Option<String>> = self.redis.ask(async |mut redis| redis.get(key).await).await;
        let outcome = match &kept {
            None => "failed",
            Some(kept) if kept.as_deref().and_then(|kept| of(version, kept)).is_some() => "hit",
            Some(_) => "miss",
        };
        metrics::counter!("self_cache_total", "what" => what, "outcome" => outcome).increment(1);
        kept.flatten().and_then(|kept| of(version, &kept).map(str::to_owned))
    }

    /// Keeps an answer, in the place of any other about the same. `version` is to be read before what it
    /// is worked out from, in the same transaction or an earlier one.
    pub async fn put(&self, what: &'static str, user: UserId, id: Uuid, version: i64, answer: &str) {
        if answer.len() > LARGEST {
            return;
        }
        let (key, kept) = (self.key(what, user, id), format!("{version}\n{answer}"));
        self.redis.ask(async |mut redis| redis.set_ex::<_, _, ()>(key, kept, LIFE.as_secs()).await).await;
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
