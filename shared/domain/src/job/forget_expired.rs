//! The job that removes rows that are kept for a limited time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Deletes expired rows of limited storage time, such as events, sessions and exports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetExpired {}

impl Contract for ForgetExpired {
    const NAME: &'static str = "forget_expired";
    const LANE: Lane = Lane::Maintenance;

    fn periodic() -> Option<(Self, Duration)> {
        Some((Self {}, Duration::from_hours(1)))
    }
}
