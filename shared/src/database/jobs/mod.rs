//! Rows of jobs: accepted here, read here. How a worker claims and ends them is in [`lease`].

pub mod lease;
pub mod queue;
pub mod snapshot;
