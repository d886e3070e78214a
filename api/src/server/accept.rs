//! Accepts connections.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use listenfd::ListenFd;
use poem::{Endpoint, Response};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, Limits};
use super::connection;

/// The connections that the kernel keeps for the server until it accepts them.
const BACKLOG: u32 = 1024;
/// The files that are left for everything besides connections: the database, object storage, uploads.
const OTHER_FILES: u64 = 512;
/// The shortest and the longest pause after a connection could not be accepted.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Serves an endpoint.
pub(super) struct Acceptor {
    listener: TcpListener,
    admission: Arc<Admission>,
    stopping: CancellationToken,
}

impl Acceptor {
    /// Listens on an address, or on the socket that the service manager has opened (`LISTEN_FDS`), which
    /// then keeps new connections while the server restarts.
    pub(super) async fn bind(
        (host, port): (&str, u16),
        most: usize,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let listener = match ListenFd::from_env().take_tcp_listener(0)? {
            Some(inherited) => adopt(inherited)?,
            None => listen(host, port).await.with_context(|| format!("cannot listen on {host}:{port}"))?,
        };
        let all = most.min(files_for_connections());
        // Half of them are left for others, whatever one network does.
        let limits = Limits { all, of_network: all.div_ceil(2) };
        tracing::info!(address = %listener.local_addr()?, connections = limits.all, "listening");
        Ok(Self { listener, admission: Admission::new(limits), stopping })
    }

    /// Accepts connections until the server stops. Then running requests get some time to finish.
    pub(super) async fn run(self, endpoint: impl Endpoint<Output = Response> + 'static, grace: Duration) {
        let (endpoint, connections) = (Arc::new(endpoint), TaskTracker::new());
        let mut pause = PAUSE.0;
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = self.stopping.cancelled() => break,
            };
            match accepted {
                Ok((socket, peer)) => {
                    pause = PAUSE.0;
                    let Some(admitted) = self.admission.admit(peer.ip()) else {
                        metrics::counter!("self_http_connections_refused_total").increment(1);
                        continue;
                    };
                    // Answers are sent whole. Nothing is gained by waiting for more of them.
                    let _ = socket.set_nodelay(true);
                    let stopping = self.stopping.clone();
                    connections.spawn(connection::serve(Arc::clone(&endpoint), socket, admitted, stopping));
                }
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    // Mostly: no files are left. To try at once would take a whole core.
                    tracing::warn!(%error, "connections cannot be accepted");
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        drop(self.listener);
        connections.close();
        if timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests were still running");
        }
    }
}

async fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let mut failed = None;
    for address in lookup_host((host, port)).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.map_or_else(|| anyhow::anyhow!("the name has no address"), Into::into))
}

fn adopt(inherited: StdListener) -> io::Result<TcpListener> {
    inherited.set_nonblocking(true)?;
    TcpListener::from_std(inherited)
}

/// The connections for which there are files, after this process has raised its own limit.
fn files_for_connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let files = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    let left = files.map_or(u64::MAX, |files| files.saturating_sub(OTHER_FILES).max(files / 2));
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// Whether a client ended its connection before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
