//! What a date says by itself, before anybody knows when it was said.

use chrono::Weekday;

/// A date as it was said: which day, which part of the day, what time. At least one is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// Which day, or week, or year.
    pub calendar: Option<Calendar>,
    /// Which part of the day.
    pub part: Option<Part>,
    /// What time of the day.
    pub clock: Option<Clock>,
}

/// A place in the calendar, or how far away one is.
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
    /// `yesterday`, `next week`, `in three days`: so many units away, backwards below zero
    Away { unit: Unit, count: i64 },
    /// A time that hangs on another, or on a calendar that is not known here: `two weeks later`
    Elsewhere,
}

/// Which of those that return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Nothing was said.
    Any,
    /// The last.
    Last,
    /// This.
    This,
    /// The next.
    Next,
    /// The one in a week that is so many away.
    OfWeek(i64),
}

/// A year, named or counted from this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Year {
    /// `2024`
    Named(i32),
    /// `next year`
    Away(i64),
}

/// What time is counted in.
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
pub(crate) enum Part {
    Morning,
    Afternoon,
    Evening,
    Night,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// 0 to 24; where `half` is told, or nothing is, as people count it: 1 to 12.
    pub hour: u32,
    /// None when only the hour was named.
    pub minute: Option<u32>,
    /// Which half of the day, if that was said.
    pub half: Half,
}

/// Which half of the day an hour is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// `9 a.m.`
    Before,
    /// `9 p.m.`
    After,
    /// The hour tells it: `21:30`, `09:30`, `noon`.
    Told,
    /// Nobody said.
    Open,
}

impl Spoken {
    /// One date of two that were said together; none if both say the same thing, each its own way.
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

    /// Whether it is about one day, so that a time of day can belong to it.
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
    /// `Tuesday` within `next week`, `May 3rd` within `next year`.
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
