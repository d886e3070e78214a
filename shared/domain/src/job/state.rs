//! The states of a job.

use crate::wire_enum;

wire_enum! {
    /// Where a job stands. `queued` and `running` may alternate; the other three are endings.
    pub enum JobState {
        /// Waits for a worker, or for its next try.
        Queued = "queued",
        /// A worker holds its lease.
        Running = "running",
        /// Its results are committed.
        Succeeded = "succeeded",
        /// Somebody asked for it to stop.
        Cancelled = "cancelled",
        /// It cannot work, or failed too often.
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
