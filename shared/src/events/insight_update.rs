//! The event for an insight that was dismissed, restored or withdrawn.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::insight::InsightKind;
use crate::domain::wire_enum;

/// An insight was dismissed, restored or withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightUpdate {
    /// The id of the insight.
    pub id: Uuid,
    /// The kind of the insight.
    #[schemars(with = "InsightKind")]
    pub kind: String,
    /// The change of the insight.
    pub change: InsightChange,
    /// When the insight was dismissed. Absent if it is not dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
    /// The conversations of its evidence.
    #[serde(default)]
    pub conversation_ids: BTreeSet<Uuid>,
}

wire_enum! {
    /// A change of an insight.
    pub enum InsightChange {
        /// The user does not want to see the insight again.
        Dismissed = "dismissed",
        /// The dismissal was taken back.
        Restored = "restored",
        /// The insight was removed: it no longer holds, or its evidence was deleted.
        Withdrawn = "withdrawn",
    }
}

impl Payload for InsightUpdate {
    const NAME: &'static str = "insight_update";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        self.conversation_ids.iter().copied().map(Room::Conversation).collect()
    }
}
