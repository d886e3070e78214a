//! The job that deletes the remains of interrupted uploads from object storage.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Deletes parts of objects and objects without a row, which interrupted uploads leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepObjects {}

impl Contract for SweepObjects {
    const NAME: &'static str = "sweep_objects";
    const LANE: Lane = Lane::Maintenance;

    fn periodic() -> Option<(Self, Duration)> {
        Some((Self {}, Duration::from_hours(1)))
    }
}
