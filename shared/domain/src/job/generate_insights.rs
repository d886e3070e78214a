//! The job that finds what deserves a person's attention.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contract, Lane};
use crate::UserId;

/// Finds what deserves a person's attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateInsights {
    /// The person.
    pub user: UserId,
    /// What happened.
    #[serde(flatten)]
    pub occasion: Occasion,
}

/// What happened, so that something may deserve attention that did not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occasion {
    /// This conversation was understood, or something that it is related to is gone.
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
        match self.occasion {
            Occasion::Conversation(id) | Occasion::File(id) => Some(id),
            Occasion::Time => Some(self.user.0),
        }
    }
}
