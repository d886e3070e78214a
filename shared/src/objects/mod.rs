//! Object storage holds: bytes in once, bytes out once, streamed both ways, never whole in memory.
//!
//! One port, [`ObjectStore`], and two adapters: plain files for one machine, and MinIO or any S3 as
//! soon as there is more than one. What is true of both, and held by one suite of tests:
//!
//! - An object is visible whole or not at all. A body that breaks off, goes past its limit or whose
//!   `put` is dropped before its last byte was read leaves nothing visible. (Dropped later, while
//!   the storage is already committing, the whole object may still appear: harmless, since no row
//!   names it, and gone once it is a day old.)
//! - Putting a key again replaces the object in one step. A retry of an upload is therefore safe;
//!   of two at once one wins whole, and whoever is reading goes on reading what they began.
//! - When `put` answers, the object survives a loss of power.
//! - Errors name no path, bucket or key.

mod content;
mod error;
mod files;
mod key;
mod s3;

use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;

use self::{content::Body, files::Files, s3::S3};
pub use self::{
    content::{ByteRange, Content, Object, Stored},
    error::{BoxError, ObjectError, Outage},
    key::{InvalidKey, KeyPrefix, ObjectKey, ObjectKind},
};
use crate::config::ObjectsConfig;

/// No upload takes longer, from its first byte to the commit of its rows: what is not complete by
/// then is refused, so that what is older than that and has no row will never have one.
pub const LONGEST_UPLOAD: Duration = Duration::from_hours(20);

/// Keys, page by page.
pub type KeyPages = BoxStream<'static, Result<Vec<ObjectKey>, ObjectError>>;

/// The port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    adapter: Adapter,
}

#[derive(Clone, Debug)]
enum Adapter {
    Files(Files),
    S3(S3),
}

/// The same call on whichever adapter there is.
macro_rules! on {
    ($store:expr, $adapter:ident => $call:expr) => {
        match &$store.adapter {
            Adapter::Files($adapter) => $call,
            Adapter::S3($adapter) => $call,
        }
    };
}

impl ObjectStore {
    /// Reads the configuration; touches neither disk nor network.
    ///
    /// # Errors
    /// When the endpoint, bucket or region cannot be one.
    pub fn new(config: &ObjectsConfig) -> Result<Self, Outage> {
        let adapter = match config {
            ObjectsConfig::Files { dir } => Adapter::Files(Files::new(dir)),
            ObjectsConfig::S3 { endpoint, access_key, secret_key, bucket, region, secure } => {
                Adapter::S3(S3::new(endpoint, access_key, secret_key.expose(), bucket, region, *secure)?)
            }
        };
        Ok(Self { adapter })
    }

    /// Creates the folder or the bucket where it is missing. Every program calls it at its start.
    ///
    /// # Errors
    /// [`ObjectError::Unavailable`].
    pub async fn ensure(&self) -> Result<(), ObjectError> {
        on!(self, adapter => adapter.ensure().await)
    }

    /// Whether objects can be stored now: answers within 5 seconds, with the reason and the remedy.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn probe(&self) -> Result<(), Outage> {
        on!(self, adapter => adapter.probe().await)
    }

    /// Stores `body` under `key`, if it has no more than `limit` bytes. Memory stays below 24 MiB
    /// whatever the size.
    ///
    /// # Errors
    /// [`TooLarge`](ObjectError::TooLarge), [`Interrupted`](ObjectError::Interrupted) when `body`
    /// yields an error, [`Unavailable`](ObjectError::Unavailable), [`Corrupt`](ObjectError::Corrupt).
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
    /// [`Unavailable`](ObjectError::Unavailable); later, as an item of the content, what breaks it off.
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

    /// Removes an object. One that is not there is removed already.
    ///
    /// # Errors
    /// [`Unavailable`](ObjectError::Unavailable).
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        on!(self, adapter => adapter.delete(key).await)
    }

    /// Removes everything under a prefix and answers how many objects that were. To be called
    /// again after an error: what is gone stays gone.
    ///
    /// # Errors
    /// [`Unavailable`](ObjectError::Unavailable).
    pub async fn delete_all(&self, prefix: &KeyPrefix) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.delete_all(prefix).await)
    }

    /// The objects of a kind that are older than `age`, page by page, in no particular order. Memory
    /// holds one page. What is put or removed meanwhile may be among them or not; files that are
    /// none of ours are not.
    ///
    /// Where objects are uploaded in parts, their age may count from the beginning of the upload.
    pub fn older_than(&self, kind: ObjectKind, age: Duration) -> KeyPages {
        on!(self, adapter => adapter.older_than(kind, age))
    }

    /// How many uploads have begun and not ended: those under way, and those that a killed process
    /// left behind. They take space and are invisible otherwise.
    ///
    /// # Errors
    /// [`Unavailable`](ObjectError::Unavailable).
    pub async fn unfinished(&self) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.unfinished().await)
    }

    /// Removes the unfinished uploads that are older than `age` and answers how many. The age must
    /// exceed the longest upload: one that is swept under way fails.
    ///
    /// # Errors
    /// [`Unavailable`](ObjectError::Unavailable).
    pub async fn sweep(&self, age: Duration) -> Result<u64, ObjectError> {
        on!(self, adapter => adapter.sweep(age).await)
    }
}
