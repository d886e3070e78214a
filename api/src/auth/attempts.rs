//! Limits on failed logins.
//!
//! All API nodes count together, in Redis. Each node also counts for itself, so that guessing is still
//! limited while Redis is away or after it was emptied.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self_shared::redis::buckets::Buckets;
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// Failures for one account from one address: ten, then one every half minute.
const ACCOUNT: Allowance = Allowance { burst: 10.0, every: Duration::from_secs(30) };
/// Failures from one address for any account. The limit is higher, so that one forgetful person does not
/// lock out others behind the same address.
const ADDRESS: Allowance = Allowance { burst: 100.0, every: Duration::from_secs(3) };
/// Above this number of entries, expired ones are removed.
const REMEMBERED: usize = 20_000;

#[derive(Clone, Copy)]
struct Allowance {
    burst: f64,
    every: Duration,
}

/// Counts failed logins. Successful logins are not counted and never limited.
///
/// Failures of an account are counted per address, so that a stranger who guesses does not lock out its
/// owner.
#[derive(Clone, Default)]
pub struct Attempts {
    /// The counts of all nodes.
    shared: Option<Buckets>,
    /// The counts of this node.
    own: Arc<Mutex<HashMap<String, Failures>>>,
}

/// The failures that still count, at a time.
#[derive(Clone, Copy)]
struct Failures {
    count: f64,
    at: Instant,
    every: Duration,
}

impl Attempts {
    /// Counts together with all nodes that use the same buckets.
    pub(super) fn shared(buckets: Buckets) -> Self {
        Self { shared: Some(buckets), own: Arc::default() }
    }

    /// Checks whether another attempt is allowed.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`], with the time to wait.
    pub async fn check(&self, from: Option<IpAddr>, account: &str, now: Instant) -> Result<(), Problem> {
        let mut wait = Duration::ZERO;
        for (bucket, allowance) in buckets(from, account) {
            let shared = match &self.shared {
                Some(shared) => shared.level(&bucket, allowance.every).await,
                None => None,
            };
            let level = self.level(&bucket, now).max(shared.unwrap_or(0.0));
            wait = wait.max(allowance.every.mul_f64((level - allowance.burst + 1.0).max(0.0)));
        }
        if wait.is_zero() {
            return Ok(());
        }
        Err(Problem::new(Code::TooManyAttempts, "wait before you try again").retry_after(wait.as_secs() + 1))
    }

    /// Counts a failure.
    pub async fn failed(&self, from: Option<IpAddr>, account: &str, now: Instant) {
        for (bucket, Allowance { every, .. }) in buckets(from, account) {
            if let Some(shared) = &self.shared {
                shared.add(&bucket, every).await;
            }
            let count = self.level(&bucket, now) + 1.0;
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            if own.len() > REMEMBERED {
                own.retain(|_, failures| failures.left(now) > 0.0);
            }
            own.insert(bucket, Failures { count, at: now, every });
        }
    }

    fn level(&self, bucket: &str, now: Instant) -> f64 {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.get(bucket).map_or(0.0, |failures| failures.left(now))
    }
}

impl Failures {
    fn left(self, now: Instant) -> f64 {
        let forgiven = now.saturating_duration_since(self.at).as_secs_f64() / self.every.as_secs_f64();
        (self.count - forgiven).max(0.0)
    }
}

/// The buckets in which a failure is counted. Names are hashed, so that Redis holds no e-mail addresses.
fn buckets(from: Option<IpAddr>, account: &str) -> [(String, Allowance); 2] {
    let from = from.map_or_else(|| "unknown".to_owned(), |from| from.to_string());
    let name = |kind: &str, of: &str| format!("{kind}:{}", hex::encode(&Sha256::digest(of)[..16]));
    let account = format!("{from} {}", account.to_lowercase());
    [(name("account", &account), ACCOUNT), (name("address", &from), ADDRESS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ten_failures_are_free_and_then_time_buys_more() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..10 {
            attempts.check(None, "ada@example.org", start).await.unwrap();
            attempts.failed(None, "ada@example.org", start).await;
        }
        let refused = attempts.check(None, "Ada@Example.org", start).await.unwrap_err();
        assert_eq!(refused.code(), Code::TooManyAttempts);
        assert!(attempts.check(None, "bob@example.org", start).await.is_ok());
        let later = start + Duration::from_secs(31);
        assert!(attempts.check(None, "ada@example.org", later).await.is_ok());
    }

    #[tokio::test]
    async fn a_stranger_who_guesses_does_not_lock_the_owner_out() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let stranger = Some(IpAddr::from([203, 0, 113, 1]));
        for _ in 0..50 {
            attempts.failed(stranger, "ada@example.org", now).await;
        }
        assert!(attempts.check(stranger, "ada@example.org", now).await.is_err());
        assert!(attempts.check(Some(IpAddr::from([192, 0, 2, 7])), "ada@example.org", now).await.is_ok());
    }
}
