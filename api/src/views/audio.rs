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
    /// The id of the recording.
    pub id: Uuid,
    /// The conversation that the recording belongs to.
    pub conversation_id: Uuid,
    /// The name of the uploaded file. Empty if it is unknown.
    pub filename: String,
    /// The media type of the container, detected from the bytes.
    pub content_type: String,
    /// The size in bytes.
    pub size_bytes: i64,
    /// The SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// The codec of the sound. Absent until the recording is decoded.
    pub codec: Option<String>,
    /// The sample rate in hertz. Absent until the recording is decoded.
    pub sample_rate: Option<i32>,
    /// The number of channels. Absent until the recording is decoded.
    pub channels: Option<i32>,
    /// The duration in milliseconds. Absent until the recording is decoded.
    pub duration_ms: Option<i64>,
    /// When the recording was made. Absent if that is unknown.
    pub recorded_at: Option<Time>,
    /// When the recording was uploaded.
    pub created_at: Time,
    /// When the sound was deleted. Absent while the server has it.
    pub removed_at: Option<Time>,
}

impl From<Audio> for AudioView {
    fn from(audio: Audio) -> Self {
        Self {
            sha256: hex::encode(&audio.sha256),
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
