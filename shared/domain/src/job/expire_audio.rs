//! The job that removes old sound of those who asked for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Removes the sound that is older than its owners keep it. Its transcripts stay.
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
