//! What was said, and how it was asked for.

use serde::{Deserialize, Serialize};

/// What a person may ask of a transcription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscriptionOptions {
    /// The language spoken, as a BCP 47 tag; the model's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}
