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
    /// A person changed the conversation, or the text of one of its segments.
    Edited(Conversation),
    /// A transcript of the conversation is complete, and its entities and passages are found. Read the
    /// conversation by REST to get them.
    Understood(Conversation),
    /// The conversation was deleted, with everything in it.
    Deleted {
        /// Id of the conversation.
        id: Uuid,
    },
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Id of the conversation.
    pub id: Uuid,
    /// Title. Empty until the person sets a title or a title is derived from the text.
    pub title: String,
    /// Notes of the person.
    pub notes: String,
    /// Tags of the person.
    pub tags: Vec<String>,
    /// Names of the speakers, by the labels that `speaker` of the segments holds.
    pub speakers: BTreeMap<String, String>,
    /// Origin of the conversation.
    #[schemars(with = "Source")]
    pub source: String,
    /// Spoken language, as a BCP 47 tag. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Start of the conversation.
    pub started_at: DateTime<Utc>,
    /// Duration, in milliseconds. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Warnings about the quality of the transcripts. A person should know them before relying on the text.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Number of the version. It grows with every change. The `ETag` header holds it, too.
    pub version: i64,
    /// Time when the server created the conversation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change.
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
