//! The job that asks the summarizer about a conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};

/// Asks the configured summarizer for a summary and action items of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummarizeConversation {
    /// The conversation.
    pub conversation_id: Uuid,
}

impl Contract for SummarizeConversation {
    const NAME: &'static str = "summarize_conversation";
    const LANE: Lane = Lane::Summaries;

    fn subject(&self) -> Option<Uuid> {
        Some(self.conversation_id)
    }
}
