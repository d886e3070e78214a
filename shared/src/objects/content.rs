//! Streams of bytes into and out of storage, counted as they pass.

use std::{fmt, ops::Range};

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt,
    stream::{BoxStream, Fuse},
};
use sha2::{Digest, Sha256};

use super::error::{BoxError, ObjectError};

/// The bytes of an object that is read.
pub type Content = BoxStream<'static, Result<Bytes, ObjectError>>;

/// The size and hash of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub size_bytes: u64,
    /// Their SHA-256 (FIPS 180-4).
    pub sha256: [u8; 32],
}

/// An object that is being read.
pub struct Object {
    /// The size of the whole object, in bytes.
    pub size: u64,
    /// The range of bytes that `content` yields.
    pub range: Range<u64>,
    /// The bytes: exactly `range`, or an error as the last item.
    pub content: Content,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("size", &self.size).field("range", &self.range).finish_non_exhaustive()
    }
}

/// A part of an object: `length` bytes from `offset`, or fewer if the object ends before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte, counted from 0.
    pub offset: u64,
    /// The largest number of bytes.
    pub length: u64,
}

impl ByteRange {
    /// All bytes from `offset` on.
    #[must_use]
    pub fn from(offset: u64) -> Self {
        Self { offset, length: u64::MAX }
    }

    /// The range in an object of this size (RFC 9110, section 14.1.2). A range that goes past the end is cut
    /// there; one that begins past the end cannot be satisfied.
    pub(super) fn within(self, size: u64) -> Result<Range<u64>, ObjectError> {
        if self.length == 0 || self.offset >= size {
            return Err(ObjectError::OutOfRange { size });
        }
        Ok(self.offset..self.offset.saturating_add(self.length).min(size))
    }
}

/// Bytes that are being stored: counted, hashed and limited as they pass.
pub(super) struct Body {
    chunks: Fuse<BoxStream<'static, Result<Bytes, BoxError>>>,
    limit: u64,
    size: u64,
    hash: Sha256,
}

impl Body {
    pub(super) fn new<S, E>(chunks: S, limit: u64) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let chunks = chunks.map(|chunk| chunk.map_err(Into::into)).boxed().fuse();
        Self { chunks, limit, size: 0, hash: Sha256::new() }
    }

    /// The next bytes, never an empty chunk; `None` at the end of the body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        while let Some(chunk) = self.chunks.next().await {
            let chunk = chunk.map_err(ObjectError::Interrupted)?;
            if chunk.is_empty() {
                continue;
            }
            self.size += chunk.len() as u64;
            if self.size > self.limit {
                return Err(ObjectError::TooLarge { limit: self.limit });
            }
            self.hash.update(&chunk);
            return Ok(Some(chunk));
        }
        Ok(None)
    }

    /// The size and hash. To be called at the end of the body.
    pub(super) fn stored(self) -> Stored {
        Stored { size_bytes: self.size, sha256: self.hash.finalize().into() }
    }
}

/// Checks the length of a stream: it yields exactly `expected` bytes, or an error as the last item.
pub(super) fn exactly<S>(expected: u64, chunks: S) -> Content
where
    S: Stream<Item = Result<Bytes, ObjectError>> + Send + 'static,
{
    let start = Some((chunks.boxed(), 0));
    futures_util::stream::unfold(start, move |state| async move {
        let (mut chunks, passed) = state?;
        match chunks.next().await {
            Some(Ok(chunk)) => {
                let passed = passed + chunk.len() as u64;
                Some((Ok(chunk), Some((chunks, passed))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None if passed == expected => None,
            None => Some((Err(ObjectError::Corrupt { expected, found: passed }), None)),
        }
    })
    .boxed()
}
