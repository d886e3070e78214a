//! The event for a job that changed its state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Payload, Room};
use crate::domain::job::JobSnapshot;

/// A job changed its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct JobUpdate(pub JobSnapshot);

impl Payload for JobUpdate {
    const NAME: &'static str = "job_update";

    fn rooms(&self) -> Vec<Room> {
        rooms(&self.0)
    }
}

/// The rooms for events of a job.
pub(super) fn rooms(job: &JobSnapshot) -> Vec<Room> {
    let about = [job.conversation_id.map(Room::Conversation), job.file_id.map(Room::File)];
    [Room::Job(job.id)].into_iter().chain(about.into_iter().flatten()).collect()
}
