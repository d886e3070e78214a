//! Times of day: `9:30`, `9:30 a.m.`, `three o'clock`, `half past nine`, `quarter to ten`, `noon`.

use super::super::Phrase;
use super::super::numbers::{digits, small};
use super::spoken::{Clock, Half, PartOfDay};

const MORE: &[&str] = &[
    "", ".", ",", "?", "!", ";", "in", "and", "or", "for", "with", "to", "on", "sharp", "then", "so", "but",
    "because", "if", "at", "today", "tomorrow",
];

/// Reads a time that is clear without its context, and returns it with the index of the next word.
pub(super) fn clock(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let stated = |hour| Some((at + 1, Clock { hour, minute: None, half: Half::Stated }));
    match phrase.word(at) {
        "noon" | "midday" => return stated(12),
        "midnight" => return stated(24),
        _ => {}
    }
    past_or_to(phrase, at)
        .or_else(|| written(phrase, at))
        .or_else(|| glued(phrase, at))
        .or_else(|| spoken(phrase, at))
}

/// Reads a bare hour, which is a time only with a day and an `at`: `tomorrow at nine`, `at 3:30 on Friday`.
pub(super) fn bare(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let (end, hour) = hour(phrase, at)?;
    let (end, minute) = minutes(phrase, end);
    MORE.contains(&phrase.word(end)).then_some((end, Clock { hour, minute, half: Half::Open }))
}

/// Reads a part of the day that was named before: `morning`, `in the morning`, `at night`.
pub(super) fn part(phrase: &Phrase<'_>, at: usize) -> Option<(usize, PartOfDay)> {
    let named = match (phrase.word(at), phrase.word(at + 1)) {
        ("in", "the") => at + 2,
        ("at", "night") => at + 1,
        _ => at,
    };
    let part = match phrase.word(named) {
        "morning" => PartOfDay::Morning,
        "afternoon" => PartOfDay::Afternoon,
        "evening" => PartOfDay::Evening,
        "night" => PartOfDay::Night,
        _ => return None,
    };
    Some((named + 1, part))
}

/// `half past nine`, `quarter to ten`.
fn past_or_to(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let quarters = match phrase.word(at) {
        "half" => 30,
        "quarter" => 15,
        _ => return None,
    };
    let past = match phrase.word(at + 1) {
        "past" => true,
        "to" => false,
        _ => return None,
    };
    let (end, named) = hour(phrase, at + 2)?;
    let (end, half) = half_of_day(phrase, end);
    let hour = if past {
        named
    } else if named == 1 {
        12
    } else {
        named - 1
    };
    let minute = if past { quarters } else { 60 - quarters };
    Some((end, Clock { hour, minute: Some(minute), half }))
}

/// `9:30`, `21:30`.
fn written(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let (hours, minutes) = phrase.word(at).split_once(':')?;
    let hour: u32 = hours.parse().ok().filter(|hour| *hour < 24)?;
    let minute: u32 = minutes.parse().ok().filter(|minute| minutes.len() == 2 && *minute < 60)?;
    let (end, half) = half_of_day(phrase, at + 1);
    let stated = hours.starts_with('0') || hour > 12;
    let half = if half == Half::Open && stated { Half::Stated } else { half };
    Some((end, Clock { hour, minute: Some(minute), half }))
}

/// `9am`.
fn glued(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let word = phrase.word(at);
    let (hour, half) = None
        .or_else(|| Some((word.strip_suffix("am")?, Half::Before)))
        .or_else(|| Some((word.strip_suffix("pm")?, Half::After)))?;
    let hour = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    Some((at + 1, Clock { hour, minute: None, half }))
}

/// `three o'clock`, `ten thirty pm`.
fn spoken(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Clock)> {
    let (end, hour) = hour(phrase, at)?;
    let (spoken, minute) = minutes(phrase, end);
    let (after, half) = half_of_day(phrase, spoken);
    if after > spoken {
        return Some((after, Clock { hour, minute, half }));
    }
    phrase.is_any(end, &["o'clock", "o’clock"]).then(|| {
        let (end, half) = half_of_day(phrase, end + 1);
        (end, Clock { hour, minute: None, half })
    })
}

fn hour(phrase: &Phrase<'_>, at: usize) -> Option<(usize, u32)> {
    let value = small(phrase.word(at)).or_else(|| digits(phrase.word(at)))?;
    ((1.0..=12.0).contains(&value) && value.fract() == 0.0).then_some((at + 1, value as u32))
}

fn minutes(phrase: &Phrase<'_>, at: usize) -> (usize, Option<u32>) {
    match small(phrase.word(at)).filter(|minutes| (10.0..60.0).contains(minutes)) {
        Some(minutes) => (at + 1, Some(minutes as u32)),
        None => (at, None),
    }
}

fn half_of_day(phrase: &Phrase<'_>, at: usize) -> (usize, Half) {
    match phrase.word(at) {
        "am" | "a.m." | "a.m" => (at + 1, Half::Before),
        "pm" | "p.m." | "p.m" => (at + 1, Half::After),
        _ => (at, Half::Open),
    }
}
