use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::audio::Audio;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;

/// A recording.
#[derive(Object)]
#[oai(rename = "Audio", skip_serializing_if_is_none, example)]
pub(crate) struct AudioView {
    /// Names it.
    pub id: Uuid,
    /// The conversation that it is of.
    pub conversation_id: Uuid,
    /// What the file was called; empty when nobody said.
    pub filename: String,
    /// The media type of its container, found in the bytes.
    pub content_type: String,
    /// How many bytes.
    pub size_bytes: i64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How its sound is coded, once decoded.
    pub codec: Option<String>,
    /// Samples a second, once decoded.
    pub sample_rate: Option<i32>,
    /// Channels, once decoded.
    pub channels: Option<i32>,
    /// How long it plays, once decoded.
    pub duration_ms: Option<i64>,
    /// When it was recorded, where that is known.
    pub recorded_at: Option<Time>,
    /// When it was uploaded.
    pub created_at: Time,
    /// When its sound was removed; absent while that is kept.
    pub removed_at: Option<Time>,
}

impl From<Audio> for AudioView {
    fn from(audio: Audio) -> Self {
        Self {
            sha256: hex(&audio.sha256),
            id: audio.id,
            conversation_id: audio.conversation_id,
            filename: audio.filename,
            content_type: audio.content_type,
            size_bytes: audio.size_bytes,
            codec: audio.codec,
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            duration_ms: audio.duration_ms,
            recorded_at: audio.recorded_at.map(Into::into),
            created_at: audio.created_at.into(),
            removed_at: audio.removed_at.map(Into::into),
        }
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Example for AudioView {
    fn example() -> Self {
        Self {
            id: example_id(1),
            conversation_id: example_id(2),
            filename: "kitchen.m4a".to_owned(),
            content_type: "audio/mp4".to_owned(),
            size_bytes: 731_204,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            codec: Some("aac".to_owned()),
            sample_rate: Some(44_100),
            channels: Some(1),
            duration_ms: Some(61_300),
            recorded_at: Some(example_time()),
            created_at: example_time(),
            removed_at: None,
        }
    }
}
