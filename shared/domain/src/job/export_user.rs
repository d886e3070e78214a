//! The job that exports all data of a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};

/// Writes all data of a person into an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportUser {
    /// The archive. Its row exists.
    pub export_id: Uuid,
}

impl Contract for ExportUser {
    const NAME: &'static str = "export_user";
    const LANE: Lane = Lane::Exports;

    fn subject(&self) -> Option<Uuid> {
        Some(self.export_id)
    }
}
