//! The job that removes what interrupted uploads left in object storage.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contract, Lane};

/// Removes parts of objects, and objects without a row, that interrupted uploads left behind.
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
