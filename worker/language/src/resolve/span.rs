//! A span of the calendar, in local time.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use self_domain::date::{Precision, When};

use super::Zone;
use crate::extract::dates::spoken::{PartOfDay, Season};

/// From one moment up to another, the second excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: NaiveDateTime,
    pub(super) to: NaiveDateTime,
    pub(super) precision: Precision,
}

impl Span {
    pub(super) fn days(first: NaiveDate, days: u64, precision: Precision) -> Option<Self> {
        let to = first.checked_add_days(Days::new(days))?;
        Some(Self { from: first.into(), to: to.into(), precision })
    }

    pub(super) fn day(day: NaiveDate) -> Option<Self> {
        Self::days(day, 1, Precision::Day)
    }

    pub(super) fn months(first: NaiveDate, months: u32, precision: Precision) -> Option<Self> {
        let first = first.with_day(1)?;
        let to = first.checked_add_months(Months::new(months))?;
        Some(Self { from: first.into(), to: to.into(), precision })
    }

    pub(super) fn year(year: i32) -> Option<Self> {
        Self::months(NaiveDate::from_ymd_opt(year, 1, 1)?, 12, Precision::Year)
    }

    pub(super) fn decade(first: i32) -> Option<Self> {
        Self::months(NaiveDate::from_ymd_opt(first, 1, 1)?, 120, Precision::Decade)
    }

    /// A season that begins in a year: three whole months, as meteorologists count them. Winter has the
    /// year in which it begins.
    pub(super) fn season(season: Season, year: i32, is_southern: bool) -> Option<Self> {
        let northern = match season {
            Season::Spring => 3,
            Season::Summer => 6,
            Season::Autumn => 9,
            Season::Winter => 12,
        };
        let month = if is_southern { (northern + 5) % 12 + 1 } else { northern };
        Self::months(NaiveDate::from_ymd_opt(year, month, 1)?, 3, Precision::Season)
    }

    /// A part of a day. The night of a day begins on its evening, as in Friday night.
    pub(super) fn part(day: NaiveDate, part: PartOfDay) -> Option<Self> {
        let (from, hours) = match part {
            PartOfDay::Morning => (6, 6),
            PartOfDay::Afternoon => (12, 6),
            PartOfDay::Evening => (18, 4),
            PartOfDay::Night => (18, 12),
        };
        let from = day.and_hms_opt(from, 0, 0)?;
        Some(Self { from, to: from + TimeDelta::hours(hours), precision: Precision::PartOfDay })
    }

    pub(super) fn hour(at: NaiveDateTime) -> Option<Self> {
        let from = at.date().and_hms_opt(at.hour(), 0, 0)?;
        Some(Self { from, to: from + TimeDelta::hours(1), precision: Precision::Hour })
    }

    pub(super) fn minute(at: NaiveDateTime) -> Option<Self> {
        let from = at.date().and_time(NaiveTime::from_hms_opt(at.hour(), at.minute(), 0)?);
        Some(Self { from, to: from + TimeDelta::minutes(1), precision: Precision::Minute })
    }

    /// Whether the whole span is in years that RFC 3339 can write, in every time zone.
    pub(super) fn can_be_written(&self) -> bool {
        self.from.year() > 1 && self.to.year() < 9999
    }

    /// The same span in UTC.
    pub(super) fn when(&self, zone: Zone) -> When {
        When { from: zone.moment(self.from), to: zone.moment(self.to), precision: self.precision }
    }

    /// The same key for every wording; the forms are those of TIMEX3.
    pub(super) fn key(&self) -> String {
        let from = self.from;
        match self.precision {
            Precision::Minute | Precision::Hour => from.format("%Y-%m-%dT%H:%M").to_string(),
            Precision::PartOfDay => format!("{}T{}", from.format("%Y-%m-%d"), self.part_words().0),
            Precision::Day => from.format("%Y-%m-%d").to_string(),
            Precision::Weekend => from.format("%G-W%V-WE").to_string(),
            Precision::Week => from.format("%G-W%V").to_string(),
            Precision::Month => from.format("%Y-%m").to_string(),
            Precision::Season => format!("{}-M{}", from.year(), from.month()),
            Precision::Year => from.year().to_string(),
            Precision::Decade => format!("{}s", from.year()),
        }
    }

    /// A name that is clear without the time of speaking.
    pub(super) fn name(&self, is_southern: bool) -> String {
        let from = self.from;
        match self.precision {
            Precision::Minute | Precision::Hour => from.format("%-d %B %Y, %H:%M").to_string(),
            Precision::PartOfDay => format!("{}, {}", from.format("%-d %B %Y"), self.part_words().1),
            Precision::Day => from.format("%-d %B %Y").to_string(),
            Precision::Weekend => from.format("weekend of %-d %B %Y").to_string(),
            Precision::Week => from.format("week of %-d %B %Y").to_string(),
            Precision::Month => from.format("%B %Y").to_string(),
            Precision::Season => {
                let month = if is_southern { (from.month() + 5) % 12 + 1 } else { from.month() };
                let season = match month {
                    3 => "spring",
                    6 => "summer",
                    9 => "autumn",
                    _ => "winter",
                };
                match self.to.year() - from.year() {
                    0 => format!("{season} {}", from.year()),
                    _ => format!("{season} {}/{:02}", from.year(), self.to.year() % 100),
                }
            }
            Precision::Year => from.year().to_string(),
            Precision::Decade => format!("the {}s", from.year()),
        }
    }

    fn part_words(&self) -> (&'static str, &'static str) {
        match (self.from.hour(), (self.to - self.from).num_hours()) {
            (6, _) => ("MO", "morning"),
            (12, _) => ("AF", "afternoon"),
            (_, 4) => ("EV", "evening"),
            _ => ("NI", "night"),
        }
    }
}

/// The Monday of a day's week, by ISO 8601.
pub(super) fn monday(day: NaiveDate) -> NaiveDate {
    day.week(Weekday::Mon).first_day()
}
