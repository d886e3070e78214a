//! The common part of promises and tasks: a serious statement that something is to be done.

use self_domain::date::{Precision, When};
use self_domain::insight::{InsightKind, NewInsight, Pointers};

use super::sentence::Sentence;
use super::{Conversation, phrase};
use crate::resolve::Zone;

/// Words that make a sentence hypothetical.
const HYPOTHETICAL: &[&str] = &[
    "if",
    "unless",
    "would",
    "could",
    "might",
    "maybe",
    "perhaps",
    "suppose",
    "supposing",
    "imagine",
    "wish",
    "hypothetically",
    "whenever",
    "whether",
    "assuming",
    "probably",
    "pretend",
    "otherwise",
];
/// Words that mark a habit.
const HABITUAL: &[&str] = &[
    "always",
    "usually",
    "often",
    "sometimes",
    "never",
    "every",
    "generally",
    "typically",
    "ever",
    "anytime",
];
/// Words that report what others said or thought.
const REPORTED: &[&str] = &[
    "said", "says", "told", "tells", "thought", "asked", "asks", "goes", "wrote", "writes", "claimed",
    "claims", "wondered", "shouted", "answered", "replied", "saying", "telling",
];
/// Words that start a relative clause: `things that you have to do`.
const RELATIVE: &[&str] =
    &["that", "which", "what", "where", "when", "who", "whom", "how", "why", "whose", "as"];

/// Verbs of single errands that people do for one another.
const ERRANDS: &[&str] = &[
    "send",
    "mail",
    "email",
    "e-mail",
    "text",
    "call",
    "ring",
    "phone",
    "message",
    "bring",
    "lend",
    "pay",
    "forward",
    "write",
    "buy",
    "book",
    "order",
    "fix",
    "repair",
    "finish",
    "prepare",
    "check",
    "arrange",
    "organize",
    "organise",
    "schedule",
    "reschedule",
    "share",
    "ask",
    "remind",
    "review",
    "sign",
    "submit",
    "deliver",
    "return",
    "renew",
    "cancel",
    "print",
    "register",
    "apply",
    "clean",
    "collect",
    "fetch",
    "invite",
    "update",
    "upload",
    "install",
    "contact",
    "confirm",
    "transfer",
    "refund",
    "reserve",
    "pack",
    "paint",
    "post",
    "draft",
    "scan",
    "file",
    "hand",
    "drop",
    "pick",
    "invoice",
    "water",
    "feed",
];

/// A statement that something is to be done.
pub(super) struct Commitment<'a> {
    pub(super) kind: InsightKind,
    /// The index of its first word.
    pub(super) from: usize,
    /// The index of the verb that is to be done.
    pub(super) verb: usize,
    pub(super) due: Option<When>,
    pub(super) sentence: &'a Sentence<'a>,
}

pub(super) fn is_errand(verb: &str) -> bool {
    ERRANDS.contains(&verb)
}

/// Whether a sentence is serious: not hypothetical, no habit, no quotation.
pub(super) fn is_earnest(sentence: &Sentence<'_>, from: usize) -> bool {
    let before = &sentence.words[..from];
    let reported = before.iter().any(|word| REPORTED.contains(&word.text.as_str()));
    let relative = before.last().is_some_and(|word| RELATIVE.contains(&word.text.as_str()));
    !reported
        && !relative
        && !sentence.quotes()
        && !sentence.has_any(HYPOTHETICAL)
        && !sentence.has_any(HABITUAL)
}

/// The first date after a word that is in the future and exact enough to be a due date.
pub(super) fn due(sentence: &Sentence<'_>, behind: usize) -> Option<When> {
    let said_at = sentence.said_at;
    sentence.dates_from(behind).map(|(_, when)| when).find(|when| {
        when.to > said_at
            && !matches!(when.precision, Precision::Season | Precision::Year | Precision::Decade)
    })
}

impl Commitment<'_> {
    pub(super) fn insight(&self, conversation: &Conversation, zone: Zone) -> NewInsight {
        let (sentence, due_at) = (self.sentence, self.due.map(|when| when.due()));
        let start = sentence.words[self.from].range.start;
        let action = self.action();
        let key = format!("{} {action}", conversation.id);
        let essence = format!("{key} {}", due_at.map_or_else(String::new, |due| due.to_rfc3339()));
        let whose = sentence.speaker.map_or_else(String::new, |speaker| format!("{speaker}, "));
        let mut detail = format!(
            "“{}” ({whose}{}, in “{}”.)",
            sentence.text,
            phrase::day_of(sentence.said_at, zone),
            conversation.title
        );
        if let Some(when) = self.due {
            detail.push_str(&format!(" It is due {}.", phrase::due(when, zone)));
        }
        NewInsight {
            kind: self.kind,
            key,
            essence: Some(essence),
            title: phrase::line(&sentence.text[start..]),
            detail,
            due_at,
            evidence: Pointers {
                segments: sentence.segments.clone(),
                entities: sentence.entities(),
                files: Vec::new(),
            },
        }
    }

    /// The action without the date, so that a new date changes the same commitment.
    fn action(&self) -> String {
        const LITTLE: &[&str] = &[
            ",", ".", "!", "?", "by", "on", "at", "before", "until", "till", "please", "in", "the", "a",
            "for",
        ];
        let sentence = self.sentence;
        let dates: Vec<_> = sentence.dates_from(0).map(|(range, _)| range.clone()).collect();
        let words = sentence.words[self.verb..].iter();
        let kept = words.filter(|word| !dates.iter().any(|date| date.contains(&word.range.start)));
        let kept = kept.map(|word| word.text.as_str()).filter(|word| !LITTLE.contains(word));
        kept.collect::<Vec<_>>().join(" ")
    }
}
