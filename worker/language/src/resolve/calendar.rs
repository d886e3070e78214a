//! Finds the day, the week or the year that a date means.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use self_domain::date::Precision;

use super::span::{Span, monday};
use super::tense::Tense;
use crate::extract::dates::spoken::{
    Calendar, Clock, Half, Holiday, PartOfDay, Season, Spoken, Unit, Which, Year,
};

/// How many years before and after are searched for a day that matches its weekday.
const NEAR_YEARS: i32 = 6;

/// The time and the tense of a date's sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpeechContext {
    /// The local time.
    pub(super) at: NaiveDateTime,
    pub(super) tense: Tense,
    pub(super) is_southern: bool,
}

/// Resolves a date; none if its words are not enough.
pub(super) fn place(spoken: &Spoken, said: &SpeechContext) -> Option<Span> {
    let calendar = match spoken.calendar {
        Some(calendar) => said.calendar(calendar)?,
        None => return said.without_day(spoken.clock?, spoken.part),
    };
    if calendar.precision != Precision::Day {
        return (spoken.clock.is_none() && spoken.part.is_none()).then_some(calendar);
    }
    let day = calendar.from.date();
    match (spoken.clock, spoken.part) {
        (Some(clock), part) => time(day, clock, part),
        (None, Some(part)) => Span::part(day, part),
        (None, None) => Some(calendar),
    }
}

impl SpeechContext {
    fn today(&self) -> NaiveDate {
        self.at.date()
    }

    fn calendar(&self, calendar: Calendar) -> Option<Span> {
        let this_year = self.today().year();
        match calendar {
            Calendar::Day { day, month, year: Some(year), .. } => {
                Span::day(NaiveDate::from_ymd_opt(self.year(year)?, month, day)?)
            }
            Calendar::Day { day, month, year: None, weekday } => {
                let fits = |date: &NaiveDate| weekday.is_none_or(|weekday| date.weekday() == weekday);
                let around = if weekday.is_some() { NEAR_YEARS } else { 4 };
                let days = (this_year - around..=this_year + around)
                    .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                    .filter(fits);
                // A matching weekday says more than the tense.
                let tense = if weekday.is_some() { Tense::Open } else { self.tense };
                self.nearest(days.filter_map(Span::day), tense)
            }
            Calendar::Weekday { weekday, which } => Span::day(self.weekday(weekday, which)?),
            Calendar::Month { month, which } => self.which(which, |year| {
                Span::months(NaiveDate::from_ymd_opt(year, month, 1)?, 1, Precision::Month)
            }),
            Calendar::MonthOf { month, year } => {
                Span::months(NaiveDate::from_ymd_opt(self.year(year)?, month, 1)?, 1, Precision::Month)
            }
            Calendar::Season { season, which } => {
                self.which(which, |year| Span::season(season as Season, year, self.is_southern))
            }
            Calendar::Holiday { holiday, which } => {
                self.which(which, |year| Span::day(holiday_of(holiday, year)?))
            }
            Calendar::Year(year) => Span::year(year),
            Calendar::Decade(first) => Span::decade(first),
            // The latest decade that is over: in 2024 the twenties are those of the last century.
            Calendar::NamedDecade(decade) => {
                let first = this_year - this_year.rem_euclid(100) + decade;
                Span::decade(if first + 10 <= this_year { first } else { first - 100 })
            }
            Calendar::Away { unit, count } => self.away(unit, count),
            Calendar::Elsewhere => None,
        }
    }

    fn year(&self, year: Year) -> Option<i32> {
        match year {
            Year::Named(year) => Some(year),
            Year::Away(count) => self.today().year().checked_add(i32::try_from(count).ok()?),
        }
    }

    /// `next Tuesday` is the Tuesday of next week, also on a Monday: people call the next day tomorrow, or
    /// this Tuesday. `last Tuesday` is the latest that is over; on a Friday, the one of this week.
    /// `Tuesday` alone is the coming one, or the latest one in the past tense; it never means today.
    fn weekday(&self, weekday: Weekday, which: Which) -> Option<NaiveDate> {
        let today = self.today();
        let of_week = |weeks: i64| {
            let monday = monday(today).checked_add_signed(TimeDelta::try_weeks(weeks)?)?;
            Some(monday + Days::new(u64::from(weekday.num_days_from_monday())))
        };
        let ahead = u64::from(weekday.days_since(today.weekday()));
        let behind = u64::from(today.weekday().days_since(weekday));
        let back = Days::new(if behind == 0 { 7 } else { behind });
        match (which, self.tense) {
            (Which::This, _) => of_week(0),
            (Which::Next, _) => of_week(1),
            (Which::OfWeek(weeks), _) => of_week(weeks),
            (Which::Last, _) | (Which::Any, Tense::Past) => today.checked_sub_days(back),
            (Which::Any, _) => today.checked_add_days(Days::new(if ahead == 0 { 7 } else { ahead })),
        }
    }

    /// Chooses among yearly spans: `last` is over, `next` has not begun, any other is the nearest that the
    /// tense allows.
    fn which(&self, which: Which, of_year: impl Fn(i32) -> Option<Span>) -> Option<Span> {
        let (year, today) = (self.today().year(), NaiveDateTime::from(self.today()));
        let spans: Vec<Span> = (year - 2..=year + 2).filter_map(of_year).collect();
        match which {
            Which::Last => spans.into_iter().rfind(|span| span.to <= today),
            Which::Next => spans.into_iter().find(|span| span.from > today),
            Which::Any | Which::This | Which::OfWeek(_) => self.nearest(spans.into_iter(), self.tense),
        }
    }

    /// The span nearest to the day of speaking that the tense allows: in the past tense it has begun, in
    /// the future tense it is not over. Of two equally near spans, the later one.
    fn nearest(&self, spans: impl Iterator<Item = Span>, tense: Tense) -> Option<Span> {
        let today = NaiveDateTime::from(self.today());
        let distance = |span: &Span| {
            if span.from > today {
                span.from - today
            } else if span.to <= today {
                today - span.to + TimeDelta::days(1)
            } else {
                TimeDelta::zero()
            }
        };
        let allowed = |span: &Span| match tense {
            Tense::Past => span.from <= today,
            Tense::Future => span.to > today,
            Tense::Open => true,
        };
        spans.filter(allowed).min_by_key(|span| (distance(span), std::cmp::Reverse(span.from)))
    }

    /// A distance is as exact as its unit: three days ago is a day, two years ago a year.
    fn away(&self, unit: Unit, count: i64) -> Option<Span> {
        let (at, today) = (self.at, self.today());
        match unit {
            Unit::Minute => Span::minute(at.checked_add_signed(TimeDelta::try_minutes(count)?)?),
            Unit::Hour => Span::hour(at.checked_add_signed(TimeDelta::try_hours(count)?)?),
            Unit::Day => Span::day(today.checked_add_signed(TimeDelta::try_days(count)?)?),
            Unit::Week | Unit::Weekend => {
                let monday = monday(today).checked_add_signed(TimeDelta::try_weeks(count)?)?;
                match unit {
                    Unit::Week => Span::days(monday, 7, Precision::Week),
                    _ => Span::days(monday + Days::new(5), 2, Precision::Weekend),
                }
            }
            Unit::Month => {
                let months = Months::new(u32::try_from(count.unsigned_abs()).ok()?);
                let month = if count < 0 {
                    today.checked_sub_months(months)?
                } else {
                    today.checked_add_months(months)?
                };
                Span::months(month, 1, Precision::Month)
            }
            Unit::Year => Span::year(self.year(Year::Away(count))?),
            Unit::Decade => {
                let year = self.year(Year::Away(count.checked_mul(10)?))?;
                Span::decade(year - year.rem_euclid(10))
            }
        }
    }

    /// Resolves a time of day without a day: the next one in the future tense, the last one in the past
    /// tense. Without a tense the day is unknown.
    fn without_day(&self, clock: Clock, part: Option<PartOfDay>) -> Option<Span> {
        let day = |away: i64| time(self.today() + TimeDelta::days(away), clock, part);
        match self.tense {
            Tense::Future => (-1..=1).filter_map(day).find(|span| span.from >= self.at),
            Tense::Past => (-1..=1).filter_map(day).rfind(|span| span.from <= self.at),
            Tense::Open => None,
        }
    }
}

/// Puts a time on a day. When the half of the day was not said, the time is from 7:00 to 18:59.
fn time(day: NaiveDate, clock: Clock, part: Option<PartOfDay>) -> Option<Span> {
    let (hour, minute) = (clock.hour, clock.minute.unwrap_or(0));
    let (days, hour) = match (clock.half, part) {
        (Half::Stated, _) => (0, hour),
        (Half::Before, _) | (Half::Open, Some(PartOfDay::Morning)) => (0, hour % 12),
        // The hours after midnight belong to the next day.
        (Half::Open, Some(PartOfDay::Night)) if hour == 12 || hour < 6 => (1, hour % 12),
        (Half::After, _) | (Half::Open, Some(_)) => (0, hour % 12 + 12),
        (Half::Open, None) if (1..=6).contains(&hour) => (0, hour + 12),
        (Half::Open, None) => (0, hour),
    };
    let at = NaiveDateTime::from(day)
        .checked_add_signed(TimeDelta::days(days) + TimeDelta::hours(hour.into()))?
        .checked_add_signed(TimeDelta::minutes(minute.into()))?;
    match clock.minute {
        Some(_) => Span::minute(at),
        None => Span::hour(at),
    }
}

fn holiday_of(holiday: Holiday, year: i32) -> Option<NaiveDate> {
    match holiday {
        Holiday::NewYearsDay => NaiveDate::from_ymd_opt(year, 1, 1),
        Holiday::Easter => easter(year),
        Holiday::Halloween => NaiveDate::from_ymd_opt(year, 10, 31),
        // The fourth Thursday of November, as in the United States.
        Holiday::Thanksgiving => NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4),
        Holiday::ChristmasEve => NaiveDate::from_ymd_opt(year, 12, 24),
        Holiday::Christmas => NaiveDate::from_ymd_opt(year, 12, 25),
        Holiday::NewYearsEve => NaiveDate::from_ymd_opt(year, 12, 31),
    }
}

/// Easter Sunday of the western churches: the anonymous Gregorian algorithm (Nature, 20 April 1876).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs())
}
