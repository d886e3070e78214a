//! Rows of jobs: the only truth about work to do.
//!
//! [`enqueue`], [`get`], [`list`], [`cancel`] and [`retry`] are what people ask for; [`lease`] is how
//! a worker takes a job and holds it, [`ending`] how it ends it; [`upkeep`] is what keeps the table
//! true when workers die; [`fleet`] is who works, and the lanes' live settings.
//!
//! Every change of state adds a `job_update` event to its transaction, and a job that can start is rung
//! for after the commit. Time is the database's own: no worker's clock decides about a lease.

pub mod completion;
pub mod fleet;
pub mod lease;
mod queue;
mod snapshot;
pub mod upkeep;

pub use queue::{About, Refused, cancel, cancel_about, enqueue, enqueue_once, retry, waiting};
pub use snapshot::{JobFilter, get, list};
