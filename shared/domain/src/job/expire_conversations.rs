//! The job that deletes old conversations, for people who chose that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Deletes conversations that are older than their owners want to keep them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireConversations {}

impl Contract for ExpireConversations {
    const NAME: &'static str = "expire_conversations";
    const LANE: Lane = Lane::Maintenance;

    fn periodic() -> Option<(Self, Duration)> {
        Some((Self {}, Duration::from_hours(1)))
    }
}
