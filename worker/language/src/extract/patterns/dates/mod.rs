//! Spoken dates and times. This module finds and parses them; [`crate::resolve`] resolves them against
//! the recording's own clock.

mod calendar;
mod clock;
mod relative;
pub(crate) mod spoken;

use self::spoken::Spoken;
use super::{PatternMatch, Phrase};
use crate::extract::EntityKind;
use crate::words::words;

/// Finds a day, a time, or a day with its time: `the 3rd of May`, `next Tuesday at half past nine`.
pub(super) fn date(phrase: &Phrase<'_>, start: usize) -> Option<PatternMatch> {
    let (end, _) = spoken(phrase, start)?;
    Some(PatternMatch { kind: EntityKind::Date, end, key: phrase.join(start..end) })
}

/// Whether a date in digits starts here, which another pattern could take for a number.
pub(super) fn is_written(phrase: &Phrase<'_>, at: usize) -> bool {
    calendar::written(phrase, at).is_some()
}

/// Parses a text that was found to be a date.
#[must_use]
pub(crate) fn read(text: &str) -> Option<Spoken> {
    // Some dates are recognised only after one of these words, which are not part of the date.
    ["in", "the", "at"].iter().find_map(|lead| {
        let text = format!("{lead} {text}");
        let words = words(&text);
        let (end, spoken) = spoken(&Phrase::new(&words), 1)?;
        (end == words.len()).then_some(spoken)
    })
}

fn spoken(phrase: &Phrase<'_>, start: usize) -> Option<(usize, Spoken)> {
    let (mut end, mut spoken) = part(phrase, start).or_else(|| time_before_day(phrase, start))?;
    // A day and its time are one date.
    while let Some((further, more)) = more(phrase, end, &spoken)
        && let Some(both) = spoken.and(more)
    {
        (end, spoken) = (further, both);
    }
    Some((end, spoken))
}

fn part(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Spoken)> {
    let calendar = |(end, calendar)| (end, Spoken { calendar: Some(calendar), part: None, clock: None });
    calendar::calendar(phrase, at)
        .map(calendar)
        .or_else(|| clock::clock(phrase, at).map(time))
        .or_else(|| relative::relative(phrase, at))
}

fn time((end, clock): (usize, spoken::Clock)) -> (usize, Spoken) {
    (end, Spoken { calendar: None, part: None, clock: Some(clock) })
}

/// Reads a time before a day, after `at`: `nine tomorrow`, `five in the morning`.
fn time_before_day(phrase: &Phrase<'_>, at: usize) -> Option<(usize, Spoken)> {
    let behind_at = at.checked_sub(1).is_some_and(|before| phrase.word(before) == "at");
    let (end, clock) = clock::bare(phrase, at).filter(|_| behind_at)?;
    let day = part(phrase, end + usize::from(phrase.word(end) == "on"));
    let is_time = day.is_some_and(|(_, day)| day.is_a_day())
        || clock::part(phrase, end).is_some_and(|(behind, _)| behind > end + 1);
    is_time.then(|| time((end, clock)))
}

/// Reads the continuation of a date.
fn more(phrase: &Phrase<'_>, end: usize, so_far: &Spoken) -> Option<(usize, Spoken)> {
    let needs_part = so_far.part.is_none() && (so_far.is_a_day() || so_far.clock.is_some());
    if let Some((end, part)) = clock::part(phrase, end).filter(|_| needs_part) {
        return Some((end, Spoken { calendar: None, part: Some(part), clock: None }));
    }
    if phrase.word(end) == "at"
        && so_far.is_a_day()
        && let Some(found) = clock::clock(phrase, end + 1).or_else(|| clock::bare(phrase, end + 1))
    {
        return Some(time(found));
    }
    let next = if phrase.is_any(end, &["at", "on", "in", "of", ","]) { end + 1 } else { end };
    let next = if phrase.word(next) == "the" { next + 1 } else { next };
    let (further, more) = part(phrase, next)?;
    let is_time = |spoken: &Spoken| spoken.clock.is_some();
    (next == end || phrase.word(end) == "of" || is_time(&more) || is_time(so_far)).then_some((further, more))
}

#[cfg(test)]
mod tests {
    use crate::extract::patterns::tests::found;

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
    fn an_hour_needs_a_day_or_a_clock_to_be_a_time() {
        assert_eq!(
            dates("Tomorrow at nine, at ten on Friday, at five in the morning. We stopped at seven."),
            ["Tomorrow at nine", "ten on Friday", "five in the morning"]
        );
        assert_eq!(
            dates("On Tuesday of next week, or on Friday at ten fifteen."),
            ["Tuesday of next week", "Friday at ten fifteen"]
        );
    }

    #[test]
    fn what_was_found_is_understood_by_itself() {
        let text = "In May, in 1984, in the nineties, at noon; tomorrow at nine, at ten on Friday, on New Year's Eve, \
                    the week after next, two days ago, in half an hour, 5/13/2024, last night.";
        let found = dates(text);
        assert_eq!(found.len(), 12, "{found:?}");
        for date in found {
            assert!(super::read(date).is_some(), "{date}");
        }
        assert_eq!(super::read("nothing of the sort"), None);
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
