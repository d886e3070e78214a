//! Dates relative to the moment of speaking: `tomorrow`, `next week`, `two years ago`.

use super::super::Phrase;
use super::super::numbers::number;
use super::calendar::{holiday, month, weekday};
use super::spoken::{Calendar, PartOfDay, Season, Spoken, Unit, Which};

/// `today`, `tomorrow`, `next week`, `last Tuesday`, `two years ago`, `in three days`.
pub(super) fn relative(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Spoken)> {
    let of = |calendar| Spoken { calendar: Some(calendar), ..Spoken::default() };
    let day = |count| Calendar::Away { unit: Unit::Day, count };
    match phrase.word(at) {
        "today" => return Some((at + 1, of(day(0)))),
        "tomorrow" => return Some((at + 1, of(day(1)))),
        "yesterday" => return Some((at + 1, of(day(-1)))),
        "tonight" => return Some((at + 1, Spoken { part: Some(PartOfDay::Night), ..of(day(0)) })),
        _ => {}
    }
    twice(phrase, at)
        .map(|(end, calendar)| (end, of(calendar)))
        .or_else(|| named(phrase, at))
        .or_else(|| distance(phrase, at).map(|(end, calendar)| (end, of(calendar))))
}

/// `the day after tomorrow`, `the week before last`.
fn twice(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Calendar)> {
    let (_, unit) = (phrase.word(at) == "the").then(|| period(phrase.word(at + 1)))??;
    let step = match phrase.word(at + 2) {
        "after" => 1,
        "before" => -1,
        _ => return None,
    };
    let calendar = match phrase.word(at + 3) {
        "tomorrow" | "next" if step > 0 => Calendar::Away { unit: unit?, count: 2 },
        "yesterday" | "last" if step < 0 => Calendar::Away { unit: unit?, count: -2 },
        "tomorrow" | "yesterday" | "next" | "last" => Calendar::Elsewhere,
        _ => return None,
    };
    matches!(unit, Some(Unit::Day | Unit::Week | Unit::Month | Unit::Year)).then_some((at + 4, calendar))
}

/// `next May`, `last night`, `this weekend`.
fn named(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Spoken)> {
    let (which, count) = match phrase.word(at) {
        "last" => (Which::Last, -1),
        "this" => (Which::This, 0),
        "next" => (Which::Next, 1),
        _ => return None,
    };
    let calendar = |calendar| Spoken { calendar: Some(calendar), ..Spoken::default() };
    if let Some((end, part)) = super::clock::part(phrase, at + 1).filter(|(end, _)| *end == at + 2) {
        // `the next morning` is relative to the time of the story, not to the moment of speaking.
        let day = match (which, part) {
            (Which::This, _) | (Which::Last, PartOfDay::Night | PartOfDay::Evening) => {
                Calendar::Away { unit: Unit::Day, count }
            }
            _ => Calendar::Elsewhere,
        };
        return Some((end, Spoken { part: Some(part), ..calendar(day) }));
    }
    if let Some(month) = month(phrase, at + 1) {
        return Some((at + 2, calendar(Calendar::Month { month, which })));
    }
    if let Some(weekday) = weekday(phrase.word(at + 1)) {
        return Some((at + 2, calendar(Calendar::Weekday { weekday, which })));
    }
    if let Some((end, holiday)) = holiday(phrase, at + 1, true) {
        let holiday = holiday.map_or(Calendar::Elsewhere, |holiday| Calendar::Holiday { holiday, which });
        return Some((end, calendar(holiday)));
    }
    if let Some(season) = season(phrase.word(at + 1)) {
        return Some((at + 2, calendar(Calendar::Season { season, which })));
    }
    let (many, unit) = period(phrase.word(at + 1))?;
    // `this minute` and `last days` are figures of speech.
    let figure = many || matches!(unit, Some(Unit::Minute | Unit::Hour | Unit::Day));
    let away = unit.map_or(Calendar::Elsewhere, |unit| Calendar::Away { unit, count });
    (!figure).then_some((at + 2, calendar(away)))
}

/// `two years ago`, `in three days`, `a week from now`.
fn distance(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Calendar)> {
    let ahead = phrase.word(at) == "in";
    let count = at + usize::from(ahead);
    if phrase.word(count) == "half"
        && phrase.is_any(count + 1, &["a", "an"])
        && phrase.word(count + 2) == "hour"
    {
        return directed(phrase, ahead, count + 3, Some(Unit::Minute), 30.0);
    }
    let (end, count) =
        number(phrase, count).or_else(|| phrase.is_any(count, &["a", "an"]).then_some((count + 1, 1.0)))?;
    let (_, unit) = period(phrase.word(end))?;
    directed(phrase, ahead, end + 1, unit, count)
}

/// A distance whose direction is given before or after it.
fn directed(
    phrase: &Phrase<'_>,
    ahead: bool,
    end: usize,
    unit: Option<Unit>,
    count: f64,
) -> Option<(usize, Calendar)> {
    let away = |unit: Option<Unit>, direction: i64| match unit {
        // Larger counts are not meant literally, and half a year is no calendar year.
        Some(unit) if count.fract() == 0.0 && count < 10_000.0 => {
            Calendar::Away { unit, count: count as i64 * direction }
        }
        _ => Calendar::Elsewhere,
    };
    match phrase.word(end) {
        "ago" => return Some((end + 1, away(unit, -1))),
        "later" | "earlier" => return Some((end + 1, Calendar::Elsewhere)),
        "from" if phrase.word(end + 1) == "now" => return Some((end + 2, away(unit, 1))),
        "from" if phrase.word(end + 1) == "today" => {
            let days = match unit {
                Some(Unit::Week) => Calendar::Away { unit: Unit::Day, count: count as i64 * 7 },
                unit => away(unit, 1),
            };
            return Some((end + 2, days));
        }
        _ => {}
    }
    (ahead && phrase.is_any(end, &["", ".", ",", "?", "!", "or", "and"])).then(|| (end, away(unit, 1)))
}

/// Parses a period: whether it is a plural, and its unit; `None` as the unit if it is too vague.
fn period(word: &str) -> Option<(bool, Option<Unit>)> {
    let (many, one) = match word.strip_suffix('s') {
        Some(one) => (true, one),
        None => (false, word),
    };
    let unit = match one {
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "weekend" => Unit::Weekend,
        "month" => Unit::Month,
        "year" => Unit::Year,
        "decade" => Unit::Decade,
        "century" => return Some((many, None)),
        _ if word == "centuries" => return Some((true, None)),
        _ => return None,
    };
    Some((many, Some(unit)))
}

fn season(word: &str) -> Option<Season> {
    match word {
        "spring" => Some(Season::Spring),
        "summer" => Some(Season::Summer),
        "autumn" | "fall" => Some(Season::Autumn),
        "winter" => Some(Season::Winter),
        _ => None,
    }
}
