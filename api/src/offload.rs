//! Work of requests that needs a core for long: reading and writing of long texts.
//!
//! It runs apart from the threads that serve requests, at most as much at a time as there are cores. Further
//! work waits. It has no database transaction: PostgreSQL ends a transaction that is idle for long, and a
//! few of them would take all connections.

use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::problem::Problem;

/// Work on fewer bytes takes a few milliseconds, and is done at once.
const SHORT: usize = 64 * 1024;

static CORES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores))
});

/// Does work on so many bytes of text. If the client leaves, work that waits is never begun.
pub(crate) async fn offload<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if bytes < SHORT {
        return Ok(work());
    }
    let core = CORES.clone().acquire_owned().await.map_err(Problem::internal)?;
    // The thread owns the permit: if the client leaves, work that was begun still counts.
    let work = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(core);
        done
    });
    AbortOnDropHandle::new(work).await.map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn short_work_waits_for_nobody_and_long_work_for_a_core() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let begun = Arc::new(AtomicUsize::new(0));
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(std::sync::Mutex::new(released));
        let long = || {
            let (begun, released) = (Arc::clone(&begun), Arc::clone(&released));
            tokio::spawn(offload(SHORT, move || {
                begun.fetch_add(1, Ordering::SeqCst);
                let _ = released.lock().map(|released| released.recv());
                begun.load(Ordering::SeqCst)
            }))
        };
        let mut running: Vec<_> = (0..=cores).map(|_| long()).collect();
        assert_eq!(offload(SHORT - 1, || 7).await.unwrap(), 7);
        // The first one to end has never seen more than there are cores.
        release.send(()).unwrap();
        let (seen, _, rest) = futures_util::future::select_all(running.drain(..)).await;
        assert!(seen.unwrap().unwrap() <= cores);
        for waiting in &rest {
            waiting.abort();
        }
        drop(release);
    }
}
