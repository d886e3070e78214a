//! Entities that follow a pattern: dates and times, amounts, e-mail addresses, phone numbers and links,
//! as they are written and as they are spoken.

mod amounts;
mod contacts;
pub(crate) mod dates;
mod numbers;

use std::ops::Range;

use super::EntityKind;
use crate::words::{Token, words};

/// A match, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) kind: EntityKind,
    pub(super) range: Range<usize>,
    /// The same key for every spelling of the same thing.
    pub(super) key: String,
}

/// Finds all patterns of a text, in order and without overlaps.
pub(super) fn find(text: &str) -> Vec<Pattern> {
    let words = words(text);
    let phrase = Phrase::new(&words);
    let written = contacts::written(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if let Some(contact) = written.iter().find(|contact| contact.range.contains(&words[at].start)) {
            at += words[at..].iter().take_while(|word| word.start < contact.range.end).count();
            found.push(contact.clone());
            continue;
        }
        let spoken = None
            .or_else(|| contacts::spoken(&phrase, at))
            .or_else(|| contacts::phone(&phrase, at).filter(|_| !dates::is_written(&phrase, at)))
            .or_else(|| amounts::amount(&phrase, at))
            .or_else(|| dates::date(&phrase, at));
        match spoken {
            Some(PatternMatch { kind, end, key }) => {
                found.push(Pattern { kind, range: words[at].start..words[end - 1].end(), key });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// A match that starts at a word, and the index of the word after it.
struct PatternMatch {
    kind: EntityKind,
    end: usize,
    key: String,
}

/// The words of a text, in the form that patterns read.
struct Phrase<'text> {
    words: &'text [Token<'text>],
    lower: Vec<String>,
}

impl<'text> Phrase<'text> {
    fn new(words: &'text [Token<'text>]) -> Self {
        Self { words, lower: words.iter().map(|word| word.text.to_lowercase()).collect() }
    }

    /// A word in lower case; empty beyond either end.
    fn word(&self, at: usize) -> &str {
        self.lower.get(at).map_or("", String::as_str)
    }

    fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.word(at))
    }

    /// Whether there is no space between this word and the next.
    fn is_joined(&self, at: usize) -> bool {
        self.words.get(at + 1).is_some_and(|next| next.start == self.words[at].end())
    }

    fn is_capitalised(&self, at: usize) -> bool {
        self.words.get(at).is_some_and(Token::is_capitalised)
    }

    /// The words of a range with one space between them.
    fn join(&self, range: Range<usize>) -> String {
        self.lower[range].join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn found(text: &str) -> Vec<(EntityKind, &str)> {
        find(text).into_iter().map(|pattern| (pattern.kind, &text[pattern.range])).collect()
    }

    pub(super) fn keys(text: &str) -> Vec<String> {
        find(text).into_iter().map(|pattern| pattern.key).collect()
    }

    #[test]
    fn kinds_are_distinguished_in_one_sentence() {
        assert_eq!(
            found("On May 3rd I paid $20 to anna@example.com, call 555-123-4567 or see example.org/pay."),
            [
                (EntityKind::Date, "May 3rd"),
                (EntityKind::Amount, "$20"),
                (EntityKind::Email, "anna@example.com"),
                (EntityKind::Phone, "555-123-4567"),
                (EntityKind::Link, "example.org/pay"),
            ]
        );
    }

    #[test]
    fn ordinary_numbers_and_words_are_no_patterns() {
        let text = "I may march with two friends, one of them the second time, and sat down for a minute.";
        assert_eq!(found(text), []);
    }
}
