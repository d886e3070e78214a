//! What a connection does, and until when it may do so.
//!
//! A client that holds a connection without using it takes the place of others. So each kind of waiting has a
//! deadline, from the moment when the connection is accepted: for the head of a request, for the next
//! request, and for a client that does not read the answer. A body has its own (see [`super::patience`]).

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, io::IoSlice};

use poem::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take, and also TLS and the choice of the HTTP version before it.
const HEAD: Duration = Duration::from_secs(15);
/// How long a connection may be open without a request.
const IDLE: Duration = Duration::from_secs(120);
/// How long a client may read nothing of an answer.
const WRITE: Duration = Duration::from_secs(60);
/// How often the deadlines of a connection are looked at.
const CHECK: Duration = Duration::from_secs(5);

/// What a connection does now.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// Cancelled at the first request.
    used: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// Since when there has been no request.
    idle_since: Instant,
    /// Since when the head of a request arrives.
    head_since: Option<Instant>,
    /// Since when the client has not read.
    stalled_since: Option<Instant>,
    /// The requests whose answers are not sent completely.
    requests: usize,
    /// Whether bytes outside of requests are usual, as they are in HTTP/2.
    is_multiplexed: bool,
    /// Whether the connection has become a WebSocket, which has deadlines of its own.
    is_upgraded: bool,
}

/// A request of a connection, until its answer is sent or abandoned.
#[derive(Debug)]
pub(super) struct RunningRequest(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            idle_since: now,
            head_since: Some(now),
            stalled_since: None,
            requests: 0,
            is_multiplexed: false,
            is_upgraded: false,
        };
        Arc::new(Self { state: Mutex::new(state), used: CancellationToken::new() })
    }

    /// Begins a request: its head has arrived.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> RunningRequest {
        let mut state = self.state();
        state.requests += 1;
        state.head_since = None;
        state.is_multiplexed = version == Version::HTTP_2;
        self.used.cancel();
        RunningRequest(Arc::clone(self))
    }

    /// The connection becomes a WebSocket.
    pub(super) fn upgrade(&self) {
        self.state().is_upgraded = true;
    }

    /// Waits until the connection has had a request.
    pub(super) async fn used(&self) {
        self.used.cancelled().await;
    }

    /// Since when the connection has been without a request; `None` if it has one.
    pub(super) fn unused_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.requests == 0 && !state.is_upgraded).then_some(state.idle_since)
    }

    /// Waits until a deadline has passed.
    pub(super) async fn expired(&self) {
        loop {
            let (now, deadline) = (Instant::now(), self.state().deadline());
            if deadline.is_some_and(|deadline| deadline <= now) {
                return;
            }
            let check = now + CHECK;
            sleep_until(deadline.map_or(check, |deadline| deadline.min(check))).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deadline(&self) -> Option<Instant> {
        if self.is_upgraded {
            return None;
        }
        let waits = (self.requests == 0).then(|| match self.head_since {
            Some(since) => since + HEAD,
            None => self.idle_since + IDLE,
        });
        let writes = self.stalled_since.map(|since| since + WRITE);
        waits.into_iter().chain(writes).min()
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests -= 1;
        state.idle_since = Instant::now();
    }
}

/// A socket that notes what happens on it. `permit` is dropped with it.
#[derive(Debug)]
pub(super) struct Watched<S, P> {
    pub(super) socket: S,
    pub(super) activity: Arc<Activity>,
    #[expect(dead_code, reason = "it is held as long as the socket")]
    pub(super) permit: P,
}

impl<S, P> Watched<S, P> {
    fn read(&self, bytes: usize) {
        let mut state = self.activity.state();
        if bytes > 0 && state.requests == 0 && !state.is_multiplexed && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    fn wrote<T>(&self, result: Poll<T>) -> Poll<T> {
        let mut state = self.activity.state();
        match result {
            Poll::Pending => _ = state.stalled_since.get_or_insert_with(Instant::now),
            Poll::Ready(_) => state.stalled_since = None,
        }
        result
    }
}

impl<S: AsyncRead + Unpin, P: Unpin> AsyncRead for Watched<S, P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(context, buffer);
        self.read(buffer.filled().len() - before);
        result
    }
}

impl<S: AsyncWrite + Unpin, P: Unpin> AsyncWrite for Watched<S, P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(context);
        self.wrote(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::time::{advance, timeout};

    use super::*;

    async fn closes_within(activity: &Activity, wait: Duration) -> bool {
        timeout(wait, activity.expired()).await.is_ok()
    }

    fn watched(activity: &Arc<Activity>, socket: &'static [u8]) -> Watched<&'static [u8], ()> {
        Watched { socket, activity: Arc::clone(activity), permit: () }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_sends_no_head_is_closed() {
        let activity = Activity::new();
        assert!(!closes_within(&activity, HEAD - CHECK / 10).await);
        assert!(closes_within(&activity, CHECK).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_request_is_not_closed_and_an_idle_one_is() {
        let activity = Activity::new();
        let request = activity.begin(Version::HTTP_11);
        assert!(!closes_within(&activity, IDLE * 10).await);
        drop(request);
        assert!(!closes_within(&activity, IDLE - CHECK).await);
        assert!(closes_within(&activity, CHECK * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_head_has_a_deadline_from_its_first_byte_on() {
        let activity = Activity::new();
        drop(activity.begin(Version::HTTP_11));
        advance(IDLE / 2).await;
        watched(&activity, b"G").read_u8().await.unwrap();
        assert!(closes_within(&activity, HEAD + CHECK).await);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_between_the_requests_of_http_2_are_no_head() {
        let activity = Activity::new();
        drop(activity.begin(Version::HTTP_2));
        watched(&activity, b"P").read_u8().await.unwrap();
        assert!(!closes_within(&activity, IDLE - CHECK).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_closed() {
        let activity = Activity::new();
        let _request = activity.begin(Version::HTTP_11);
        let socket = watched(&activity, b"");
        assert!(socket.wrote(Poll::<()>::Pending).is_pending());
        assert!(closes_within(&activity, WRITE + CHECK).await);
        assert!(socket.wrote(Poll::Ready(())).is_ready());
        assert!(!closes_within(&activity, WRITE * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_websocket_has_its_own_deadlines() {
        let activity = Activity::new();
        activity.upgrade();
        assert!(!closes_within(&activity, IDLE * 10).await);
        assert_eq!(activity.unused_since(), None);
    }
}
