//! The job that makes the contents of a file searchable.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};

/// Reads the text of a file, cuts it into passages and computes their vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbedFile {
    /// The file. Its content at the start of the job is used.
    pub file_id: Uuid,
}

impl Contract for EmbedFile {
    const NAME: &'static str = "embed_file";
    const LANE: Lane = Lane::Files;

    fn subject(&self) -> Option<Uuid> {
        Some(self.file_id)
    }
}
