//! Days, months and years by name and number: `Tuesday, May 3rd, 2024`, `the third of May`,
//! `2024-05-03`, `nineteen eighty-four`, `the nineties`.

use chrono::{NaiveDate, Weekday};

use super::super::Phrase;
use super::super::numbers::{day, digits, year};
use super::spoken::{Calendar, Holiday, Which, Year};

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const DECADES: &[&str] =
    &["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"];

/// Reads the calendar date at a word, and returns it with the index of the next word.
pub(super) fn calendar(phrase: &Phrase<'_>, start: usize) -> Option<(usize, Calendar)> {
    if let Some(weekday) = weekday(phrase.word(start)).filter(|_| phrase.is_capitalised(start)) {
        let comma = start + 1 + usize::from(phrase.word(start + 1) == ",");
        let the = comma + usize::from(phrase.word(comma) == "the");
        return Some(match month_and_day(phrase, the) {
            Some((end, Calendar::Day { day, month, year, .. })) => {
                (end, Calendar::Day { day, month, year, weekday: Some(weekday) })
            }
            _ => (start + 1, Calendar::Weekday { weekday, which: Which::Any }),
        });
    }
    if phrase.word(start) == "the" {
        return day_of_month(phrase, start + 1);
    }
    month_and_day(phrase, start)
        .or_else(|| {
            let (end, holiday) = holiday(phrase, start, false)?;
            let which = Which::Any;
            Some((end, holiday.map_or(Calendar::Elsewhere, |holiday| Calendar::Holiday { holiday, which })))
        })
        .or_else(|| written(phrase, start))
        .or_else(|| era(phrase, start))
}

fn month_and_day(phrase: &Phrase<'_>, start: usize) -> Option<(usize, Calendar)> {
    day_of_month(phrase, start).or_else(|| {
        let month = month(phrase, start)?;
        let after = start + 1;
        let the = after + usize::from(phrase.word(after) == "the");
        let day = day(phrase, the).filter(|_| year(phrase, after).is_none_or(|(end, _)| end > after + 1));
        let Some((end, day)) = day else {
            return match year(phrase, after) {
                Some((end, year)) => Some((end, Calendar::MonthOf { month, year: named(year) })),
                None => {
                    is_certain(phrase, start).then_some((after, Calendar::Month { month, which: Which::Any }))
                }
            };
        };
        let comma = end + usize::from(phrase.word(end) == ",");
        let (end, year) = year(phrase, comma).map_or((end, None), |(end, year)| (end, Some(named(year))));
        Some((end, Calendar::Day { day, month, year, weekday: None }))
    })
}

/// `3rd of May`, `3 May 2024`.
fn day_of_month(phrase: &Phrase<'_>, start: usize) -> Option<(usize, Calendar)> {
    let (end, day) = day(phrase, start)?;
    let at = end + usize::from(phrase.word(end) == "of");
    let month = month(phrase, at)?;
    let (end, year) = year(phrase, at + 1).map_or((at + 1, None), |(end, year)| (end, Some(named(year))));
    Some((end, Calendar::Day { day, month, year, weekday: None }))
}

/// The month that is named at a word, counted from 1.
pub(super) fn month(phrase: &Phrase<'_>, at: usize) -> Option<u32> {
    let place = MONTHS.iter().position(|month| *month == phrase.word(at))?;
    phrase.is_capitalised(at).then_some(place as u32 + 1)
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let place = WEEKDAYS.iter().position(|weekday| *weekday == word)?;
    Weekday::try_from(u8::try_from(place).ok()?).ok()
}

/// Reads a holiday, and returns it with the index of the next word; `None` as the day if the holiday
/// follows another calendar.
pub(super) fn holiday(phrase: &Phrase<'_>, at: usize, is_certain: bool) -> Option<(usize, Option<Holiday>)> {
    let of_year = phrase.word(at) == "new"
        && phrase.word(at + 1) == "year"
        && phrase.is_any(at + 2, &["'s", "’s"])
        && phrase.is_any(at + 3, &["day", "eve"]);
    if of_year {
        let eve = phrase.word(at + 3) == "eve";
        return Some((at + 4, Some(if eve { Holiday::NewYearsEve } else { Holiday::NewYearsDay })));
    }
    let eve = phrase.word(at + 1) == "eve";
    let holiday = match phrase.word(at) {
        "christmas" if eve => Some(Holiday::ChristmasEve),
        "christmas" => Some(Holiday::Christmas),
        "easter" if !eve => Some(Holiday::Easter),
        "thanksgiving" if !eve => Some(Holiday::Thanksgiving),
        "halloween" if !eve => Some(Holiday::Halloween),
        "easter" | "thanksgiving" | "halloween" | "ramadan" | "hanukkah" => None,
        _ => return None,
    };
    let end = at + 1 + usize::from(eve || phrase.word(at + 1) == "day");
    (is_certain || phrase.is_capitalised(at)).then_some((end, holiday))
}

/// Whether a month name means the month. `May`, `March`, `April`, `June` and `August` have other meanings:
/// alone they need a preposition of time before them.
fn is_certain(phrase: &Phrase<'_>, at: usize) -> bool {
    const TIME_PREPS: &[&str] = &[
        "in", "of", "since", "until", "till", "by", "last", "next", "this", "early", "late", "mid", "from",
        "every",
    ];
    !phrase.is_any(at, &["may", "march", "april", "june", "august"])
        || TIME_PREPS.contains(&before(phrase, at))
}

/// `2024-05-03`, `5/3/2024`.
pub(super) fn written(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Calendar)> {
    let of = |year: i32, month: u32, day: u32| match NaiveDate::from_ymd_opt(year, month, day) {
        Some(_) => Calendar::Day { day, month, year: Some(Year::Named(year)), weekday: None },
        None => Calendar::Elsewhere,
    };
    let fields: Vec<_> = phrase.word(at).split('-').collect();
    if let [year, month, day] = fields[..]
        && year.len() == 4
        && [year, month, day].iter().all(|field| field.chars().all(|digit| digit.is_ascii_digit()))
    {
        let number = |field: &str| field.parse().unwrap_or(0);
        return Some((at + 1, of(year.parse().unwrap_or(0), number(month), number(day))));
    }
    let slash = |at: usize| phrase.word(at) == "/" && phrase.is_joined(at) && phrase.is_joined(at - 1);
    let short = |at: usize| digits(phrase.word(at)).filter(|_| phrase.word(at).len() <= 2);
    let (one, other) = (short(at)? as u32, short(at + 2).filter(|_| slash(at + 1))? as u32);
    let year = digits(phrase.word(at + 4)).filter(|_| slash(at + 3))? as i32;
    // Some people write the month first, others the day: when both readings are possible, it is unresolved.
    let calendar = match (one, other) {
        _ if phrase.word(at + 4).len() != 4 => Calendar::Elsewhere,
        (month, day) if month == day || day > 12 => of(year, month, day),
        (day, month) if day > 12 => of(year, month, day),
        _ => Calendar::Elsewhere,
    };
    Some((at + 5, calendar))
}

/// `in 1984`, `nineteen eighty-four`, `the 1990s`, `the nineties`.
fn era(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Calendar)> {
    const TIME_PREPS: &[&str] = &[
        "in", "since", "until", "till", "by", "from", "of", "before", "after", "around", "to", "and",
        "between", "during",
    ];
    let (before, word) = (before(phrase, at), phrase.word(at));
    let decade = word.strip_suffix('s').filter(|start| start.len() == 4 && start.ends_with('0'));
    if let Some(first) = decade.and_then(|first| first.parse().ok()) {
        return Some((at + 1, Calendar::Decade(first)));
    }
    let decade = DECADES.iter().position(|decade| *decade == word).filter(|_| before == "the");
    if let Some(place) = decade {
        return Some((at + 1, Calendar::NamedDecade(place as i32 * 10 + 20)));
    }
    let (end, year) = year(phrase, at)?;
    let alone = matches!(phrase.word(end), "" | "." | "," | "?" | "!" | ")" | ";" | ":") && before == "(";
    (alone || TIME_PREPS.contains(&before)).then_some((end, Calendar::Year(year as i32)))
}

fn before<'a>(phrase: &'a Phrase<'_>, at: usize) -> &'a str {
    at.checked_sub(1).map_or("", |before| phrase.word(before))
}

fn named(year: u32) -> Year {
    Year::Named(year as i32)
}
