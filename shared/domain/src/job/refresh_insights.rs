//! The job that updates insights as time passes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Enqueues [`GenerateInsights`](super::GenerateInsights) once a day for each person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshInsights {}

impl Contract for RefreshInsights {
    const NAME: &'static str = "refresh_insights";
    const LANE: Lane = Lane::Maintenance;

    fn periodic() -> Option<(Self, Duration)> {
        Some((Self {}, Duration::from_hours(1)))
    }
}
