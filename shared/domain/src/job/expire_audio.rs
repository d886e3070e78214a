//! The job that removes old sound, for people who chose that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Removes sound that is older than its owner wants to keep it. Transcripts stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireAudio {}

impl Contract for ExpireAudio {
    const NAME: &'static str = "expire_audio";
    const LANE: Lane = Lane::Maintenance;

    fn periodic() -> Option<(Self, Duration)> {
        Some((Self {}, Duration::from_hours(1)))
    }
}
