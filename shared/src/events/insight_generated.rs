//! The event for a new insight or a new version of one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::insight::InsightKind;

/// Something deserves attention, for the first time or anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct InsightGenerated(pub Insight);

/// Something that deserves attention, with all that speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Insight {
    /// Names this version of it.
    pub id: Uuid,
    /// What kind it is. `summary` and `action_item` come from a summarizer, if there is one.
    #[schemars(with = "InsightKind")]
    pub kind: String,
    /// One line.
    pub title: String,
    /// Plain sentences.
    pub detail: String,
    /// By when something is to be done, or when something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// What speaks for it.
    pub evidence: InsightEvidence,
    /// What found it: the product's own rules, or a summarizer.
    pub model: String,
    /// In which version.
    pub model_version: String,
    /// When it was found.
    pub created_at: DateTime<Utc>,
    /// The version before it: something about it has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// The version after it; absent from the one that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<Uuid>,
    /// When it was dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
}

/// What speaks for an insight, and whom and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightEvidence {
    /// Where it was said.
    pub segments: Vec<Evidence>,
    /// The conversations in which that is.
    pub conversation_ids: BTreeSet<Uuid>,
    /// Who and what it is about.
    pub entity_ids: Vec<Uuid>,
    /// The files in which it is written.
    pub file_ids: Vec<Uuid>,
}

/// A segment that speaks for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What it says.
    pub text: String,
}

impl Payload for InsightGenerated {
    const NAME: &'static str = "insight_generated";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        self.0.evidence.conversation_ids.iter().copied().map(Room::Conversation).collect()
    }
}
