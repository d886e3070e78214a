//! The event for a conversation that was created, changed or deleted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room, Warning};
use crate::domain::conversation::Source;

/// A conversation was created, changed or deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ConversationUpdate {
    /// The conversation is new.
    Created(Conversation),
    /// The conversation itself, the text of a segment or the sound of a recording was changed.
    Edited(Conversation),
    /// A transcript of the conversation is complete, and its entities and passages are found. Read the
    /// conversation by REST to get them.
    Understood(Conversation),
    /// The conversation was deleted, with everything in it.
    Deleted {
        /// The id of the conversation.
        id: Uuid,
    },
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// The id of the conversation.
    pub id: Uuid,
    /// The title. Empty until one is found in the text or given by the user.
    pub title: String,
    /// Free text of the user about the conversation.
    pub notes: String,
    /// The tags that the user gave.
    pub tags: Vec<String>,
    /// The names of the speakers: a map from the label in the segments (such as `A`) to the name.
    pub speakers: BTreeMap<String, String>,
    /// The source of the conversation.
    #[schemars(with = "Source")]
    pub source: String,
    /// The language spoken, as a BCP 47 tag. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the conversation began.
    pub started_at: DateTime<Utc>,
    /// The duration in milliseconds. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Warnings about the quality of the transcripts. Show them to the user.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// The number of the version; each change increases it. The `ETag` contains it, too.
    pub version: i64,
    /// When the conversation was created on this server.
    pub created_at: DateTime<Utc>,
    /// When the conversation was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Payload for ConversationUpdate {
    const NAME: &'static str = "conversation_update";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        let id = match self {
            Self::Created(conversation) | Self::Edited(conversation) | Self::Understood(conversation) => {
                conversation.id
            }
            Self::Deleted { id } => *id,
        };
        vec![Room::Conversation(id)]
    }
}
