//! The job that turns a recording into a searchable conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::transcription::TranscriptionOptions;

/// Turns one recording into transcript, entities, connections and embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranscribeAudio {
    /// The recording.
    pub audio_id: Uuid,
    /// Its conversation.
    pub conversation_id: Uuid,
    /// The transcription to fill. Its row exists, and holds the checkpoint.
    pub transcription_id: Uuid,
    /// What the person asked for.
    pub options: TranscriptionOptions,
}

impl Contract for TranscribeAudio {
    const NAME: &'static str = "transcribe_audio";
    const LANE: Lane = Lane::Audio;

    fn subject(&self) -> Option<Uuid> {
        Some(self.audio_id)
    }
}
