//! Waiting for a condition. This is the only module that lets time pass.

use std::time::{Duration, Instant};

/// Long enough for anything on a busy machine.
pub const LONG: Duration = Duration::from_secs(300);

/// The time between two checks: too short to delay a test, too long to load the machine.
const BETWEEN: Duration = Duration::from_millis(15);

/// Checks until there is a result, and fails after [`LONG`].
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(LONG, what, ask).await
}

/// Checks until there is a result, and fails after this time.
pub async fn within<T>(time: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < time, "waited {time:?} in vain for: {what}");
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Checks that nothing changes for a while: `broken` returns what went wrong.
pub async fn stays(time: Duration, mut broken: impl AsyncFnMut() -> Option<String>) {
    let began = Instant::now();
    while began.elapsed() < time {
        if let Some(what) = broken().await {
            panic!("after {:?}: {what}", began.elapsed());
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
