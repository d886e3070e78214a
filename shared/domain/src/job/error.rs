//! How an attempt at a job ends without results.

use crate::failure::Failure;

/// How one attempt at a job ended without results. Success is not among them: it is the commit of
/// the results themselves.
///
/// It is no [`std::error::Error`]: only then can every error become one by `?`.
#[derive(Debug)]
pub enum JobError {
    /// Something around the job is broken; try again later. The default for errors.
    Retry(anyhow::Error),
    /// As [`Self::Retry`], and this is what the person and the operator read meanwhile.
    RetryWith(Failure),
    /// The input can never work; trying again would not help.
    Fail(Failure),
    /// The worker is being deployed or stopped; not the job's fault.
    Interrupted,
    /// Somebody asked for it to stop.
    Cancelled,
    /// Another worker has the job by now; whatever this one had is void.
    LeaseLost,
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}
