//! Promises: somebody says that they will do something for somebody.

use self_domain::insight::{InsightKind, NewInsight};

use super::Conversation;
use super::commitment::{Commitment, due, is_earnest, is_errand};
use super::sentence::Sentence;
use crate::extract::EntityKind;
use crate::resolve::Zone;

/// Words that may stand between `will` and the verb of a promise.
const BETWEEN: &[&str] = &[
    "definitely",
    "also",
    "certainly",
    "just",
    "then",
    "gladly",
    "personally",
    "surely",
    "absolutely",
    "go",
    "and",
    "try",
    "to",
];
/// Verbs, besides errands, that make a promise only with a due date.
const WITH_A_DAY: &[&str] = &[
    "be", "come", "meet", "do", "have", "get", "take", "give", "make", "help", "let", "see", "visit",
    "start", "talk", "speak", "tell", "show", "look", "sort", "work", "join",
];
/// Verbs of contacting somebody: with a person, they make a promise without a due date.
const TO_SOMEBODY: &[&str] = &[
    "call", "ring", "phone", "text", "message", "email", "e-mail", "ask", "tell", "remind", "invite",
    "contact", "pay", "write", "talk", "speak",
];

/// Finds the promises of a conversation.
pub(super) fn promises(
    conversation: &Conversation,
    sentences: &[Sentence<'_>],
    zone: Zone,
) -> Vec<NewInsight> {
    let found = sentences.iter().filter_map(promise);
    found.map(|promise| promise.insight(conversation, zone)).collect()
}

/// The promise that a sentence makes, if it makes one.
pub(super) fn promise<'a>(sentence: &'a Sentence<'a>) -> Option<Commitment<'a>> {
    if sentence.is_question() {
        return None;
    }
    (0..sentence.words.len()).find_map(|from| {
        let verb = given_word(sentence, from).or_else(|| will(sentence, from))?;
        is_earnest(sentence, from).then(|| Commitment {
            kind: InsightKind::Promise,
            from,
            verb,
            due: due(sentence, verb),
            sentence,
        })
    })
}

/// The verb of an explicit promise: `I promise to call`, `I promise you that I will call`. Any verb counts.
fn given_word(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    if !sentence.goes(from, &["i", "promise"]) {
        return None;
    }
    let at = from + 2 + usize::from(sentence.word(from + 2) == "you");
    if sentence.word(at) == "to" {
        return (!sentence.word(at + 1).is_empty()).then_some(at + 1);
    }
    let at = at + usize::from(sentence.word(at) == "that") + usize::from(sentence.word(at) == ",");
    let is_will = sentence.is_any(at, &["i", "we"]) && sentence.word(at + 1) == "will";
    (is_will && !sentence.word(at + 2).is_empty()).then_some(at + 2)
}

/// `I'll send you the invoice`, `we are going to fix the roof by Friday`.
fn will(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    let at = match (sentence.word(from), sentence.word(from + 1)) {
        ("i" | "we", "will" | "shall") => from + 2,
        ("i", "am") | ("we", "are") if sentence.goes(from + 2, &["going", "to"]) => from + 4,
        _ => return None,
    };
    let verb = (at..).find(|at| !sentence.is_any(*at, BETWEEN))?;
    is_promised(sentence, verb).then_some(verb)
}

fn is_promised(sentence: &Sentence<'_>, verb: usize) -> bool {
    let word = sentence.word(verb);
    let with_a_day = due(sentence, verb).is_some();
    if with_a_day && (is_errand(word) || WITH_A_DAY.contains(&word)) {
        return true;
    }
    let set = [
        &["get", "back", "to"][..],
        &["let", "you", "know"],
        &["keep", "you", "posted"],
        &["keep", "you", "updated"],
        &["take", "care", "of", "it"],
        &["take", "care", "of", "that"],
        &["take", "care", "of", "the"],
        &["look", "into", "it"],
        &["look", "into", "that"],
        &["see", "to", "it"],
        &["give", "you", "a", "call"],
        &["give", "you", "back"],
        &["be", "in", "touch"],
        &["follow", "up", "with"],
    ];
    if set.iter().any(|words| sentence.goes(verb, words)) {
        return true;
    }
    let to = verb + 1 + usize::from(sentence.is_any(verb + 1, &["to", "with"]));
    let somebody = sentence
        .mention_at(to)
        .is_some_and(|mention| matches!(mention.kind, EntityKind::Person | EntityKind::Organization));
    if TO_SOMEBODY.contains(&word) && somebody {
        return true;
    }
    // An errand for the listener: `send you the invoice`, `write to you`, `bring it to you`.
    let for_you = sentence.word(to) == "you"
        || is_errand(word)
            && (sentence.goes(verb + 2, &["to", "you"]) || sentence.goes(verb + 2, &["for", "you"]));
    // `I will call you names`, `ask you a question`, `remind you that …` are figures of speech.
    let talk = ["ask", "remind", "ring", "text", "drop", "hand", "call", "check"].contains(&word)
        && !sentence.is_any(
            to + 1,
            &["back", "later", "soon", "when", "as", "", ".", "!", ",", "again", "from", "once"],
        );
    is_errand(word) && for_you && !talk
}
