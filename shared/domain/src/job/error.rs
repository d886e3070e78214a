//! The ways in which an attempt ends without results.

use crate::failure::Failure;

/// The way in which an attempt ends without results. There is no variant for success: a job succeeds with
/// the commit of its results.
///
/// It does not implement [`std::error::Error`], so that `?` can convert every error to it.
#[derive(Debug)]
pub enum JobError {
    /// Something around the job is broken; the job is retried later. The default for errors.
    Retry(anyhow::Error),
    /// As [`Self::Retry`], with a failure that the person and the operator see in the meantime.
    RetryWith(Failure),
    /// The input can never work; a retry would not help.
    Fail(Failure),
    /// The worker is stopping, which is not the job's fault.
    Interrupted,
    /// Somebody asked to cancel the job.
    Cancelled,
    /// Another worker has the job; the results of this attempt are void.
    LeaseLost,
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}
