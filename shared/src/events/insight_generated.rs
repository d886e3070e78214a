//! The event for a new insight or a new version of one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::insight::InsightKind;

/// An insight was found, or an insight has a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct InsightGenerated(pub Insight);

/// An insight: something that deserves the user's attention, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Insight {
    /// The id of this version of the insight. Each version has its own id.
    pub id: Uuid,
    /// The kind of the insight. `summary` and `action_item` come from a summarizer, if this server has one.
    #[schemars(with = "InsightKind")]
    pub kind: String,
    /// The title: one line.
    pub title: String,
    /// The explanation, in plain sentences.
    pub detail: String,
    /// When something is due, or when it takes place. Absent if neither is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// The evidence for the insight.
    pub evidence: InsightEvidence,
    /// The name of the model that found the insight: the product's own rules, or a summarizer.
    pub model: String,
    /// The version of that model.
    pub model_version: String,
    /// When this version was found.
    pub created_at: DateTime<Utc>,
    /// The id of the previous version, of which something has changed. Absent for the first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// The id of the next version. Absent for the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<Uuid>,
    /// When the insight was dismissed. Absent if it is not dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
}

/// The evidence for an insight, and the entities that the insight is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightEvidence {
    /// The segments that are evidence.
    pub segments: Vec<Evidence>,
    /// The conversations of these segments.
    pub conversation_ids: BTreeSet<Uuid>,
    /// The entities that the insight is about.
    pub entity_ids: Vec<Uuid>,
    /// The files that contain evidence.
    pub file_ids: Vec<Uuid>,
}

/// A segment that is evidence for a connection or an insight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The id of the conversation.
    pub conversation_id: Uuid,
    /// The id of the segment.
    pub segment_id: Uuid,
    /// The start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
    /// The end of the segment in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text of the segment.
    pub text: String,
}

impl Payload for InsightGenerated {
    const NAME: &'static str = "insight_generated";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        self.0.evidence.conversation_ids.iter().copied().map(Room::Conversation).collect()
    }
}
