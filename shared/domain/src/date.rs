//! Times that were mentioned, with their precision.

use chrono::{DateTime, Utc};

use super::wire_enum;

wire_enum! {
    /// The precision of a time that was mentioned.
    pub enum Precision {
        /// `half past nine`
        Minute = "minute",
        /// `three o'clock`
        Hour = "hour",
        /// `tomorrow morning`
        PartOfDay = "part_of_day",
        /// `the third of May`
        Day = "day",
        /// `this weekend`
        Weekend = "weekend",
        /// `next week`
        Week = "week",
        /// `last month`
        Month = "month",
        /// `last summer`
        Season = "season",
        /// `two years ago`
        Year = "year",
        /// `the nineties`
        Decade = "decade",
    }
}

/// A time that was mentioned: a moment between `from` and `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The start.
    pub from: DateTime<Utc>,
    /// The end: the first moment that is not included.
    pub to: DateTime<Utc>,
    pub precision: Precision,
}

impl When {
    /// The deadline for something that is due then: the time of day if one was said, otherwise the end of
    /// the period. "By Friday" means by the end of Friday, and "by nine" means by nine.
    #[must_use]
    pub fn due(&self) -> DateTime<Utc> {
        match self.precision {
            Precision::Minute | Precision::Hour => self.from,
            _ => self.to,
        }
    }
}
