use chrono::{DateTime, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::date::Precision;

use super::example_time;
use crate::time::Time;
use crate::wire_enums::Wire;

/// The meaning of a spoken date or time, resolved with the time of the recording and the time zone of
/// the user. It is the period from `from` to `to`. The less precise the words, the longer the period.
#[derive(Clone, Object)]
#[oai(rename = "ResolvedDate", example)]
pub(crate) struct DateView {
    /// The start of the period.
    pub from: Time,
    /// The end of the period: the first moment after it.
    pub to: Time,
    /// The precision of the words.
    pub precision: Wire<Precision>,
}

impl DateView {
    /// The date in these columns, if there is one.
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
