//! Object storage: bytes are streamed in and out, and never held completely in memory.
//!
//! There is one port, [`ObjectStore`], with two adapters: plain files for one machine, and MinIO or another
//! S3 server for several. One suite of tests checks these properties of both:
//!
//! - An object is visible completely or not at all. A body that ends with an error or exceeds its limit
//!   leaves nothing visible, and so does a `put` that is dropped before its last byte was read. (If it is
//!   dropped later, while the storage is committing, the whole object may still appear. That is harmless,
//!   since no row names it, and it is deleted once it is a day old.)
//! - Storing a key again replaces the object in one step. So an upload can be retried safely. Of two
//!   concurrent uploads, one wins completely. A reader continues to read the object that it opened.
//! - When `put` returns, the object survives a loss of power.
//! - Errors contain no path, bucket or key.

mod content;
mod error;
mod files;
mod key;
mod s3;

use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use secrecy::ExposeSecret as _;

use self::{content::Body, files::Files, s3::S3};
pub use self::{
    content::{ByteRange, Content, Object, Stored},
    error::{BoxError, ObjectError, Outage},
    key::{InvalidKey, KeyPrefix, ObjectKey, ObjectKind},
};
use crate::config::ObjectsConfig;

/// The longest time of an upload, from its first byte to the commit of its rows. An upload that is not
/// complete by then is refused. So an older object without a row will never have one.
pub const LONGEST_UPLOAD: Duration = Duration::from_hours(20);

/// Keys, page by page.
pub type KeyPages = BoxStream<'static, Result<Vec<ObjectKey>, ObjectError>>;

/// The port for object storage. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    adapter: Adapter,
}

#[derive(Clone, Debug)]
enum Adapter {
    Files(Files),
    S3(S3),
}

/// Calls the same method of the configured adapter.
macro_rules! on {
    ($store:expr, $adapter:ident => $call:expr) => {
        match &$store.adapter {
            Adapter::Files($adapter) => $call,
            Adapter::S3($adapter) => $call,
        }
    };
}

impl ObjectStore {
    /// Reads the configuration, without access to disk or network.
    ///
    /// # Errors
    /// When the endpoint, bucket or region is invalid.
    pub fn new(config: &ObjectsConfig) -> Result<Self, Outage> {
        let adapter = match config {
            ObjectsConfig::Files { dir } => Adapter::Files(Files::new(dir)),
            ObjectsConfig::S3 { endpoint, access_key, secret_key, bucket, region, secure } => Adapter::S3(
                S3::new(endpoint, access_key, secret_key.expose_secret(), bucket, region, *secure)?,
            ),
        };
        Ok(Self { adapter })
    }

    /// Creates the folder or the bucket if it is missing. Every program calls this when it starts.
    pub async fn ensure(&self) -> Result<(), ObjectError> {
        on!(self, adapter => adapter.ensure().await)
    }

    /// Checks that objects can be stored now. Answers within 5 seconds; the error has the reason and the
    /// remedy.
    pub async fn probe(&self) -> Result<(), Outage> {
        on!(self, adapter => adapter.probe().await)
    }

    /// Stores `body` under `key`, if it has at most `limit` bytes. Memory stays below 24 MiB for any size.
    ///
    /// # Errors
    /// [`TooLarge`](ObjectError::TooLarge), [`Interrupted`](ObjectError::Interrupted) when `body` yields an
    /// error, [`Unavailable`](ObjectError::Unavailable), [`Corrupt`](ObjectError::Corrupt).
    pub async fn put<S, E>(&self, key: &ObjectKey, body: S, limit: u64) -> Result<Stored, ObjectError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let body = Body::new(body, limit);
        on!(self, adapter => adapter.put(key, body).await)
    }

    /// Opens an object, or a part of it, for reading.
    ///
    /// # Errors
    /// [`NotFound`](ObjectError::NotFound), [`OutOfRange`](ObjectError::OutOfRange),
    /// [`Unavailable`](ObjectError::Unavailable). An error while reading is an item of the content.
    pub async fn get(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<Object, ObjectError> {
        on!(self, adapter => adapter.get(key, range).await)
    }

    /// The size of an object, in bytes.
    ///
    /// # Errors
    /// [`NotFound`](ObjectError::NotFound), [`Unavailable`](ObjectError::Unavailable).
    pub async fn size(&self, key: &ObjectKey) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.size(key).await)
    }

    /// Deletes an object. It is no error if there is none.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        on!(self, adapter => adapter.delete(key).await)
    }

    /// Deletes all objects with a prefix, and returns their number. May be called again after an error:
    /// deleted objects stay deleted.
    pub async fn delete_all(&self, prefix: &KeyPrefix) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.delete_all(prefix).await)
    }

    /// Lists the objects of a kind that are older than `age`, page by page, in no particular order, with one
    /// page in memory. Objects that are stored or deleted in the meantime may be listed or not. Files that
    /// this server did not store are not listed.
    ///
    /// The age of an object that is uploaded in parts may count from the beginning of the upload.
    pub fn older_than(&self, kind: ObjectKind, age: Duration) -> KeyPages {
        on!(self, adapter => adapter.older_than(kind, age))
    }

    /// Counts the uploads that have begun and not ended: those in progress, and those that a killed process
    /// left. They take space, and are not visible otherwise.
    pub async fn unfinished(&self) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.unfinished().await)
    }

    /// Deletes the unfinished uploads that are older than `age`, and returns their number. `age` must be
    /// longer than the longest upload: an upload in progress that is deleted fails.
    pub async fn sweep(&self, age: Duration) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.sweep(age).await)
    }
}
