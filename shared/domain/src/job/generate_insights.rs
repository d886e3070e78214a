//! The job that finds insights.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::UserId;

/// Finds insights for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateInsights {
    pub user: UserId,
    /// The reason for the job.
    #[serde(flatten)]
    pub trigger: InsightTrigger,
}

/// The reason to look for insights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InsightTrigger {
    /// This conversation was understood, or something related to it was deleted.
    #[serde(rename = "conversation_id")]
    Conversation(Uuid),
    /// This file was embedded.
    #[serde(rename = "file_id")]
    File(Uuid),
    /// Time has passed.
    #[serde(rename = "time")]
    Time,
}

impl Contract for GenerateInsights {
    const NAME: &'static str = "generate_insights";
    const LANE: Lane = Lane::Insights;

    fn subject(&self) -> Option<Uuid> {
        match self.trigger {
            InsightTrigger::Conversation(id) | InsightTrigger::File(id) => Some(id),
            InsightTrigger::Time => Some(self.user.0),
        }
    }
}
