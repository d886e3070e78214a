//! How an attempt at a job ends without results.

use crate::failure::Failure;

/// How one attempt at a job ended without results. Success is not among them: it is the commit of
/// the results themselves.
#[derive(Debug, thiserror::Error)]
pub enum Ending {
    /// Something around the job is broken; try again later. The default for errors.
    #[error("will be tried again: {0:#}")]
    Retry(anyhow::Error),
    /// As [`Self::Retry`], and this is what the person and the operator read meanwhile.
    #[error("will be tried again: {0}")]
    Wait(Failure),
    /// The input can never work; trying again would not help.
    #[error("cannot work: {0}")]
    Fail(Failure),
    /// The worker is being deployed or stopped; not the job's fault.
    #[error("interrupted")]
    Interrupted,
    /// Somebody asked for it to stop.
    #[error("cancelled")]
    Cancelled,
    /// Another worker has the job by now; whatever this one had is void.
    #[error("the lease was lost")]
    LeaseLost,
}

impl From<anyhow::Error> for Ending {
    fn from(error: anyhow::Error) -> Self {
        Self::Retry(error)
    }
}
