//! The states of a job.

use crate::wire_enum;

wire_enum! {
    /// The state of a job. A job can alternate between `queued` and `running`. The other three states end the
    /// job.
    pub enum JobState {
        /// The job waits for a worker, or for its next attempt.
        Queued = "queued",
        /// A worker holds the lease of the job.
        Running = "running",
        /// The results of the job are committed.
        Succeeded = "succeeded",
        /// Somebody asked to cancel the job.
        Cancelled = "cancelled",
        /// The job cannot work, or it failed too often.
        Dead = "dead",
    }
}

impl JobState {
    /// Whether the state is final unless somebody retries the job.
    #[must_use]
    pub const fn is_ending(self) -> bool {
        matches!(self, Self::Succeeded | Self::Cancelled | Self::Dead)
    }
}
