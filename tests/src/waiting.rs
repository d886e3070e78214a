//! Waiting for something to become true. The only place that lets time pass.

use std::time::{Duration, Instant};

/// Long enough for anything on a machine that is busy with everything else.
pub const LONG: Duration = Duration::from_secs(300);

/// Between two questions: below what a test would notice, above what would load the machine.
const BETWEEN: Duration = Duration::from_millis(15);

/// Asks until there is an answer, and fails after [`LONG`].
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(LONG, what, ask).await
}

/// Asks until there is an answer, and fails when the time is over.
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

/// Sees to it that something stays as it is for a while: `broken` answers what went wrong.
pub async fn stays(time: Duration, mut broken: impl AsyncFnMut() -> Option<String>) {
    let began = Instant::now();
    while began.elapsed() < time {
        if let Some(what) = broken().await {
            panic!("after {:?}: {what}", began.elapsed());
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
