//! The progress of a job, with the same values by polling and by push.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire_enum;

wire_enum! {
    /// What a job is doing right now.
    pub enum Stage {
        /// Brings the recording from object storage.
        Fetch = "fetch",
        /// Opens it: container, codec, length.
        Decode = "decode",
        /// Takes the text out of a file.
        Read = "read",
        /// Turns sound into text, chunk by chunk.
        Transcribe = "transcribe",
        /// Finds who and what was mentioned.
        Extract = "extract",
        /// Turns passages into vectors.
        Embed = "embed",
        /// Writes an archive.
        Pack = "pack",
        /// Commits the results.
        Save = "save",
    }
}

/// How far a running job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Progress {
    /// Of the whole job, 0 to 100.
    pub percent: f32,
    /// Sound already transcribed, in milliseconds.
    pub audio_done_ms: u64,
    /// Sound in all, in milliseconds, as soon as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_total_ms: Option<u64>,
    /// Bytes of recordings already copied.
    pub bytes_done: u64,
    /// Bytes of recordings in all, where they are copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Time to go, in milliseconds, from the speed measured so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<u64>,
    /// Seconds of sound per second of work, as measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
}
