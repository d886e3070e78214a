//! The job that extracts the meaning of a transcript.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};

/// Extracts entities, connections and passages from a transcript that was imported as text or corrected by a
/// person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderstandConversation {
    pub conversation_id: Uuid,
    /// The transcript.
    pub transcription_id: Uuid,
}

impl Contract for UnderstandConversation {
    const NAME: &'static str = "understand_conversation";
    const LANE: Lane = Lane::Text;

    fn subject(&self) -> Option<Uuid> {
        Some(self.transcription_id)
    }
}
