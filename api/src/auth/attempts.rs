//! How often somebody may be wrong.
//!
//! Each API node counts for itself: with three nodes a guesser has three times as many tries, which
//! is still none that help against argon2id.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::problem::{Code, Problem};

/// Tries at one account from one address: ten, then one every half minute.
const ACCOUNT: Allowance = Allowance { burst: 10.0, every: Duration::from_secs(30) };
/// Tries from one address at any account: a household behind one address is not shut out by one
/// forgetful member.
const ADDRESS: Allowance = Allowance { burst: 100.0, every: Duration::from_secs(3) };
/// Above this many the table is swept of those that have recovered.
const REMEMBERED: usize = 10_000;

#[derive(Clone, Copy)]
struct Allowance {
    burst: f64,
    every: Duration,
}

/// Counts failures. Only they count: nobody is slowed who knows their password.
///
/// An account is counted per address, so that a stranger who guesses does not lock its owner out.
#[derive(Clone, Default)]
pub struct Attempts {
    accounts: Arc<Mutex<HashMap<Account, Failures>>>,
    addresses: Arc<Mutex<HashMap<Option<IpAddr>, Failures>>>,
}

/// An e-mail address that somebody tries, and from where.
type Account = (Option<IpAddr>, String);

/// Failures not yet forgiven, at a moment.
#[derive(Clone, Copy)]
struct Failures {
    count: f64,
    at: Instant,
}

impl Attempts {
    /// Whether there is a try left.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`].
    pub fn check(&self, from: Option<IpAddr>, account: &str, now: Instant) -> Result<(), Problem> {
        let wait = wait(&self.accounts, &(from, account.to_lowercase()), ACCOUNT, now).max(wait(
            &self.addresses,
            &from,
            ADDRESS,
            now,
        ));
        if wait.is_zero() {
            return Ok(());
        }
        Err(Problem::new(Code::TooManyAttempts, "wait before you try again").retry_after(wait.as_secs() + 1))
    }

    /// Counts a failure.
    pub fn failed(&self, from: Option<IpAddr>, account: &str, now: Instant) {
        count(&self.accounts, (from, account.to_lowercase()), ACCOUNT, now);
        count(&self.addresses, from, ADDRESS, now);
    }
}

impl Failures {
    fn left(self, allowance: Allowance, now: Instant) -> f64 {
        let forgiven = now.saturating_duration_since(self.at).as_secs_f64() / allowance.every.as_secs_f64();
        (self.count - forgiven).max(0.0)
    }
}

fn wait<K: Eq + Hash>(
    table: &Mutex<HashMap<K, Failures>>,
    key: &K,
    allowance: Allowance,
    now: Instant,
) -> Duration {
    let table = table.lock().unwrap_or_else(PoisonError::into_inner);
    let left = table.get(key).map_or(0.0, |failures| failures.left(allowance, now));
    allowance.every.mul_f64((left - allowance.burst + 1.0).max(0.0))
}

fn count<K: Eq + Hash>(table: &Mutex<HashMap<K, Failures>>, key: K, allowance: Allowance, now: Instant) {
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    if table.len() > REMEMBERED {
        table.retain(|_, failures| failures.left(allowance, now) > 0.0);
    }
    let left = table.get(&key).map_or(0.0, |failures| failures.left(allowance, now));
    table.insert(key, Failures { count: left + 1.0, at: now });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_are_free_and_then_time_buys_more() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..10 {
            attempts.check(None, "ada@example.org", start).unwrap();
            attempts.failed(None, "ada@example.org", start);
        }
        let refused = attempts.check(None, "Ada@Example.org", start).unwrap_err();
        assert_eq!(refused.code(), Code::TooManyAttempts);
        assert!(attempts.check(None, "bob@example.org", start).is_ok());
        assert!(attempts.check(None, "ada@example.org", start + Duration::from_secs(31)).is_ok());
    }

    #[test]
    fn a_stranger_who_guesses_does_not_lock_the_owner_out() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let stranger = Some(IpAddr::from([203, 0, 113, 1]));
        for _ in 0..50 {
            attempts.failed(stranger, "ada@example.org", now);
        }
        assert!(attempts.check(stranger, "ada@example.org", now).is_err());
        assert!(attempts.check(Some(IpAddr::from([192, 0, 2, 7])), "ada@example.org", now).is_ok());
    }
}
