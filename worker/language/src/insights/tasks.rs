//! Tasks: somebody says that something has to be done, or asks for it.

use self_domain::date::Precision;
use self_domain::insight::{InsightKind, NewInsight};

use super::Conversation;
use super::commitment::{Commitment, due, is_earnest, is_errand};
use super::promises::promise;
use super::sentence::Sentence;
use crate::extract::EntityKind;
use crate::resolve::Zone;

/// Words that may stand before a clause that asks somebody to do something.
const OPENING: &[&str] = &[
    "please", "and", "but", "so", "oh", "ok", "okay", "also", "then", "just", "well", "now", "hey", ",", ";",
    ":", "-",
];
/// Verbs, besides errands, that make a task only with a due date.
const WITH_A_DAY: &[&str] = &[
    "be", "meet", "do", "get", "take", "give", "make", "leave", "go", "see", "start", "talk", "speak",
    "decide", "move", "visit",
];
/// Words that start the object of an errand without a due date: a certain thing.
const A_THING: &[&str] = &[
    "the", "a", "an", "my", "our", "your", "his", "her", "their", "that", "this", "these", "those", "some",
    "more", "it", "him", "them", "up", "for", "new",
];
/// Verbs of requests without a due date.
const ASKED: &[&str] = &[
    "send", "email", "e-mail", "mail", "text", "call", "ring", "phone", "message", "bring", "lend",
    "forward", "buy", "book", "pick", "pay", "print", "order", "remind",
];

/// Finds the tasks of a conversation. A sentence with a promise makes no task.
pub(super) fn tasks(conversation: &Conversation, sentences: &[Sentence<'_>], zone: Zone) -> Vec<NewInsight> {
    let found = sentences.iter().filter(|sentence| promise(sentence).is_none()).filter_map(task);
    found.map(|task| task.insight(conversation, zone)).collect()
}

fn task<'a>(sentence: &'a Sentence<'a>) -> Option<Commitment<'a>> {
    (0..sentence.words.len()).find_map(|from| {
        let verb = None
            .or_else(|| reminder(sentence, from))
            .or_else(|| need(sentence, from))
            .or_else(|| please(sentence, from))
            .or_else(|| request(sentence, from))?;
        // `could you` is a polite request, not a hypothesis.
        let earnest = is_earnest(sentence, from)
            || sentence.is_any(from, &["could", "would"]) && is_earnest(&without_first(sentence, from), 0);
        earnest.then(|| Commitment {
            kind: InsightKind::Task,
            from,
            verb,
            due: due(sentence, verb),
            sentence,
        })
    })
}

fn without_first<'a>(sentence: &Sentence<'a>, from: usize) -> Sentence<'a> {
    Sentence { words: sentence.words[from + 1..].to_vec(), ..sentence.clone() }
}

/// `don't forget to`, `remember to`, `remind me to`, `make sure to`.
fn reminder(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    let opens = from == 0 || sentence.is_any(from - 1, OPENING);
    let set = [
        &["do", "not", "forget", "to"][..],
        &["do", "not", "let", "me", "forget", "to"],
        &["remember", "to"],
        &["remind", "me", "to"],
        &["make", "sure", "to"],
        &["be", "sure", "to"],
    ];
    let words =
        set.iter().find(|words| sentence.goes(from, words)).filter(|_| opens && !sentence.is_question())?;
    let verb = from + words.len();
    // `make sure to` and `remember to be` are common in instructions: these need a due date.
    let is_advice = words.contains(&"sure") || words[0] == "remember" && !is_errand(sentence.word(verb));
    let is_meant = !is_advice || due(sentence, verb).is_some();
    (is_meant && !sentence.word(verb).is_empty()).then_some(verb)
}

/// `we need to book the tickets`, `I have to call the bank by Friday`.
fn need(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    if !sentence.is_any(from, &["i", "we", "you"]) || sentence.is_question() {
        return None;
    }
    let at = from + 1 + usize::from(sentence.is_any(from + 1, &["still", "also", "really", "just"]));
    let verb = match (sentence.word(at), sentence.word(at + 1), sentence.word(at + 2)) {
        ("have", "got", "to") => at + 3,
        ("need" | "have" | "got", "to", _) => at + 2,
        ("must" | "should", _, _) => at + 1,
        _ => return None,
    };
    let (word, due) = (sentence.word(verb), due(sentence, verb));
    // Advice names months: `you should book before October`.
    let is_advice =
        sentence.word(at) == "should" && due.is_some_and(|when| when.precision == Precision::Month);
    if due.is_some() && !is_advice {
        return (is_errand(word) || WITH_A_DAY.contains(&word)).then_some(verb);
    }
    let somebody = sentence
        .mention_at(verb + 1)
        .is_some_and(|mention| matches!(mention.kind, EntityKind::Person | EntityKind::Organization));
    let a_thing = somebody || sentence.is_any(verb + 1, A_THING) || bare_thing(sentence, verb + 1);
    let in_earnest = sentence.is_any(from, &["i", "we"]) && sentence.word(at) != "should";
    (in_earnest && is_errand(word) && a_thing).then_some(verb)
}

/// Whether the object is a single word: `buy milk`.
fn bare_thing(sentence: &Sentence<'_>, at: usize) -> bool {
    sentence.word(at).len() > 2 && sentence.is_any(at + 1, &["", ".", "!", ",", "and", "today", "tomorrow"])
}

/// `please send me the invoice`.
fn please(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    let opens = from == 0 || sentence.is_any(from - 1, OPENING);
    (opens
        && sentence.word(from) == "please"
        && is_errand(sentence.word(from + 1))
        && !sentence.word(from + 2).is_empty())
    .then_some(from + 1)
}

/// `can you send me the file`, `could you please book a table by Friday`.
fn request(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    let asks = sentence.is_any(from, &["can", "could", "would", "will"]) && sentence.word(from + 1) == "you";
    if !asks || sentence.word(from + 2) == "not" {
        return None;
    }
    let polite = sentence.word(from + 2) == "please";
    let verb = from + 2 + usize::from(polite);
    let word = sentence.word(verb);
    let dated = due(sentence, verb).is_some() && (is_errand(word) || WITH_A_DAY.contains(&word));
    let somebody = sentence.is_any(verb + 1, &["me", "us", "him", "her", "them"])
        || sentence.mention_at(verb + 1).is_some_and(|mention| mention.kind == EntityKind::Person);
    let asked = ASKED.contains(&word) && (somebody || sentence.is_any(verb + 1, A_THING));
    (dated || polite && is_errand(word) || asked).then_some(verb)
}
