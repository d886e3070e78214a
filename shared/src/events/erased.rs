use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The remainder of an event about a deleted conversation. The event keeps its `seq`, so that replay has no
/// gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// The id of the deleted conversation.
    pub conversation_id: Uuid,
    /// Always `true`.
    pub deleted: bool,
}
