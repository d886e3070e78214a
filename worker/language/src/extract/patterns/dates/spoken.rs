//! The content of a spoken date, independent of the time when it was said.

use chrono::Weekday;

/// A date as it was said: a day, a part of the day, a time. At least one of them is present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// The day, the week or the year.
    pub calendar: Option<Calendar>,
    /// The part of the day.
    pub part: Option<PartOfDay>,
    /// The time of day.
    pub clock: Option<Clock>,
}

/// A calendar date, or a distance in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// `Tuesday, May 3rd, 2024`
    Day { day: u32, month: u32, year: Option<Year>, weekday: Option<Weekday> },
    /// `next Tuesday`
    Weekday { weekday: Weekday, which: Which },
    /// `last May`
    Month { month: u32, which: Which },
    /// `May 2024`
    MonthOf { month: u32, year: Year },
    /// `last summer`
    Season { season: Season, which: Which },
    /// `Christmas Eve`
    Holiday { holiday: Holiday, which: Which },
    /// `1984`
    Year(i32),
    /// `the 1990s`, by its first year
    Decade(i32),
    /// `the nineties`, by 90
    NamedDecade(i32),
    /// `yesterday`, `next week`, `in three days`: the number of units from now, negative for the past
    Away { unit: Unit, count: i64 },
    /// A time that depends on another, or on a calendar that is not supported: `two weeks later`
    Elsewhere,
}

/// Which occurrence of a recurring day, month or season.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// None was named.
    Any,
    /// The last.
    Last,
    /// This.
    This,
    /// The next.
    Next,
    /// The occurrence in the week that is this number of weeks away.
    OfWeek(i64),
}

/// A year, named or relative to the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Year {
    /// `2024`
    Named(i32),
    /// `next year`
    Away(i64),
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Weekend,
    Month,
    Year,
    Decade,
}

/// A season.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Season {
    Spring,
    Summer,
    Autumn,
    Winter,
}

/// A day that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holiday {
    NewYearsDay,
    Easter,
    Halloween,
    Thanksgiving,
    ChristmasEve,
    Christmas,
    NewYearsEve,
}

/// A part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartOfDay {
    Morning,
    Afternoon,
    Evening,
    Night,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// 0 to 24 if `half` is `Stated`, else 1 to 12.
    pub hour: u32,
    /// None if only the hour was named.
    pub minute: Option<u32>,
    /// The half of the day, if it was said.
    pub half: Half,
}

/// The half of the day of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// `9 a.m.`
    Before,
    /// `9 p.m.`
    After,
    /// The hour itself shows it: `21:30`, `09:30`, `noon`.
    Stated,
    /// It was not said.
    Open,
}

impl Spoken {
    /// Combines two dates that were said together; none if both name the same part of a date.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        if self.part.is_some() && other.part.is_some() || self.clock.is_some() && other.clock.is_some() {
            return None;
        }
        let calendar = match (self.calendar, other.calendar) {
            (Some(one), Some(other)) => Some(one.within(other).or_else(|| other.within(one))?),
            (one, other) => one.or(other),
        };
        Some(Self { calendar, part: self.part.or(other.part), clock: self.clock.or(other.clock) })
    }

    /// Whether the date is one day, so that a time of day can belong to it.
    pub(super) fn is_a_day(&self) -> bool {
        matches!(
            self.calendar,
            Some(
                Calendar::Day { .. }
                    | Calendar::Weekday { .. }
                    | Calendar::Holiday { .. }
                    | Calendar::Away { unit: Unit::Day, .. }
            )
        )
    }
}

impl Calendar {
    /// Combines two calendar parts: `Tuesday` within `next week`, `May 3rd` within `next year`.
    fn within(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Weekday { weekday, which: Which::Any }, Self::Away { unit: Unit::Week, count }) => {
                Some(Self::Weekday { weekday, which: Which::OfWeek(count) })
            }
            (Self::Day { day, month, year: None, weekday }, Self::Away { unit: Unit::Year, count }) => {
                Some(Self::Day { day, month, year: Some(Year::Away(count)), weekday })
            }
            (Self::Month { month, which: Which::Any }, Self::Away { unit: Unit::Year, count }) => {
                Some(Self::MonthOf { month, year: Year::Away(count) })
            }
            _ => None,
        }
    }
}
