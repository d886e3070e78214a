//! The job that turns a recording into a searchable conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::transcription::TranscriptionOptions;

/// Transcribes a recording, and extracts entities, connections and passages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranscribeAudio {
    pub audio_id: Uuid,
    pub conversation_id: Uuid,
    /// The transcription to fill. Its row exists, and holds the checkpoint.
    pub transcription_id: Uuid,
    /// The options that the person chose.
    pub options: TranscriptionOptions,
}

impl Contract for TranscribeAudio {
    const NAME: &'static str = "transcribe_audio";
    const LANE: Lane = Lane::Audio;

    fn subject(&self) -> Option<Uuid> {
        Some(self.audio_id)
    }
}
