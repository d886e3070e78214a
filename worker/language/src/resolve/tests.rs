use chrono::{DateTime, Utc};

use super::*;
use crate::extract::tests::entities;

/// A Monday morning in Lisbon, in summer time.
const MONDAY: &str = "2024-05-06T09:00:00Z";

fn said(text: &str, at: &str, zone: &str) -> Vec<(String, String)> {
    let found = entities(&[text]);
    let at: DateTime<Utc> = at.parse().unwrap();
    let (entities, whens) = resolve(found, &[text], &[at], Zone::named(zone));
    let dates = entities.into_iter().filter(|entity| entity.kind == EntityKind::Date);
    let mentions =
        dates.flat_map(|entity| entity.mentions.into_iter().map(move |one| (entity.key.clone(), one)));
    let mut mentions: Vec<_> = mentions.collect();
    mentions.sort_by_key(|(_, mention)| mention.start_char);
    let known = |mention: &Mention| whens.contains_key(&(mention.segment, mention.start_char));
    mentions
        .into_iter()
        .map(|(key, mention)| {
            let key = if known(&mention) { key } else { "?".to_owned() };
            (mention.text, key)
        })
        .collect()
}

#[track_caller]
fn holds(at: &str, sentences: &[(&str, &str, &str)]) {
    for (sentence, date, key) in sentences {
        let found = said(sentence, at, "Europe/Lisbon");
        assert_eq!(found, [((*date).to_owned(), (*key).to_owned())], "{sentence}");
    }
}

#[test]
fn days_of_the_week_are_those_that_people_mean() {
    holds(
        MONDAY,
        &[
            ("Let's meet on Tuesday.", "Tuesday", "2024-05-07"),
            ("See you next Tuesday.", "next Tuesday", "2024-05-14"),
            ("I can do it this Friday.", "this Friday", "2024-05-10"),
            ("I saw her last Friday.", "last Friday", "2024-05-03"),
            ("We met on Friday.", "Friday", "2024-05-03"),
            ("We will meet on Monday.", "Monday", "2024-05-13"),
            ("She told me that she will come on Tuesday of next week.", "Tuesday of next week", "2024-05-14"),
            ("Friday morning is fine.", "Friday morning", "2024-05-10TMO"),
        ],
    );
    holds("2024-05-10T09:00:00Z", &[("I saw her last Tuesday.", "last Tuesday", "2024-05-07")]);
    holds("2024-05-11T09:00:00Z", &[("See you next Tuesday.", "next Tuesday", "2024-05-14")]);
}

#[test]
fn a_day_without_its_year_is_the_nearest_that_the_tense_allows() {
    holds(
        MONDAY,
        &[
            ("The third of May is a good day.", "The third of May", "2024-05-03"),
            ("We will marry on the third of May.", "the third of May", "2025-05-03"),
            ("She was born on December 20th.", "December 20th", "2023-12-20"),
            ("December 20th is her birthday.", "December 20th", "2023-12-20"),
            ("It is due on December 20th.", "December 20th", "2024-12-20"),
            ("Tuesday, May 3rd, was cold.", "Tuesday, May 3rd", "2022-05-03"),
            ("Tuesday, May 3rd, 2016, was cold.", "Tuesday, May 3rd, 2016", "2016-05-03"),
            ("We will be there on May 3rd next year.", "May 3rd next year", "2025-05-03"),
            ("Christmas is a long way off.", "Christmas", "2023-12-25"),
            ("We will be there on Christmas Eve.", "Christmas Eve", "2024-12-24"),
            ("Last Easter it rained.", "Last Easter", "2024-03-31"),
            ("We'll come for Thanksgiving.", "Thanksgiving", "2024-11-28"),
            ("Feb is short, but February 29th is a day.", "February 29th", "2024-02-29"),
        ],
    );
}

#[test]
fn months_seasons_and_years_are_as_long_as_they_are() {
    holds(
        MONDAY,
        &[
            ("It was in May 2023.", "May 2023", "2023-05"),
            ("We moved in March.", "March", "2024-03"),
            ("We will move in March.", "March", "2025-03"),
            ("Last summer we were in Rome.", "Last summer", "2023-M6"),
            ("Next summer we go to Rome.", "Next summer", "2024-M6"),
            ("Last winter was mild.", "Last winter", "2023-M12"),
            ("It was two years ago.", "two years ago", "2022"),
            ("It was in nineteen eighty-four.", "nineteen eighty-four", "1984"),
            ("That was in the nineties.", "nineties", "1990s"),
            ("Jazz came up in the twenties.", "twenties", "1920s"),
            ("I am off next week.", "next week", "2024-W20"),
            ("The week after next I am off.", "The week after next", "2024-W21"),
            ("This weekend we paint.", "This weekend", "2024-W19-WE"),
        ],
    );
}

#[test]
fn distances_are_counted_from_the_moment_of_speaking() {
    holds(
        MONDAY,
        &[
            ("Call me in three days.", "in three days", "2024-05-09"),
            ("I called yesterday.", "yesterday", "2024-05-05"),
            ("It rained the day before yesterday.", "the day before yesterday", "2024-05-04"),
            ("Call me in half an hour.", "in half an hour", "2024-05-06T10:30"),
            ("A week from today we leave.", "A week from today", "2024-05-13"),
            ("It was a month ago.", "a month ago", "2024-04"),
        ],
    );
}

#[test]
fn times_are_in_the_half_of_the_day_that_was_said_or_is_likely() {
    holds(
        MONDAY,
        &[
            ("See you next Tuesday at half past nine.", "next Tuesday at half past nine", "2024-05-14T09:30"),
            ("See you tomorrow at three.", "tomorrow at three", "2024-05-07T15:00"),
            (
                "See you tomorrow at three in the morning.",
                "tomorrow at three in the morning",
                "2024-05-07T03:00",
            ),
            ("Be there on Friday night at one.", "Friday night at one", "2024-05-11T01:00"),
            ("Be there tonight at eight.", "tonight at eight", "2024-05-06T20:00"),
            ("Be there tomorrow at 21:15.", "tomorrow at 21:15", "2024-05-07T21:15"),
            ("I will call you at three o'clock.", "three o'clock", "2024-05-06T15:00"),
            ("I called you at nine o'clock.", "nine o'clock", "2024-05-06T09:00"),
            ("I will call you at nine o'clock.", "nine o'clock", "2024-05-07T09:00"),
            ("Last night I slept.", "Last night", "2024-05-05TNI"),
            ("Tomorrow at noon we eat.", "Tomorrow at noon", "2024-05-07T12:00"),
        ],
    );
}

#[test]
fn what_nobody_can_know_is_left_as_it_was_said() {
    holds(
        MONDAY,
        &[
            ("Two weeks later he came.", "Two weeks later", "?"),
            ("At nine o'clock the shop opens.", "nine o'clock", "?"),
            ("The form says 5/3/2024.", "5/3/2024", "?"),
            ("The form says 5/13/2024.", "5/13/2024", "2024-05-13"),
            ("The form says 2024-02-30.", "2024-02-30", "?"),
            ("We fast during Ramadan.", "Ramadan", "?"),
            ("It is February 30th.", "February 30th", "?"),
        ],
    );
}

#[test]
fn a_day_is_that_of_whoever_speaks() {
    // Late on Monday in Lisbon it is Tuesday in Tokyo.
    let late = "2024-05-06T22:30:00Z";
    let tomorrow = |zone| said("I'll do it tomorrow.", late, zone)[0].1.clone();
    assert_eq!(tomorrow("Europe/Lisbon"), "2024-05-07");
    assert_eq!(tomorrow("Asia/Tokyo"), "2024-05-08");
    let found = entities(&["I'll do it tomorrow."]);
    let (_, whens) =
        resolve(found, &["I'll do it tomorrow."], &[late.parse().unwrap()], Zone::named("Asia/Tokyo"));
    let when = whens.values().next().unwrap();
    assert_eq!(when.from.to_rfc3339(), "2024-05-07T15:00:00+00:00");
    assert_eq!(when.to.to_rfc3339(), "2024-05-08T15:00:00+00:00");
    assert_eq!(said("Last summer it rained.", MONDAY, "Australia/Sydney")[0].1, "2023-M12");
}

#[test]
fn a_day_is_as_long_as_the_clocks_make_it() {
    let text = "We left on the 31st of March.";
    let found = entities(&[text]);
    let (_, whens) = resolve(found, &[text], &[MONDAY.parse().unwrap()], Zone::named("Europe/Berlin"));
    let when = whens.values().next().unwrap();
    assert_eq!((when.to - when.from).num_hours(), 23);
}

#[test]
fn the_same_day_is_one_entity_however_it_was_called() {
    let texts =
        ["May 3rd was fine.", "On the third of May we left.", "Last Friday it rained, and tomorrow, too."];
    let found = entities(&texts);
    let at: DateTime<Utc> = MONDAY.parse().unwrap();
    let (entities, _) = resolve(found, &texts, &[at; 3], Zone::named("UTC"));
    let names: Vec<_> = entities.iter().map(|entity| (entity.name.as_str(), entity.mentions.len())).collect();
    assert_eq!(names, [("3 May 2024", 3), ("7 May 2024", 1)]);
    assert_eq!(entities[0].aliases, ["May 3rd", "the third of May", "Last Friday"]);
}

#[test]
fn what_no_timestamp_can_write_is_left_as_it_was_said() {
    for text in
        ["That was 5000 years ago.", "It began nine hundred decades ago.", "We will know in 9000 years."]
    {
        let found = said(text, MONDAY, "Asia/Tokyo");
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1, "?", "{text}");
    }
}
