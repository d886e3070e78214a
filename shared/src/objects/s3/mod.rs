//! Objects in MinIO or any other server with the S3 API, through the `minio` crate.
//!
//! The crate implements signatures and the S3 API well. But it has no time-outs, shows bucket and key in its
//! errors, and its high-level upload takes an empty chunk for the end of the body. So uploads are cut into
//! parts here ([`upload`]), every request goes through [`S3::call`], and every error through [`fault`].

mod download;
mod fault;
mod older;
mod unfinished;
mod upload;

use std::{fmt, time::Duration};

use futures_util::{StreamExt, TryStreamExt, future, stream};
use minio::s3::{
    MinioClient, MinioClientBuilder,
    client::ConnectionPoolConfig,
    creds::StaticProvider,
    error::{Error, ValidationErr},
    http::BaseUrl,
    types::{BucketName, Region, S3Api, ToStream},
};
use tokio::time::{sleep, timeout};

use super::{KeyPrefix, ObjectError, ObjectKey, StorageFault, Stored, content::Body};

/// The longest wait for the answer to a small request, and for the next piece of an object.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest wait for one part to be received: 8 MiB at 70 KB/s.
const PART: Duration = Duration::from_secs(120);
/// The longest wait for parts to become an object: a server may copy all of them.
const COMPLETION: Duration = Duration::from_secs(300);
/// The longest wait of a probe.
const PROBE: Duration = Duration::from_secs(5);
/// The waits before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

#[derive(Clone)]
pub(super) struct S3 {
    client: MinioClient,
    bucket: BucketName,
}

/// Without the client, whose output would contain its keys.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket.as_str()).finish_non_exhaustive()
    }
}

impl S3 {
    pub(super) fn new(
        endpoint: &str,
        access_key: &str,
        secret_key: &str,
        bucket: &str,
        region: &str,
        secure: bool,
    ) -> Result<Self, StorageFault> {
        let misread = |error: ValidationErr, remedy| StorageFault::lasting(error.to_string(), remedy);
        let scheme = if secure { "https" } else { "http" };
        let endpoint =
            if endpoint.contains("://") { endpoint.to_owned() } else { format!("{scheme}://{endpoint}") };
        let mut url: BaseUrl = endpoint
            .parse()
            .map_err(|error| misread(error, "give MINIO_ENDPOINT as host:port or as a URL"))?;
        // The region is always set, since otherwise the crate requests it from the server before the first
        // request.
        url.region = Region::new(region).map_err(|error| misread(error, "correct MINIO_REGION"))?;
        let bucket =
            BucketName::new_strict(bucket).map_err(|error| misread(error, "correct MINIO_BUCKET"))?;
        let client = MinioClientBuilder::new(url)
            .provider(Some(StaticProvider::new(access_key, secret_key, None)))
            // Shorter than the time for which servers keep idle connections, so that no connection is used
            // while the server closes it.
            .connection_pool_config(ConnectionPoolConfig::default().idle_timeout(Duration::from_secs(20)))
            .build()
            .map_err(|_| {
                StorageFault::lasting("no TLS client could be made", "install the system's root certificates")
            })?;
        Ok(Self { client, bucket })
    }

    /// Sends a request, with a time limit, and retries it while the fault may be temporary.
    async fn call<T, F>(&self, allowed: Duration, request: impl Fn() -> F) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pauses = PAUSES.into_iter();
        loop {
            let error = match self.attempt(allowed, request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let passing = matches!(&error, ObjectError::Unavailable(outage) if outage.passing);
            match pauses.next() {
                Some(pause) if passing => sleep(pause).await,
                _ => return Err(error),
            }
        }
    }

    /// Sends a request once, with a time limit.
    async fn attempt<T>(
        &self,
        allowed: Duration,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ObjectError> {
        match timeout(allowed, request).await {
            Ok(answer) => answer.map_err(fault::read),
            Err(_) => Err(fault::silence(allowed)),
        }
    }

    pub(super) async fn ensure(&self) -> Result<(), ObjectError> {
        let exists =
            async || Ok(self.client.bucket_exists(self.bucket.clone())?.build().send().await?.exists());
        if self.call(ANSWER, exists).await? {
            return Ok(());
        }
        let created = self
            .call(ANSWER, async || self.client.create_bucket(self.bucket.clone())?.build().send().await)
            .await;
        // If another process has created the bucket in the meantime, the server may return an error.
        match created {
            Err(error) if !self.call(ANSWER, exists).await? => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn probe(&self) -> Result<(), StorageFault> {
        let exists =
            async { Ok(self.client.bucket_exists(self.bucket.clone())?.build().send().await?.exists()) };
        match self.attempt(PROBE, exists).await {
            Ok(true) => Ok(()),
            Err(ObjectError::Unavailable(outage)) => Err(outage),
            Ok(false) | Err(_) => Err(fault::no_bucket()),
        }
    }

    pub(super) async fn put(&self, key: &ObjectKey, body: Body) -> Result<Stored, ObjectError> {
        upload::put(self.clone(), key.clone(), body).await
    }

    pub(super) async fn size(&self, key: &ObjectKey) -> Result<u64, ObjectError> {
        let stat = async || {
            Ok(self.client.stat_object(self.bucket.clone(), key.as_str())?.build().send().await?.size()?)
        };
        self.call(ANSWER, stat).await
    }

    pub(super) async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        self.remove(key.as_str()).await
    }

    /// Lists a page of keys and deletes them, eight at a time, until there are no more pages.
    pub(super) async fn delete_all(&self, prefix: &KeyPrefix) -> Result<u64, ObjectError> {
        let request =
            self.client.list_objects(self.bucket.clone()).map_err(|error| fault::read(error.into()))?;
        let mut pages = request.prefix(prefix.as_str().to_owned()).build().to_stream().await;
        let mut removed = 0;
        while let Some(page) = timeout(ANSWER, pages.next()).await.map_err(|_| fault::silence(ANSWER))? {
            let objects = page.map_err(fault::read)?.contents.into_iter().filter(|entry| !entry.is_prefix);
            removed += stream::iter(objects)
                .map(|object| async move { self.remove(&object.name).await })
                .buffer_unordered(8)
                .try_fold(0, |count, ()| future::ok(count + 1))
                .await?;
        }
        Ok(removed)
    }

    async fn remove(&self, name: &str) -> Result<(), ObjectError> {
        let gone = async || self.client.delete_object(self.bucket.clone(), name)?.build().send().await;
        match self.call(ANSWER, gone).await {
            Ok(_) | Err(ObjectError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
