//! The job that erases a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::UserId;

/// Deletes a person with all their data: rows, vectors, objects, and events that are not delivered yet. The
/// system owns the job, since all rows of the person are deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EraseUser {
    /// The person to erase.
    pub user: UserId,
    /// The receipt.
    pub erasure_id: Uuid,
}

impl Contract for EraseUser {
    const NAME: &'static str = "erase_user";
    const LANE: Lane = Lane::Maintenance;

    fn subject(&self) -> Option<Uuid> {
        Some(self.erasure_id)
    }
}
