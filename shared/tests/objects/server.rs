//! S3 servers for tests: one in this process, one that the environment names, and a connection to either
//! that can be cut.

use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::SystemTime,
};

use async_trait::async_trait;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{
    S3, S3Request as Request, S3Response as Response, S3Result, auth::SimpleAuth, dto::*, s3_error,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use secrecy::SecretString;
use self_shared::config::ObjectsConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

pub(crate) const ACCESS_KEY: &str = "an-access-key";
pub(crate) const SECRET_KEY: &str = "a-secret-key";

/// The size of pages, regardless of the requested size.
const OBJECTS_ON_A_PAGE: i32 = 4;

/// The configuration for the server in this process.
pub(crate) fn config(address: SocketAddr) -> ObjectsConfig {
    configured(&address.to_string(), ACCESS_KEY, SECRET_KEY)
}

/// The configuration for the server that the environment names, with a new bucket.
pub(crate) fn elsewhere() -> ObjectsConfig {
    let given = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    configured(
        &given("SELF_TEST_S3_ENDPOINT"),
        &given("SELF_TEST_S3_ACCESS_KEY"),
        &given("SELF_TEST_S3_SECRET_KEY"),
    )
}

pub(crate) fn configured(endpoint: &str, access_key: &str, secret_key: &str) -> ObjectsConfig {
    ObjectsConfig::S3 {
        endpoint: endpoint.to_owned(),
        access_key: access_key.to_owned(),
        secret_key: SecretString::from(secret_key),
        bucket: format!("test-{}", Uuid::now_v7()),
        region: "us-east-1".to_owned(),
        secure: false,
    }
}

/// Starts a server whose objects are in `folder`. It ends with the runtime of the test.
pub(crate) async fn start(folder: &Path) -> SocketAddr {
    let mut service = S3ServiceBuilder::new(Listing::over(FileSystem::new(folder).unwrap()));
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                // Some tests close the connection in the middle of a request.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            });
        }
    });
    address
}

/// Starts a proxy to a server. It closes all connections for ever after a number of bytes in one direction.
pub(crate) async fn start_cut(server: SocketAddr, after: Cut) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicU64::new(match after {
        Cut::Sent(bytes) | Cut::Received(bytes) => bytes,
    }));
    let (cut, _) = tokio::sync::watch::channel(());
    tokio::spawn(async move {
        loop {
            let mut ended = cut.subscribe();
            let client = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                _ = ended.changed() => return,
            };
            let (left, cut) = (left.clone(), cut.clone());
            tokio::spawn(async move {
                let upstream = TcpStream::connect(server).await.unwrap();
                let (client_reads, client_writes) = client.into_split();
                let (server_reads, server_writes) = upstream.into_split();
                let (sending, receiving) = match after {
                    Cut::Sent(_) => (Some(&*left), None),
                    Cut::Received(_) => (None, Some(&*left)),
                };
                tokio::select! {
                    _ = async { tokio::join!(
                        pass(client_reads, server_writes, sending, &cut),
                        pass(server_reads, client_writes, receiving, &cut),
                    ) } => {}
                    _ = ended.changed() => {}
                }
            });
        }
    });
    address
}

/// When the proxy closes the connections.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    /// After this many bytes from the client to the server.
    Sent(u64),
    /// After this many bytes from the server to the client.
    Received(u64),
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    left: Option<&AtomicU64>,
    cut: &tokio::sync::watch::Sender<()>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let spent = left.is_some_and(|left| {
            left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(count as u64)).is_err()
        });
        if spent {
            let _ = cut.send(());
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// `s3s-fs` with two additions: a list of unfinished uploads, and pages so short that tests see more than
/// one.
struct Listing {
    files: FileSystem,
    begun: Mutex<BTreeMap<String, MultipartUpload>>,
}

impl Listing {
    fn over(files: FileSystem) -> Self {
        Self { files, begun: Mutex::default() }
    }
}

/// Forwards operations unchanged.
macro_rules! handed_on {
    ($($operation:ident: $input:ty => $output:ty),+ $(,)?) => {
        #[async_trait]
        impl S3 for Listing {
            $(async fn $operation(&self, request: Request<$input>) -> S3Result<Response<$output>> {
                self.files.$operation(request).await
            })+

            async fn create_multipart_upload(
                &self,
                request: Request<CreateMultipartUploadInput>,
            ) -> S3Result<Response<CreateMultipartUploadOutput>> {
                let response = self.files.create_multipart_upload(request).await?;
                let CreateMultipartUploadOutput { key, upload_id, .. } = &response.output;
                let initiated = Some(SystemTime::now().into());
                let begun = MultipartUpload {
                    key: key.clone(), upload_id: upload_id.clone(), initiated, ..Default::default()
                };
                self.begun.lock().unwrap().insert(upload_id.clone().unwrap(), begun);
                Ok(response)
            }

            async fn complete_multipart_upload(
                &self,
                request: Request<CompleteMultipartUploadInput>,
            ) -> S3Result<Response<CompleteMultipartUploadOutput>> {
                self.begun.lock().unwrap().remove(&request.input.upload_id);
                self.files.complete_multipart_upload(request).await
            }

            async fn abort_multipart_upload(
                &self,
                request: Request<AbortMultipartUploadInput>,
            ) -> S3Result<Response<AbortMultipartUploadOutput>> {
                if self.begun.lock().unwrap().remove(&request.input.upload_id).is_none() {
                    return Err(s3_error!(NoSuchUpload));
                }
                self.files.abort_multipart_upload(request).await
            }

            async fn list_objects_v2(
                &self,
                mut request: Request<ListObjectsV2Input>,
            ) -> S3Result<Response<ListObjectsV2Output>> {
                request.input.max_keys = Some(OBJECTS_ON_A_PAGE);
                self.files.list_objects_v2(request).await
            }

            /// Pages of one upload, so that there are several pages.
            async fn list_multipart_uploads(
                &self,
                request: Request<ListMultipartUploadsInput>,
            ) -> S3Result<Response<ListMultipartUploadsOutput>> {
                let begun = self.begun.lock().unwrap();
                let after = request.input.upload_id_marker.unwrap_or_default();
                let mut later = begun.iter().filter(|(id, _)| **id > after).map(|(_, upload)| upload.clone());
                let page: Vec<_> = later.by_ref().take(1).collect();
                let is_truncated = Some(later.next().is_some());
                Ok(Response::new(ListMultipartUploadsOutput {
                    is_truncated,
                    next_key_marker: page.last().and_then(|upload| upload.key.clone()),
                    next_upload_id_marker: page.last().and_then(|upload| upload.upload_id.clone()),
                    uploads: Some(page),
                    ..Default::default()
                }))
            }
        }
    };
}

handed_on! {
    create_bucket: CreateBucketInput => CreateBucketOutput,
    head_bucket: HeadBucketInput => HeadBucketOutput,
    put_object: PutObjectInput => PutObjectOutput,
    get_object: GetObjectInput => GetObjectOutput,
    head_object: HeadObjectInput => HeadObjectOutput,
    delete_object: DeleteObjectInput => DeleteObjectOutput,
    list_objects: ListObjectsInput => ListObjectsOutput,
    upload_part: UploadPartInput => UploadPartOutput,
}
