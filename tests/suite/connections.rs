//! Clients that hold connections without using them: they lose them, and nobody else does.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use self_tests::{Person, Stack, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the deadline for the head of a request.
const HEAD: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_connection_without_a_whole_head_is_closed() {
    let stack = Stack::without_worker().await;
    let begun: &[&[u8]] = &[
        b"",
        b"G",
        b"GET /health/live HTTP/1.1\r\nhost: h",
        b"GET /health/live HTTP/1.1\r\nhost: here\r\n",
        b"PRI * HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01",
    ];
    join_all(begun.iter().map(async |bytes| {
        let mut connection = connect(&stack).await;
        connection.write_all(bytes).await.unwrap();
        assert!(is_closed_within(&mut connection, HEAD).await, "{:?}", String::from_utf8_lossy(bytes));
    }))
    .await;
}

#[tokio::test]
async fn a_head_that_trickles_is_closed() {
    let stack = Stack::without_worker().await;
    let (mut reads, mut writes) = connect(&stack).await.into_split();
    writes.write_all(b"GET /health/live HTTP/1.1\r\nx: ").await.unwrap();
    let mut answer = Vec::new();
    tokio::select! {
        _ = eventually("a refused byte", async || writes.write_all(b"y").await.err()) => {}
        closed = timeout(HEAD, reads.read_to_end(&mut answer)) => assert!(closed.is_ok(), "it is still open"),
    }
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_keep_nobody_out() {
    let stack = Stack::setup().workers(0).with("MAX_CONNECTIONS", 20).start().await;
    let person = Person::register(&stack).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut connection = connect(&stack).await;
        connection.write_all(b"GET /health/live HTTP/1.1\r\n").await.unwrap();
        held.push(connection);
        assert_eq!(person.get("/api/v1/users/me").await.status, 200);
    }
    let closed = join_all(held.iter_mut().map(|one| is_closed_within(one, Duration::from_millis(1)))).await;
    assert!(closed.iter().filter(|closed| **closed).count() >= 80, "{closed:?}");
}

#[tokio::test]
async fn with_few_files_the_server_goes_on_and_rests() {
    let mut stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    stack.api = None;
    stack.api = Some(stack.start_api_by("ulimit -n 96; exec \"$0\" serve", Stdio::null()));
    stack.ready().await;
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(connect(&stack).await);
    }
    for _ in 0..20 {
        assert_eq!(person.get("/api/v1/users/me").await.status, 200);
    }
}

#[tokio::test]
async fn streams_of_one_connection_are_bounded_and_hold_no_memory() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let before = resident(&stack);

    // A client that heeds no limit.
    let mut builder = h2::client::Builder::new();
    builder.initial_max_send_streams(usize::MAX);
    let (mut client, connection) = builder.handshake::<_, bytes::Bytes>(connect(&stack).await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut streams = Vec::new();
    let sent = async {
        for _ in 0..20_000 {
            // The server waits for the body.
            let request = http::Request::post("http://here/api/v1/auth/login");
            let request = request.header("content-type", "application/json").body(()).unwrap();
            let Ok(ready) = client.ready().await else { break };
            client = ready;
            streams.extend(client.send_request(request, false));
            tokio::task::yield_now().await;
        }
    };
    let _ = timeout(Duration::from_secs(5), sent).await;
    // The others wait in the client, until the server allows them.
    assert!(streams.len() < 1_000, "{} streams are open", streams.len());
    assert_eq!(person.get("/api/v1/users/me").await.status, 200);
    let grown = resident(&stack).saturating_sub(before);
    assert!(grown < 32 * 1024 * 1024, "{grown} bytes more");
    connection.abort();
}

#[tokio::test]
async fn a_restart_with_an_inherited_socket_fails_no_request() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let socket = || Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let restart = |stack: &Stack| {
        let inherit = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve";
        stack.start_api_by(inherit, socket())
    };
    let mut servers = vec![restart(&stack)];
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    let requests = tokio::spawn(async move {
        for request in 0..400 {
            // Each has a connection of its own, which waits in the socket while no server accepts it.
            let answer = reqwest::Client::new().get(format!("{address}/api/v1/users/me"));
            let answer = answer.bearer_auth(&person.access_token).send().await;
            let status = answer.unwrap_or_else(|error| panic!("request {request}: {error}")).status();
            assert_eq!(status, 200, "request {request}");
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    for round in 1..=3 {
        let enough =
            || (answered.load(Ordering::Relaxed) > 90 * round || requests.is_finished()).then_some(());
        eventually("requests", async || enough()).await;
        servers.last_mut().unwrap().terminate();
        servers.push(restart(&stack));
    }
    requests.await.unwrap();
}

async fn connect(stack: &Stack) -> TcpStream {
    TcpStream::connect(stack.address().trim_start_matches("http://")).await.unwrap()
}

async fn is_closed_within(connection: &mut TcpStream, time: Duration) -> bool {
    let mut answer = Vec::new();
    timeout(time, connection.read_to_end(&mut answer)).await.is_ok()
}

/// The memory of the API, in bytes.
fn resident(stack: &Stack) -> u64 {
    let pid = stack.api.as_ref().unwrap().id();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
