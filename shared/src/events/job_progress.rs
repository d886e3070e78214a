//! The event for the progress of a running job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Payload, Room, job_update};
use crate::domain::job::JobSnapshot;

/// A running job made progress. The event is volatile: it is never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct JobProgress(pub JobSnapshot);

impl Payload for JobProgress {
    const NAME: &'static str = "job_progress";
    const DURABLE: bool = false;

    fn rooms(&self) -> Vec<Room> {
        job_update::rooms(&self.0)
    }
}
