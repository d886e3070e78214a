//! The rows of jobs, which are the only record of work to do.
//!
//! [`enqueue`], [`get`], [`list`], [`cancel`] and [`retry`] serve requests of people. [`lease`] claims jobs
//! and holds them, and [`completion`] ends claims. [`reconciliation`] repairs the table after workers crash.
//! [`fleet`] has the running workers and the live settings of the lanes.
//!
//! Every change of state adds a `job_update` event to its transaction. For a job that can start, a wake-up
//! is sent after the commit. All times come from the database, so no worker's clock affects a lease.

pub mod completion;
pub mod fleet;
pub mod lease;
mod queue;
pub mod reconciliation;
mod snapshot;

pub use queue::{
    CancelError, CancelScope, RetryError, cancel, cancel_all, enqueue, enqueue_all, enqueue_once, retry,
    waiting,
};
pub use snapshot::{JobFilter, get, list};
