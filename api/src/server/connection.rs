//! Serves one connection: HTTP/1.1 or HTTP/2, with bounds on what it may hold.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::http::{self, StatusCode, uri::Scheme};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, RunningRequest, Watched};
use super::admission::Admitted;
use super::patience;

/// The requests of one HTTP/2 connection that run at once.
const STREAMS: u32 = 64;
/// The largest head of a request in bytes.
const HEAD_SIZE: usize = 128 * 1024;
/// The same in HTTP/2, where the fields are counted without compression.
const HEAD_LIST: u32 = 32 * 1024;
/// How long a new connection may take to send its first request after the server is told to stop.
const FIRST: Duration = Duration::from_secs(2);
/// How often a silent HTTP/2 client is asked whether it is still there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(30);

/// Serves a connection until it ends, has to leave, or the server stops.
pub(super) async fn serve(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    socket: TcpStream,
    admitted: Admitted,
    stopping: CancellationToken,
) {
    let (Ok(local), Ok(remote)) = (socket.local_addr(), socket.peer_addr()) else { return };
    let Admitted { permit, activity, close } = admitted;
    let watched = Watched { socket, activity: Arc::clone(&activity), permit };
    let addresses = (LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(remote)));
    let requests = serve_requests(endpoint, watched, &activity, addresses, stopping);
    tokio::select! {
        () = requests => {}
        () = activity.expired() => closed("deadline"),
        () = close.cancelled() => closed("place"),
    }
}

fn closed(reason: &'static str) {
    metrics::counter!("self_http_connections_closed_total", "reason" => reason).increment(1);
}

async fn serve_requests(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    activity: &Arc<Activity>,
    (local, remote): (LocalAddr, RemoteAddr),
    stopping: CancellationToken,
) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let running = activity.begin(request.version());
        let (endpoint, activity) = (Arc::clone(&endpoint), Arc::clone(activity));
        let has_body = !request.body().is_end_stream();
        let request = Request::from((request, local.clone(), remote.clone(), Scheme::HTTP));
        async move {
            let request = if has_body { patience::impose(request) } else { request };
            let response = http::Response::from(endpoint.get_response(request).await);
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                activity.upgrade();
            }
            Ok::<_, Infallible>(response.map(|body| Answer { body, _running: running }))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(HEAD_SIZE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_LIST)
        .max_pending_accept_reset_streams(Some(20))
        .max_local_error_reset_streams(Some(128))
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    tokio::select! {
        // An error is the client's: it left, or it does not speak HTTP.
        _ = &mut connection => return,
        () = stopping.cancelled() => {}
    }
    // A client that has just connected is about to send its request, which would be lost.
    tokio::select! {
        _ = &mut connection => return,
        () = activity.used() => {}
        () = sleep(FIRST) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// The body of a response. The request runs until it is sent.
struct Answer<B> {
    body: B,
    _running: RunningRequest,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
