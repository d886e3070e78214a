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
    /// It is new.
    Created(Conversation),
    /// A person changed it, or what was said in it.
    Edited(Conversation),
    /// A transcript of it is complete and understood.
    Understood(Conversation),
    /// It is gone, with everything in it.
    Deleted {
        /// The conversation.
        id: Uuid,
    },
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Names it.
    pub id: Uuid,
    /// What it is called; empty until something is found or given.
    pub title: String,
    /// What the person wrote down about it.
    pub notes: String,
    /// What the person sorts it under.
    pub tags: Vec<String>,
    /// Who the voices are: as they are marked in the segments, and the name.
    pub speakers: BTreeMap<String, String>,
    /// How it came here.
    #[schemars(with = "Source")]
    pub source: String,
    /// The language spoken, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// What to know before relying on its transcripts.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Counts its changes; in the `ETag`, too.
    pub version: i64,
    /// When it was first heard of.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
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
