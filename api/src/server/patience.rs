//! How slowly a body may arrive: as slowly as a bad connection, and not as slowly as an attack.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use poem::{Body, Request};
use tokio::time::{Instant, timeout_at};

/// In each period of this length …
const PERIOD: Duration = Duration::from_secs(60);
/// … at least this many bytes arrive, or the body ends. An upload may take days, if it goes on.
const LEAST: usize = 4 * 1024;

/// The body trickled.
#[derive(Debug, thiserror::Error)]
#[error("fewer than {LEAST} bytes of the body arrived within {} seconds", PERIOD.as_secs())]
struct Trickled;

/// Gives the body of a request its deadlines.
pub(super) fn impose(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    Request::from_parts(parts, Body::from_bytes_stream(impose_on(body.into_bytes_stream())))
}

fn impose_on(
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let state = (Box::pin(body), None::<Instant>, 0_usize);
    stream::unfold(state, async |(mut body, deadline, arrived)| {
        // The time counts from the first wish to read on. A handler that takes its time costs the client nothing.
        let deadline = deadline.unwrap_or_else(|| Instant::now() + PERIOD);
        match timeout_at(deadline, body.next()).await {
            Err(_) => Some((Err(io::Error::new(io::ErrorKind::TimedOut, Trickled)), (body, None, 0))),
            Ok(None) => None,
            Ok(Some(chunk)) => {
                let arrived = arrived + chunk.as_ref().map_or(0, Bytes::len);
                let next = if arrived >= LEAST { (body, None, 0) } else { (body, Some(deadline), arrived) };
                Some((chunk, next))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    /// Reads a body of chunks of a size, of which one comes in each of these times.
    async fn read(chunks: usize, size: usize, every: Duration) -> io::Result<usize> {
        let body = stream::iter(0..chunks).then(move |_| async move {
            sleep(every).await;
            Ok(Bytes::from(vec![0; size]))
        });
        let mut read = 0;
        let mut body = Box::pin(impose_on(body));
        while let Some(chunk) = body.next().await {
            read += chunk?.len();
        }
        Ok(read)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_upload_of_hours_goes_on() {
        assert_eq!(read(500, LEAST, PERIOD / 2).await.unwrap(), 500 * LEAST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_or_stops_is_refused() {
        let trickle = read(10_000, 1, Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(trickle.kind(), io::ErrorKind::TimedOut);
        assert_eq!(read(1, LEAST, PERIOD * 2).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_body_is_taken_if_it_comes_in_time() {
        assert_eq!(read(3, 10, PERIOD / 4).await.unwrap(), 30);
    }
}
