//! Stated facts, and pairs of facts that contradict each other. Only few and certain kinds: birthdays,
//! numbers and addresses of a named person, the day of an occasion, the price of a thing.

use chrono::TimeDelta;
use self_domain::date::Precision;
use self_domain::insight::{InsightKind, NewInsight, Pointers, Statement};

use super::commitment::is_earnest;
use super::sentence::Sentence;
use super::{Conversation, Mention, phrase};
use crate::extract::EntityKind;
use crate::resolve::Zone;

/// Occasions, which have a time.
const OCCASIONS: &[&str] = &[
    "meeting",
    "party",
    "appointment",
    "dinner",
    "lunch",
    "breakfast",
    "brunch",
    "deadline",
    "flight",
    "train",
    "exam",
    "test",
    "wedding",
    "interview",
    "concert",
    "funeral",
    "lesson",
    "workshop",
    "presentation",
    "delivery",
    "rehearsal",
    "ceremony",
    "surgery",
    "operation",
    "call",
    "match",
    "game",
    "barbecue",
    "picnic",
];
/// Things that have a price.
const PRICES: &[&str] = &[
    "rent",
    "price",
    "fee",
    "salary",
    "deposit",
    "budget",
    "tuition",
    "cost",
    "wage",
    "loan",
    "mortgage",
    "subscription",
    "fare",
    "bill",
    "discount",
    "invoice",
];
/// Words that end the name of a thing.
const BREAKS: &[&str] = &[
    "is", "was", "are", "were", "will", "and", "or", "but", "that", "which", "who", "be", ",", ".", ";", ":",
];
/// The longest name of a thing, in words.
const LONGEST: usize = 6;
/// The longest name of a thing, in bytes: a longer one would not fit into an index.
const LONGEST_BYTES: usize = 800;

/// Prices change: two prices that were stated farther apart do not contradict each other.
const SAME_PRICE: TimeDelta = TimeDelta::days(60);
/// Two occasions with the same name that are farther apart are different occasions.
const SAME_OCCASION: TimeDelta = TimeDelta::days(10);

/// The facts that a conversation states.
pub(super) fn statements(conversation: &Conversation, sentences: &[Sentence<'_>]) -> Vec<Statement> {
    let mut stated = Vec::new();
    for sentence in sentences.iter().filter(|sentence| !sentence.is_question()) {
        let places = 0..sentence.words.len();
        let fact =
            places.into_iter().find_map(|at| of_person(sentence, at).or_else(|| of_thing(sentence, at)));
        if let Some(fact) = fact.filter(|_| is_earnest(sentence, 0)) {
            let Fact { subject, attribute, value, mention } = fact;
            stated.push(Statement {
                conversation_id: conversation.id,
                segment_id: sentence.segments[0],
                subject,
                attribute: attribute.to_owned(),
                value,
                said: mention.text.clone(),
                sentence: sentence.text.clone(),
                starts_at: mention.when.map(|when| when.from),
                said_at: sentence.said_at,
            });
        }
    }
    stated
}

struct Fact<'a> {
    subject: String,
    attribute: &'static str,
    value: String,
    mention: &'a Mention,
}

/// `Maria's birthday is on the third of May`, `Tom's new number is 555-0134`.
fn of_person<'a>(sentence: &'a Sentence<'_>, at: usize) -> Option<Fact<'a>> {
    if sentence.word(at) != "'s" {
        return None;
    }
    let person = sentence.mention_at(at.checked_sub(1)?).filter(|one| one.kind == EntityKind::Person)?;
    let is = (at + 1..at + 6).find(|is| sentence.word(*is) == "is")?;
    let attribute = match sentence.word(is - 1) {
        "birthday" => "birthday",
        "number" | "phone" | "mobile" | "cell" => "phone",
        "email" | "e-mail" => "email",
        "address" if sentence.is_any(is.checked_sub(2)?, &["email", "e-mail", "mail"]) => "email",
        _ => return None,
    };
    let mention = value(sentence, is + 1)?;
    let value = match (attribute, mention.kind) {
        ("birthday", EntityKind::Date) if mention.is_exactly(Precision::Day) => {
            mention.key.get(5..)?.to_owned()
        }
        ("phone", EntityKind::Phone) | ("email", EntityKind::Email) => mention.key.clone(),
        _ => return None,
    };
    Some(Fact { subject: person.key.clone(), attribute, value, mention })
}

/// `The meeting with Tom is on Tuesday`, `the rent is 900 dollars`.
fn of_thing<'a>(sentence: &'a Sentence<'_>, at: usize) -> Option<Fact<'a>> {
    if sentence.word(at) != "the" {
        return None;
    }
    let is = (at + 2..=at + 1 + LONGEST).find(|is| BREAKS.contains(&sentence.word(*is)))?;
    if sentence.word(is) != "is" {
        return None;
    }
    let name: Vec<&str> = (at + 1..is).map(|at| sentence.word(at)).collect();
    if name.iter().map(|word| word.len() + 1).sum::<usize>() > LONGEST_BYTES {
        return None;
    }
    let mention = value(sentence, is + 1)?;
    let exact = [Precision::Day, Precision::PartOfDay, Precision::Hour, Precision::Minute];
    let is_date = mention.kind == EntityKind::Date && exact.iter().any(|exact| mention.is_exactly(*exact));
    let attribute = if is_date && name.iter().any(|word| OCCASIONS.contains(word)) {
        "time"
    } else if mention.kind == EntityKind::Amount && name.iter().any(|word| PRICES.contains(word)) {
        "amount"
    } else {
        return None;
    };
    Some(Fact { subject: name.join(" "), attribute, value: mention.key.clone(), mention })
}

/// The mention that is stated as the value at this word. Words like `on` and `at` may come before it.
fn value<'a>(sentence: &'a Sentence<'_>, at: usize) -> Option<&'a Mention> {
    let at =
        (at..at + 4).find(|at| !sentence.is_any(*at, &["on", "at", "now", "the", "exactly", "still"]))?;
    // A mention may begin with its article.
    (at.saturating_sub(1)..=at).rev().find_map(|at| sentence.mention_at(at))
}

/// Finds contradictions among statements about the same subject. `stated` is in the order of time.
pub(super) fn contradictions(stated: &[Statement], zone: Zone) -> Vec<NewInsight> {
    let mut found: Vec<NewInsight> = Vec::new();
    for (place, later) in stated.iter().enumerate() {
        let earlier = stated[..place].iter().rev().find(|earlier| contradict(earlier, later));
        if let Some(earlier) = earlier {
            found.push(insight(earlier, later, zone));
        }
    }
    // Of several contradictions about the same subject, the last one is kept.
    found.reverse();
    let mut kept: Vec<NewInsight> = Vec::new();
    for one in found {
        if !kept.iter().any(|known| known.key == one.key) {
            kept.push(one);
        }
    }
    kept
}

fn contradict(earlier: &Statement, later: &Statement) -> bool {
    let same = (&earlier.subject, &earlier.attribute) == (&later.subject, &later.attribute);
    // A day, and the same day with a time, agree.
    let agrees = earlier.value.starts_with(&later.value) || later.value.starts_with(&earlier.value);
    if !same || agrees {
        return false;
    }
    match (later.attribute.as_str(), earlier.starts_at, later.starts_at) {
        ("time", Some(one), Some(other)) => {
            (one - other).abs() <= SAME_OCCASION && later.said_at < one.min(other)
        }
        ("time", ..) => false,
        ("amount", ..) => later.said_at - earlier.said_at <= SAME_PRICE,
        _ => true,
    }
}

fn insight(earlier: &Statement, later: &Statement, zone: Zone) -> NewInsight {
    let what = match later.attribute.as_str() {
        "time" | "amount" => format!("The {}", later.subject),
        attribute => format!("{}'s {attribute}", capitals(&later.subject)),
    };
    let of_occasion = match (earlier.starts_at, later.starts_at) {
        (Some(one), Some(other)) if later.attribute == "time" => {
            zone.local(one.min(other)).format("%Y-%m").to_string()
        }
        _ => String::new(),
    };
    let mut values = [earlier.value.as_str(), later.value.as_str()];
    values.sort_unstable();
    let key = format!("{} {} {of_occasion}", later.subject, later.attribute);
    let quote = |stated: &Statement| {
        format!("“{}” ({})", stated.sentence.trim_end_matches('.'), phrase::day_of(stated.said_at, zone))
    };
    let mut segments = vec![earlier.segment_id, later.segment_id];
    segments.dedup();
    NewInsight {
        kind: InsightKind::Contradiction,
        essence: Some(format!("{key} {}", values.join(" "))),
        key,
        title: phrase::line(&format!("{what}: {}, or {}?", earlier.said, later.said)),
        detail: format!("You heard both: {} and {}.", quote(earlier), quote(later)),
        due_at: None,
        evidence: Pointers { segments, ..Pointers::default() },
    }
}

fn capitals(name: &str) -> String {
    let words = name.split(' ').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}
