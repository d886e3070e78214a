//! An S3 server in this process that a test may stop and start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::ports;

const ACCESS_KEY: &str = "an-access-key";
const SECRET_KEY: &str = "a-secret-key";

/// A server that keeps its objects in a folder.
#[derive(Debug)]
pub struct S3 {
    folder: PathBuf,
    address: SocketAddr,
    /// None while it is stopped. All connections end with the runtime.
    running: Option<Runtime>,
}

impl S3 {
    /// Starts a server.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
        let mut server = Self { folder: folder.to_owned(), address, running: None };
        server.start_again();
        server
    }

    /// Starts it again at the same port, with its objects.
    pub fn start_again(&mut self) {
        let mut service = S3ServiceBuilder::new(FileSystem::new(&self.folder).unwrap());
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(serve(listener, service.build()));
        self.running = Some(runtime);
    }

    /// Stops it and closes all connections at once.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.running.take() {
            // In another thread, because a runtime must not be dropped inside another.
            std::thread::scope(|scope| {
                scope.spawn(|| runtime.shutdown_timeout(Duration::from_secs(5)));
            });
        }
    }

    /// The environment variables that point the product to it.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("MINIO_ENDPOINT", self.address.to_string()),
            ("MINIO_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("MINIO_SECRET_KEY", SECRET_KEY.to_owned()),
            ("MINIO_BUCKET", "of-the-tests".to_owned()),
        ]
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(listener: std::net::TcpListener, service: S3Service) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let service = service.clone();
        tokio::spawn(async move {
            // A client may disconnect at any time.
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
