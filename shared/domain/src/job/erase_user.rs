//! The job that erases a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::UserId;

/// Removes a person with everything of theirs: rows, vectors, objects, and events on their way to apps. The
/// system owns the job, since nothing of the person's survives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EraseUser {
    /// Who asked to be erased.
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
