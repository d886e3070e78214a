use std::collections::HashMap;

use self_domain::insight::InsightKind::{Promise, Task};
use self_domain::insight::{InsightKind, Statement};

use super::*;
use crate::extract::tests::entities;
use crate::resolve::resolve;

const MONDAY: &str = "2024-05-06T09:00:00Z";

/// A conversation with these texts, one segment each.
fn said(texts: &[&str], at: &str) -> Conversation {
    let zone = Zone::named("UTC");
    let at: DateTime<Utc> = at.parse().unwrap();
    let moments = vec![at; texts.len()];
    let (entities, dates) = resolve(entities(texts), texts, &moments, zone);
    let mut mentions: HashMap<usize, Vec<Mention>> = HashMap::new();
    for (entity, index) in entities.iter().zip(1..) {
        for mention in &entity.mentions {
            mentions.entry(mention.segment).or_default().push(Mention {
                entity: Uuid::from_u128(index),
                kind: entity.kind,
                key: entity.key.clone(),
                text: mention.text.clone(),
                start_char: mention.start_char,
                end_char: mention.end_char,
                when: dates.get(&(mention.segment, mention.start_char)).copied(),
            });
        }
    }
    let segments = texts.iter().enumerate().map(|(index, text)| Segment {
        id: Uuid::from_u128(100 + index as u128),
        text: (*text).to_owned(),
        speaker: None,
        said_at: at,
        mentions: mentions.remove(&index).unwrap_or_default(),
    });
    Conversation { id: Uuid::from_u128(1), title: "Talk".to_owned(), segments: segments.collect() }
}

fn commitments(text: &str) -> Vec<(InsightKind, String, Option<String>)> {
    let noticed = read(&said(&[text], MONDAY), Zone::named("UTC"));
    let of = |insight: NewInsight| {
        let due = insight.due_at.map(|due| due.format("%Y-%m-%d %H:%M").to_string());
        (insight.kind, insight.title, due)
    };
    noticed.commitments.into_iter().map(of).collect()
}

#[test]
fn promises_are_found_with_their_dates() {
    for (text, title, due) in [
        (
            "I'll send you the invoice by Friday.",
            "I'll send you the invoice by Friday",
            Some("2024-05-11 00:00"),
        ),
        (
            "Okay, I will call you tomorrow at nine.",
            "I will call you tomorrow at nine",
            Some("2024-05-07 09:00"),
        ),
        ("I promise to fix the roof.", "I promise to fix the roof", None),
        ("I'll let you know what Tom says.", "I'll let you know what Tom says", None),
        (
            "We are going to finish the report next week.",
            "We are going to finish the report next week",
            Some("2024-05-20 00:00"),
        ),
        ("Sure, I'll bring it to you.", "I'll bring it to you", None),
        ("I'll definitely email Maria Silva.", "I'll definitely email Maria Silva", None),
        ("Don't worry, I'll take care of it.", "I'll take care of it", None),
        ("I'll pay you back.", "I'll pay you back", None),
        (
            "We will be there on Saturday at half past nine.",
            "We will be there on Saturday at half past nine",
            Some("2024-05-11 09:30"),
        ),
    ] {
        assert_eq!(commitments(text), [(Promise, title.to_owned(), due.map(str::to_owned))], "{text}");
    }
}

#[test]
fn tasks_are_found_with_their_dates() {
    for (text, title, due) in [
        (
            "We need to book the tickets by Wednesday.",
            "We need to book the tickets by Wednesday",
            Some("2024-05-09 00:00"),
        ),
        ("Don't forget to water the plants.", "Don't forget to water the plants", None),
        ("Please remind me to call the bank.", "Please remind me to call the bank", None),
        ("I have to renew my passport.", "I have to renew my passport", None),
        ("I've got to buy milk.", "I've got to buy milk", None),
        ("Can you send me the file?", "Can you send me the file?", None),
        (
            "Could you please book a table for Friday?",
            "Could you please book a table for Friday?",
            Some("2024-05-11 00:00"),
        ),
        ("Please send me the invoice.", "Please send me the invoice", None),
        (
            "You should be there tomorrow at noon.",
            "You should be there tomorrow at noon",
            Some("2024-05-07 12:00"),
        ),
    ] {
        assert_eq!(commitments(text), [(Task, title.to_owned(), due.map(str::to_owned))], "{text}");
    }
}

#[test]
fn what_is_not_said_in_earnest_is_left_alone() {
    for text in [
        "If you come, I'll send you the invoice by Friday.",
        "I would send you the invoice by Friday.",
        "I won't send you the invoice.",
        "I'll never send you the invoice.",
        "He said I'll send you the invoice by Friday.",
        "Will I send you the invoice by Friday?",
        "I sent you the invoice on Friday.",
        "I had to call the bank.",
        "I always have to call the bank.",
        "Do we need to book the tickets?",
        "There are things that you have to do.",
        "We need to know what about them is different.",
        "I'll show you how it works.",
        "I'll give you an example.",
        "I'll tell you what.",
        "We will serve all the people of this country.",
        "I'll ask you a question.",
        "You have to have very good teachers.",
        "You should book a room before October.",
        "Remember to be realistic.",
        "Can you explain that to me?",
        "Could you give us an example?",
        "I didn't forget to call her.",
        "“I'll send you the invoice by Friday.”",
    ] {
        assert_eq!(commitments(text), [], "{text}");
    }
}

#[test]
fn a_sentence_that_a_pause_has_cut_is_whole() {
    let noticed = read(&said(&["I'll send you", "the invoice by Friday."], MONDAY), Zone::named("UTC"));
    let [promise] = &noticed.commitments[..] else { panic!("{:?}", noticed.commitments) };
    assert_eq!(promise.title, "I'll send you the invoice by Friday");
    assert_eq!(promise.evidence.segments.len(), 2);
    assert!(promise.due_at.is_some());
}

#[test]
fn another_date_makes_a_new_version_of_the_same_promise() {
    let of = |text: &str| read(&said(&[text], MONDAY), Zone::named("UTC")).commitments.remove(0);
    let (friday, monday) =
        (of("I'll send you the invoice by Friday."), of("I'll send you the invoice by next Monday."));
    assert_eq!(friday.key, monday.key);
    assert_ne!(friday.essence, monday.essence);
    assert_ne!(friday.key, of("I'll send you the photos by Friday.").key);
}

fn stated(texts: &[(&str, &str)]) -> Vec<Statement> {
    texts.iter().flat_map(|(text, at)| read(&said(&[text], at), Zone::named("UTC")).statements).collect()
}

fn contradicted(texts: &[(&str, &str)]) -> Vec<String> {
    contradictions(&stated(texts), Zone::named("UTC")).into_iter().map(|insight| insight.title).collect()
}

#[test]
fn a_contradiction_names_both_statements() {
    let (monday, tuesday) = (MONDAY, "2024-05-07T09:00:00Z");
    assert_eq!(
        contradicted(&[
            ("The budget meeting is on Thursday.", monday),
            ("So the budget meeting is on Friday.", tuesday)
        ]),
        ["The budget meeting: Thursday, or Friday?"]
    );
    assert_eq!(
        contradicted(&[("The rent is $900 a month.", monday), ("The rent is $950.", tuesday)]),
        ["The rent: $900, or $950?"]
    );
    assert_eq!(
        contradicted(&[
            ("Maria Silva's birthday is on the third of May.", monday),
            ("Maria Silva's birthday is May 4th.", "2025-03-01T09:00:00Z")
        ]),
        ["Maria Silva's birthday: the third of May, or May 4th?"]
    );
    let found = contradictions(
        &stated(&[("The rent is $900 a month.", monday), ("The rent is $950.", tuesday)]),
        Zone::named("UTC"),
    );
    assert_eq!(
        found[0].detail,
        "You heard both: “The rent is $900 a month” (6 May 2024) and “The rent is $950” (7 May 2024)."
    );
}

#[test]
fn what_can_both_be_so_is_no_contradiction() {
    let (monday, tuesday) = (MONDAY, "2024-05-07T09:00:00Z");
    for pair in [
        // The same fact, stated twice or more exactly.
        [
            ("The budget meeting is on Thursday.", monday),
            ("The budget meeting is on the ninth of May.", tuesday),
        ],
        [
            ("The budget meeting is on Thursday.", monday),
            ("The budget meeting is on Thursday at nine.", tuesday),
        ],
        // Two occasions, two things, two people.
        [
            ("The budget meeting is on Thursday.", monday),
            ("The budget meeting is on Friday.", "2024-05-10T09:00:00Z"),
        ],
        [("The budget meeting is on Thursday.", monday), ("The meeting with Tom is on Friday.", tuesday)],
        [
            ("The budget meeting is on Thursday.", monday),
            ("The budget meeting is on the 20th of June.", tuesday),
        ],
        [("The rent is $900.", monday), ("The deposit is $950.", tuesday)],
        [("The rent is $900.", monday), ("The rent is $950.", "2025-05-07T09:00:00Z")],
        [("The rent is $900.", monday), ("Is the rent $950?", tuesday)],
        [("The rent is $900.", monday), ("If the rent is $950, we go.", tuesday)],
        [
            ("Maria Silva's birthday is on May 3rd.", monday),
            ("Tom Miller's birthday is on May 4th.", tuesday),
        ],
    ] {
        assert_eq!(contradicted(&pair), Vec::<String>::new(), "{pair:?}");
    }
}
