//! Whole sentences, also those that a pause has cut into several segments.

use std::ops::Range;

use chrono::{DateTime, Utc};
use self_domain::date::When;
use uuid::Uuid;

use super::{Conversation, Mention};
use crate::extract::EntityKind;

/// The largest number of segments that are joined into sentences.
const MOST_SEGMENTS: usize = 4;

/// A sentence, with its speaker, its time and its segments.
#[derive(Clone, Debug)]
pub(super) struct Sentence<'a> {
    pub(super) text: String,
    /// Its words in lower case, with contractions expanded: `I'll` is `i will`.
    pub(super) words: Vec<RuleWord>,
    /// Its mentions, by ranges of bytes of the text.
    pub(super) mentions: Vec<(Range<usize>, &'a Mention)>,
    /// The segments that contain it.
    pub(super) segments: Vec<Uuid>,
    pub(super) speaker: Option<&'a str>,
    pub(super) said_at: DateTime<Utc>,
}

/// A word in the form that the rules read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleWord {
    pub(super) text: String,
    /// Its range in the sentence, in bytes.
    pub(super) range: Range<usize>,
}

impl Sentence<'_> {
    /// A word; empty beyond either end.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    pub(super) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.word(at))
    }

    /// Whether these words follow one another from this index.
    pub(super) fn goes(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(step, word)| self.word(at + step) == *word)
    }

    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.text.as_str()))
    }

    pub(super) fn is_question(&self) -> bool {
        self.text.trim_end_matches(['"', '”', '\'', '’', ')', ' ']).ends_with('?')
    }

    /// Whether the sentence contains a quotation.
    pub(super) fn quotes(&self) -> bool {
        self.text.contains(['"', '“', '”'])
    }

    /// The mention at a word.
    pub(super) fn mention_at(&self, at: usize) -> Option<&Mention> {
        let place = self.words.get(at)?.range.start;
        self.mentions.iter().find(|(range, _)| range.contains(&place)).map(|(_, mention)| *mention)
    }

    /// The resolved dates from a word on, with their ranges of bytes.
    pub(super) fn dates_from(&self, at: usize) -> impl Iterator<Item = (&Range<usize>, When)> {
        let start = self.words.get(at).map_or(usize::MAX, |word| word.range.start);
        self.mentions.iter().filter_map(move |(range, mention)| {
            let when = mention.when.filter(|_| mention.kind == EntityKind::Date && range.start >= start)?;
            Some((range, when))
        })
    }

    pub(super) fn entities(&self) -> Vec<Uuid> {
        let mut entities: Vec<Uuid> = self
            .mentions
            .iter()
            .filter(|(_, mention)| !matches!(mention.kind, EntityKind::Date | EntityKind::Amount))
            .map(|(_, mention)| mention.entity)
            .collect();
        entities.sort_unstable();
        entities.dedup();
        entities
    }
}

/// The sentences of a conversation, in their order.
pub(super) fn sentences(conversation: &Conversation) -> Vec<Sentence<'_>> {
    let mut sentences = Vec::new();
    let mut at = 0;
    while at < conversation.segments.len() {
        let joined = joined(conversation, at);
        sentences.extend(split(conversation, at..joined));
        at = joined;
    }
    sentences
}

/// The end of the segments that are joined with the one at `from`, because a sentence continues.
fn joined(conversation: &Conversation, from: usize) -> usize {
    let segments = &conversation.segments;
    let mut to = from + 1;
    while to < segments.len() && to - from < MOST_SEGMENTS {
        let (last, next) = (&segments[to - 1], &segments[to]);
        let open = !last.text.trim_end_matches(['"', '”', ')', ' ']).ends_with(['.', '!', '?', '…']);
        let goes_on = next.text.starts_with(|first: char| !first.is_uppercase());
        if !open || last.speaker != next.speaker || !goes_on {
            break;
        }
        to += 1;
    }
    to
}

fn split(conversation: &Conversation, range: Range<usize>) -> Vec<Sentence<'_>> {
    let segments = &conversation.segments[range];
    let mut text = String::new();
    let mut places = Vec::new();
    for segment in segments {
        if !text.is_empty() {
            text.push(' ');
        }
        places.push(text.len());
        text.push_str(&segment.text);
    }
    let mut mentions = Vec::new();
    for (segment, place) in segments.iter().zip(&places) {
        for mention in &segment.mentions {
            let start = place + byte(&segment.text, mention.start_char);
            mentions.push((start..place + byte(&segment.text, mention.end_char), mention));
        }
    }
    let mut sentences = Vec::new();
    for range in ranges(&text) {
        let within = |start: usize| range.contains(&start);
        let first = places.partition_point(|place| *place <= range.start) - 1;
        let last = places.partition_point(|place| *place < range.end) - 1;
        let of_sentence = mentions.iter().filter(|(place, _)| within(place.start));
        let sentence = &text[range.clone()];
        sentences.push(Sentence {
            text: sentence.to_owned(),
            words: words(sentence),
            mentions: of_sentence
                .map(|(place, mention)| {
                    (place.start - range.start..place.end.min(range.end) - range.start, *mention)
                })
                .collect(),
            segments: segments[first..=last].iter().map(|segment| segment.id).collect(),
            speaker: segments[first].speaker.as_deref(),
            said_at: segments[first].said_at,
        });
    }
    sentences
}

fn byte(text: &str, char: usize) -> usize {
    text.char_indices().nth(char).map_or(text.len(), |(at, _)| at)
}

/// The ranges of the sentences, without the spaces around them. A full stop ends a sentence if a capital
/// follows.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for (at, mark) in text.char_indices().filter(|(_, mark)| matches!(mark, '.' | '!' | '?' | '…')) {
        let end = at + mark.len_utf8();
        let rest = &text[end..];
        let closed = rest.len() - rest.trim_start_matches(['"', '”', '’', ')', '.', '!', '?']).len();
        let end = end + closed;
        let spaced = text[end..].trim_start();
        let abbreviated = mark == '.' && {
            let word = text[..at].rsplit([' ', '(']).next().unwrap_or_default();
            word.contains('.')
                || matches!(word.to_lowercase().as_str(), "mr" | "mrs" | "ms" | "dr" | "st" | "prof")
        };
        let ends = text[end..].is_empty()
            || text[end..].starts_with(char::is_whitespace)
                && !spaced.starts_with(char::is_lowercase)
                && !abbreviated;
        if ends && end > start {
            ranges.push(start..end);
            start = end;
        }
    }
    ranges.push(start..text.len());
    ranges
        .into_iter()
        .map(|range| {
            let sentence = &text[range.clone()];
            let start = range.start + sentence.len() - sentence.trim_start().len();
            start..start.max(range.start + sentence.trim_end().len())
        })
        .filter(|range| !range.is_empty())
        .collect()
}

/// Contractions and their full forms. `'d` and `'s` are ambiguous and stay.
const ENDINGS: &[(&str, &str)] =
    &[("'ll", "will"), ("'re", "are"), ("'ve", "have"), ("'m", "am"), ("'d", "'d"), ("'s", "'s")];
const WHOLE: &[(&str, &[&str])] = &[
    ("won't", &["will", "not"]),
    ("can't", &["can", "not"]),
    ("cannot", &["can", "not"]),
    ("gonna", &["going", "to"]),
    ("gotta", &["got", "to"]),
    ("wanna", &["want", "to"]),
    ("let's", &["let", "us"]),
    ("ain't", &["is", "not"]),
];

fn words(text: &str) -> Vec<RuleWord> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '@' | ':' | '_');
        let length = if first.is_alphanumeric() {
            text[at..].find(|c: char| !joins(c)).unwrap_or(text.len() - at)
        } else {
            first.len_utf8()
        };
        let word = text[at..at + length].trim_end_matches(['\'', '’', '-', ':']);
        let word = if word.is_empty() { &text[at..at + length] } else { word };
        if !first.is_whitespace() {
            write_out(&mut words, &word.to_lowercase().replace('’', "'"), at..at + word.len());
        }
        at += length;
    }
    words
}

fn write_out(words: &mut Vec<RuleWord>, word: &str, range: Range<usize>) {
    let mut push = |text: &str| words.push(RuleWord { text: text.to_owned(), range: range.clone() });
    if let Some((_, whole)) = WHOLE.iter().find(|(short, _)| *short == word) {
        whole.iter().for_each(|word| push(word));
    } else if let Some(stem) = word.strip_suffix("n't") {
        push(stem);
        push("not");
    } else if let Some((stem, long)) = ENDINGS
        .iter()
        .find_map(|(short, long)| Some((word.strip_suffix(short)?, long)))
        .filter(|(stem, _)| !stem.is_empty())
    {
        push(stem);
        push(long);
    } else {
        push(word);
    }
}
