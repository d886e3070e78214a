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

/// Something that deserves the attention of the person, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Insight {
    /// Id of this version of the insight. Each version has its own id.
    pub id: Uuid,
    /// Kind of the insight. `summary` and `action_item` come from a summarizer, if the server has one.
    #[schemars(with = "InsightKind")]
    pub kind: String,
    /// Title, in one line.
    pub title: String,
    /// Explanation, in plain sentences.
    pub detail: String,
    /// Deadline of something to do, or time of an occasion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Evidence for the insight.
    pub evidence: InsightEvidence,
    /// Source of the insight: the name of the built-in rules, or of a summarizer.
    pub model: String,
    /// Version of the built-in rules or of the summarizer.
    pub model_version: String,
    /// Time when this version was found.
    pub created_at: DateTime<Utc>,
    /// Id of the previous version, which this version replaces. Absent for a first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// Id of the next version. Absent for the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<Uuid>,
    /// Time when the person dismissed the insight. Absent if it is not dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
}

/// The evidence for an insight, and the entities that the insight is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightEvidence {
    /// Segments that are evidence for the insight.
    pub segments: Vec<Evidence>,
    /// Ids of the conversations of these segments.
    pub conversation_ids: BTreeSet<Uuid>,
    /// Ids of the entities that the insight is about.
    pub entity_ids: Vec<Uuid>,
    /// Ids of the files that are evidence for the insight.
    pub file_ids: Vec<Uuid>,
}

/// A segment that is evidence for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Id of the conversation.
    pub conversation_id: Uuid,
    /// Id of the segment.
    pub segment_id: Uuid,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// Text of the segment.
    pub text: String,
}

impl Payload for InsightGenerated {
    const NAME: &'static str = "insight_generated";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        self.0.evidence.conversation_ids.iter().copied().map(Room::Conversation).collect()
    }
}
