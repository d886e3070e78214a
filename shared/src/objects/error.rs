//! Errors of object storage, distinguished by what the caller can do.

use std::io;

/// Any error, boxed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an operation on an object failed.
///
/// The messages may be shown to a user: they contain no path, bucket or key. The details for operators are
/// in the [`StorageFault`].
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// No object has this key.
    #[error("there is no such object")]
    NotFound,
    /// The bytes to store exceeded the limit. None of them was kept.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// The range begins after the end of the object, or is empty.
    #[error("the object has {size} bytes, none of them in the requested range")]
    OutOfRange {
        /// The size of the whole object, in bytes.
        size: u64,
    },
    /// The stream of bytes to store ended with an error, or its sender went away. None of them was kept.
    #[error("the bytes to store broke off before their end")]
    Interrupted(#[source] BoxError),
    /// The storage cannot be reached, refuses, or is full.
    #[error("object storage is not available")]
    Unavailable(#[source] StorageFault),
    /// The storage has another number of bytes than it was given.
    #[error("object storage has {found} bytes where {expected} were stored")]
    Corrupt {
        /// Bytes that were stored.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
}

impl ObjectError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Interrupted(_) | Self::Unavailable(_) => true,
            Self::NotFound | Self::TooLarge { .. } | Self::OutOfRange { .. } | Self::Corrupt { .. } => false,
        }
    }
}

/// For the bodies of HTTP responses, whose streams use [`io::Error`].
impl From<ObjectError> for io::Error {
    fn from(error: ObjectError) -> Self {
        Self::other(error)
    }
}

/// A fault of the storage, and what to do about it: for operators and `/health`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct StorageFault {
    /// What is wrong, without bucket, key or path.
    pub reason: String,
    /// What an operator does about it.
    pub remedy: &'static str,
    /// Whether an immediate retry may succeed.
    pub(super) passing: bool,
}

impl StorageFault {
    /// A fault that lasts until somebody repairs it.
    pub(super) fn lasting(reason: impl Into<String>, remedy: &'static str) -> Self {
        Self { reason: reason.into(), remedy, passing: false }
    }

    /// A fault that may be over in a second.
    pub(super) fn passing(reason: impl Into<String>, remedy: &'static str) -> Self {
        Self { reason: reason.into(), remedy, passing: true }
    }
}

impl From<StorageFault> for ObjectError {
    fn from(fault: StorageFault) -> Self {
        Self::Unavailable(fault)
    }
}
