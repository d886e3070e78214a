//! When something is, as far as that was said.

use chrono::{DateTime, Utc};

use super::wire_enum;

wire_enum! {
    /// How exactly a time was said.
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

/// A time that was said: somewhere within it, as exactly as that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it is over: the first moment that is not meant any more.
    pub to: DateTime<Utc>,
    /// How exactly it was said.
    pub precision: Precision,
}

impl When {
    /// The moment by which something is due that is due then: its time of day if that was said, the
    /// end of it otherwise. By Friday means by the end of Friday, by nine means by nine.
    #[must_use]
    pub fn due(&self) -> DateTime<Utc> {
        match self.precision {
            Precision::Minute | Precision::Hour => self.from,
            _ => self.to,
        }
    }
}
