//! The progress of a job, with the same values by polling and by push.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire_enum;

wire_enum! {
    /// The current step of a job.
    pub enum Stage {
        /// Fetches the recording from object storage.
        Fetch = "fetch",
        /// Opens the recording: container, codec, length.
        Decode = "decode",
        /// Extracts the text of a file.
        Read = "read",
        /// Transcribes the sound, chunk by chunk.
        Transcribe = "transcribe",
        /// Finds the entities that were mentioned.
        Extract = "extract",
        /// Computes the vectors of passages.
        Embed = "embed",
        /// Writes an archive.
        Pack = "pack",
        /// Commits the results.
        Save = "save",
    }
}

/// The progress of a running job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Progress {
    /// The progress of the whole job, from 0 to 100.
    pub percent: f32,
    /// The duration of the sound that is transcribed so far, in milliseconds.
    pub audio_done_ms: u64,
    /// The duration of the whole sound, in milliseconds. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_total_ms: Option<u64>,
    /// The bytes of recordings that an export has copied so far.
    pub bytes_done: u64,
    /// The bytes of all recordings that an export copies. Absent for other jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// The estimated remaining time in milliseconds, from the speed measured so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<u64>,
    /// The measured speed: seconds of sound per second of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
}
