//! The event for an insight that was dismissed, restored or withdrawn.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::insight::InsightKind;
use crate::domain::wire_enum;

/// An insight was dismissed, restored, or is not so any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightUpdate {
    /// The insight.
    pub id: Uuid,
    /// What kind it is.
    #[schemars(with = "InsightKind")]
    pub kind: String,
    /// What happened.
    pub change: InsightChange,
    /// When it was dismissed, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
    /// The conversations in which its evidence is.
    #[serde(default)]
    pub conversation_ids: BTreeSet<Uuid>,
}

wire_enum! {
    /// What happened to an insight.
    pub enum InsightChange {
        /// The person does not want to be told of it again.
        Dismissed = "dismissed",
        /// The dismissal was taken back.
        Restored = "restored",
        /// It is not so any more.
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
