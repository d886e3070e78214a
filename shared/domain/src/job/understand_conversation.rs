//! The job that finds out what a transcript means.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};

/// Turns a transcript into entities, connections and embeddings: one that came as text, or one that a
/// person has corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderstandConversation {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Its transcript.
    pub transcription_id: Uuid,
}

impl Contract for UnderstandConversation {
    const NAME: &'static str = "understand_conversation";
    const LANE: Lane = Lane::Text;

    fn subject(&self) -> Option<Uuid> {
        Some(self.transcription_id)
    }
}
