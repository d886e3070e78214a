//! Days and times, as they are said. They are found here and resolved against the recording's own
//! clock elsewhere.

use super::numbers::{day, digits, number, small, year};
use super::{Found, Phrase};
use crate::stages::extract::EntityKind;

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
const RELATIVE: &[&str] = &["today", "tomorrow", "yesterday", "tonight"];
const PERIODS: &[&str] = &[
    "day",
    "days",
    "week",
    "weeks",
    "weekend",
    "weekends",
    "month",
    "months",
    "year",
    "years",
    "decade",
    "decades",
    "century",
    "centuries",
    "hour",
    "hours",
    "minute",
    "minutes",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
];
const PARTS: &[&str] = &["morning", "afternoon", "evening", "night"];
const HOLIDAYS: &[&str] = &["christmas", "easter", "thanksgiving", "halloween", "ramadan", "hanukkah"];

/// A day, a time, or a day with its time: `the 3rd of May`, `next Tuesday at half past nine`.
pub(super) fn date(phrase: &Phrase<'_>, start: usize) -> Option<Found> {
    let mut end = part(phrase, start)?;
    // A day and its time are one date.
    loop {
        let next = if phrase.is_any(end, &["at", "on", "in", ","]) { end + 1 } else { end };
        let next = if phrase.word(next) == "the" { next + 1 } else { next };
        match part(phrase, next).filter(|_| next == end || is_time(phrase, next) || is_time(phrase, start)) {
            Some(further) => end = further,
            None => break,
        }
    }
    Some(Found { kind: EntityKind::Date, end, key: phrase.join(start..end) })
}

fn part(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    None.or_else(|| calendar(phrase, at))
        .or_else(|| time(phrase, at))
        .or_else(|| relative(phrase, at))
        .or_else(|| written(phrase, at))
        .or_else(|| era(phrase, at))
}

fn is_time(phrase: &Phrase<'_>, at: usize) -> bool {
    time(phrase, at).is_some() || phrase.is_any(at, PARTS)
}

/// `Tuesday, May 3rd, 2024`, `the third of May`, `May 2024`, `Tuesday`.
fn calendar(phrase: &Phrase<'_>, start: usize) -> Option<usize> {
    if phrase.is_any(start, WEEKDAYS) && phrase.is_capitalised(start) {
        let comma = start + 1 + usize::from(phrase.word(start + 1) == ",");
        let the = comma + usize::from(phrase.word(comma) == "the");
        return Some(
            month_and_day(phrase, the)
                .unwrap_or_else(|| start + 1 + usize::from(phrase.is_any(start + 1, PARTS))),
        );
    }
    if phrase.word(start) == "the" {
        return day_of_month(phrase, start + 1);
    }
    month_and_day(phrase, start)
}

fn month_and_day(phrase: &Phrase<'_>, start: usize) -> Option<usize> {
    day_of_month(phrase, start).or_else(|| {
        let month = is_month(phrase, start).then_some(start + 1)?;
        let the = month + usize::from(phrase.word(month) == "the");
        let Some((end, _)) =
            day(phrase, the).filter(|_| year(phrase, month).is_none_or(|(end, _)| end > month + 1))
        else {
            let (year, certain) = year(phrase, month).map_or((month, false), |(end, _)| (end, true));
            return (certain || is_certain(phrase, start)).then_some(year);
        };
        let comma = end + usize::from(phrase.word(end) == ",");
        Some(year(phrase, comma).map_or(end, |(end, _)| end))
    })
}

/// `3rd of May`, `3 May 2024`.
fn day_of_month(phrase: &Phrase<'_>, start: usize) -> Option<usize> {
    let (end, _) = day(phrase, start)?;
    let month = end + usize::from(phrase.word(end) == "of");
    is_month(phrase, month).then_some(())?;
    Some(year(phrase, month + 1).map_or(month + 1, |(end, _)| end))
}

fn is_month(phrase: &Phrase<'_>, at: usize) -> bool {
    phrase.is_any(at, MONTHS) && phrase.is_capitalised(at)
}

/// `May`, `March`, `April` and `June` are other things as well: alone they need a word before them
/// that wants a time.
fn is_certain(phrase: &Phrase<'_>, at: usize) -> bool {
    const TIME_PREPS: &[&str] = &[
        "in", "of", "since", "until", "till", "by", "last", "next", "this", "early", "late", "mid", "from",
        "every",
    ];
    let before = at.checked_sub(1).map_or("", |before| phrase.word(before));
    !phrase.is_any(at, &["may", "march", "april", "june", "august"]) || TIME_PREPS.contains(&before)
}

/// `9:30`, `9:30 a.m.`, `three o'clock`, `half past nine`, `quarter to ten`, `noon`.
fn time(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    const HALVES: &[&str] = &["am", "pm", "a.m.", "p.m.", "a.m", "p.m"];
    let half_of_day = |end: usize| if phrase.is_any(end, HALVES) { end + 1 } else { end };
    if phrase.is_any(at, &["noon", "midnight", "midday"]) {
        return Some(at + 1);
    }
    if phrase.is_any(at, &["half", "quarter"]) && phrase.is_any(at + 1, &["past", "to"]) {
        return hour(phrase, at + 2).map(half_of_day);
    }
    let word = phrase.word(at);
    let clock = word.split_once(':').is_some_and(|(hours, minutes)| {
        hours.parse().is_ok_and(|hours: u8| hours < 24)
            && minutes.len() == 2
            && minutes.parse().is_ok_and(|minutes: u8| minutes < 60)
    });
    if clock {
        return Some(half_of_day(at + 1));
    }
    let glued = ["am", "pm"]
        .iter()
        .find_map(|half| word.strip_suffix(half))
        .is_some_and(|hour| hour.parse().is_ok_and(|hour: u8| (1..=12).contains(&hour)));
    if glued {
        return Some(at + 1);
    }
    let end = hour(phrase, at)?;
    let minutes = small(phrase.word(end)).filter(|minutes| *minutes >= 10.0).map_or(end, |_| end + 1);
    let spoken = half_of_day(minutes);
    (spoken > minutes)
        .then_some(spoken)
        .or_else(|| phrase.is_any(end, &["o'clock", "o’clock"]).then(|| half_of_day(end + 1)))
}

fn hour(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    let value = small(phrase.word(at)).or_else(|| digits(phrase.word(at)))?;
    (1.0..=12.0).contains(&value).then_some(at + 1)
}

/// `today`, `tomorrow morning`, `next week`, `last Tuesday`, `two years ago`, `in three days`.
fn relative(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    if phrase.is_any(at, RELATIVE) {
        return Some(at + 1 + usize::from(phrase.is_any(at + 1, PARTS)));
    }
    if phrase.word(at) == "the"
        && phrase.is_any(at + 1, &["day", "week", "year"])
        && phrase.is_any(at + 2, &["after", "before"])
    {
        return phrase.is_any(at + 3, &["tomorrow", "yesterday", "next", "last"]).then_some(at + 4);
    }
    if phrase.is_any(at, &["next", "last", "this"]) {
        let month =
            is_month(phrase, at + 1) || phrase.is_any(at + 1, WEEKDAYS) || phrase.is_any(at + 1, HOLIDAYS);
        let named = month || phrase.is_any(at + 1, PARTS);
        // `this minute` and `last days` are figures of speech.
        let period = phrase.is_any(at + 1, PERIODS)
            && !phrase.word(at + 1).ends_with('s')
            && !phrase.is_any(at + 1, &["minute", "hour", "day"]);
        return (named || period).then_some(at + 2);
    }
    if phrase.is_any(at, HOLIDAYS) && phrase.is_capitalised(at) {
        return Some(at + 1 + usize::from(phrase.is_any(at + 1, &["day", "eve"])));
    }
    let ahead = phrase.word(at) == "in";
    let count = at + usize::from(ahead);
    let (end, _) =
        number(phrase, count).or_else(|| phrase.is_any(count, &["a", "an"]).then_some((count + 1, 1.0)))?;
    if !phrase.is_any(end, PERIODS) {
        return None;
    }
    if phrase.is_any(end + 1, &["ago", "later", "earlier"]) {
        return Some(end + 2);
    }
    if phrase.word(end + 1) == "from" && phrase.is_any(end + 2, &["now", "today"]) {
        return Some(end + 3);
    }
    (ahead && phrase.is_any(end + 1, &["", ".", ",", "?", "!", "or", "and"])).then_some(end + 1)
}

/// `2024-05-03`, `5/3/2024`.
fn written(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    let word = phrase.word(at);
    let fields: Vec<_> = word.split('-').collect();
    if let [year, month, day] = fields[..]
        && year.len() == 4
        && [year, month, day].iter().all(|field| field.chars().all(|digit| digit.is_ascii_digit()))
    {
        return Some(at + 1);
    }
    let slash = |at: usize| phrase.word(at) == "/" && phrase.is_joined(at) && phrase.is_joined(at - 1);
    let short = |at: usize| phrase.word(at).len() <= 2 && digits(phrase.word(at)).is_some();
    let full =
        short(at) && slash(at + 1) && short(at + 2) && slash(at + 3) && digits(phrase.word(at + 4)).is_some();
    full.then_some(at + 5)
}

/// `in 1984`, `nineteen eighty-four`, `the 1990s`, `the nineties`.
fn era(phrase: &Phrase<'_>, at: usize) -> Option<usize> {
    const DECADES: &[&str] =
        &["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"];
    const TIME_PREPS: &[&str] = &[
        "in", "since", "until", "till", "by", "from", "of", "before", "after", "around", "to", "and",
        "between", "during",
    ];
    let before = at.checked_sub(1).map_or("", |before| phrase.word(before));
    let word = phrase.word(at);
    let decade =
        word.strip_suffix("0s").is_some_and(|start| start.len() == 3 && start.parse::<u16>().is_ok());
    if decade || before == "the" && DECADES.contains(&word) {
        return Some(at + 1);
    }
    let (end, _) = year(phrase, at)?;
    let alone = matches!(phrase.word(end), "" | "." | "," | "?" | "!" | ")" | ";" | ":") && before == "(";
    (alone || TIME_PREPS.contains(&before)).then_some(end)
}

#[cfg(test)]
mod tests {
    use crate::stages::extract::patterns::tests::found;

    fn dates(text: &str) -> Vec<&str> {
        found(text).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn days_are_found_in_every_order_that_people_use() {
        assert_eq!(
            dates("Tuesday, May 3rd, 2024; the third of June; 4 July 1999; March twenty-first and December."),
            ["Tuesday, May 3rd, 2024", "the third of June", "4 July 1999", "March twenty-first", "December"]
        );
    }

    #[test]
    fn a_day_and_its_time_are_one_date() {
        assert_eq!(
            dates("See you tomorrow at half past nine, or next Tuesday at 3 p.m. or on Friday morning."),
            ["tomorrow at half past nine", "next Tuesday at 3 p.m.", "Friday morning"]
        );
    }

    #[test]
    fn times_need_something_that_makes_them_times() {
        assert_eq!(
            dates("At three o'clock, at 9:30, at ten thirty pm. I have three."),
            ["three o'clock", "9:30", "ten thirty pm"]
        );
    }

    #[test]
    fn distances_in_time_are_found() {
        assert_eq!(
            dates("Two years ago, last week, in three days. We wait three days in all."),
            ["Two years ago", "last week", "in three days"]
        );
    }

    #[test]
    fn years_are_found_where_a_time_is_wanted() {
        assert_eq!(
            dates("In 1984, in nineteen eighty-four, in the nineties, the 1960s. We counted 1984 birds."),
            ["1984", "nineteen eighty-four", "nineties", "1960s"]
        );
    }

    #[test]
    fn words_that_are_also_months_are_left_alone() {
        assert_eq!(dates("May I? April and June laughed. They March on. I was born in May."), ["May"]);
    }
}
