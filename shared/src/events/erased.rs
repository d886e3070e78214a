use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is left of an event about a conversation that was deleted: replay has no gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Always true.
    pub deleted: bool,
}
