//! Passwords: argon2id, with a limit on concurrent hashes and on waiting requests.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::problem::{Code, Problem};

/// OWASP's second choice: 19 MiB, two passes, one lane. About 20 ms of one core.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// How many requests may wait for a hash; further ones are refused.
const WAITING: usize = 32;

/// The hash that a password is checked against when the e-mail address is unknown, so that the answer takes
/// the usual time.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("nobody's password").expect("the parameters are within their limits"));

/// Hashes and checks passwords, on as many threads as there are cores.
#[derive(Clone, Debug)]
pub struct Passwords {
    door: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores, WAITING)
    }
}

impl Passwords {
    /// Computes at most `cores` hashes at a time, while up to `waiting` requests wait.
    #[must_use]
    pub fn new(cores: usize, waiting: usize) -> Self {
        // Computed now: otherwise the first login with an unknown address would take longer.
        LazyLock::force(&NOBODY);
        Self { door: Arc::new(Semaphore::new(cores + waiting)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// [`Code::Overloaded`].
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        self.work(move || hash(&password))
            .await?
            .map_err(|error| Problem::internal(anyhow::anyhow!("{error}")))
    }

    /// Whether a password matches a hash. Without a hash it never matches, and the check takes as long.
    ///
    /// # Errors
    /// [`Code::Overloaded`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.work(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&NOBODY);
            let matches = PasswordHash::new(hash)
                .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
            known && matches
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let overloaded =
            || Problem::new(Code::Overloaded, "many people are logging in; try again in a moment");
        let _inside = self.door.try_acquire().map_err(|_| overloaded())?;
        // The thread owns the permit: if the client disconnects, the running hash still counts.
        let core = self.cores.clone().acquire_owned().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(core);
            done
        })
        .await
        .map_err(Problem::internal)
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are within their limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> argon2::password_hash::Result<String> {
    Ok(argon2().hash_password(password.as_bytes())?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_others_are_not() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::default();
        assert!(!passwords.verify("nobody's password".to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn what_cannot_wait_in_line_is_shed() {
        let passwords = Passwords::new(1, 0);
        let busy = passwords.hash("one".to_owned());
        tokio::pin!(busy);
        assert!(futures_util::poll!(&mut busy).is_pending());
        let shed = passwords.hash("two".to_owned()).await.unwrap_err();
        assert_eq!(shed.code(), Code::Overloaded);
        assert!(busy.await.is_ok());
    }
}
