use chrono::{DateTime, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::date::Precision;

use super::example_time;
use crate::time::Time;
use crate::wire_enums::Wire;

/// When something is that was said, resolved against the recording's own clock and the person's time
/// zone: somewhere in this stretch of time, which is as long as it was said exactly.
#[derive(Clone, Object)]
#[oai(rename = "ResolvedDate", example)]
pub(crate) struct DateView {
    /// Where it begins.
    pub from: Time,
    /// Where it is over: the first moment that is not meant any more.
    pub to: Time,
    /// How exactly it was said.
    pub precision: Wire<Precision>,
}

impl DateView {
    /// A date as its columns hold it, if there is one.
    pub(crate) fn of(
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        precision: Option<String>,
    ) -> Option<Self> {
        Some(Self { from: from?.into(), to: to?.into(), precision: precision?.parse().ok()? })
    }
}

impl Example for DateView {
    fn example() -> Self {
        let from: Time = example_time();
        Self { from, to: (from.0 + chrono::TimeDelta::days(1)).into(), precision: Wire(Precision::Day) }
    }
}
