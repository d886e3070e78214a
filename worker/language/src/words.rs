//! Words and sentences of a text, with their positions.

use std::ops::Range;

/// A word, a number or a mark of punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'text> {
    /// The word as it is written.
    pub text: &'text str,
    /// The start, in bytes of the whole text.
    pub start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is_capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Abbreviations with a full stop that does not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "col", "capt", "lt", "sgt", "rev", "sen",
    "gov", "rep", "hon", "vs", "mt", "ft", "no", "dept",
];

/// Clitics: words that are joined to the word before them: `Anna's`, `she'll`.
const CLITICS: &[&str] = &["s", "ll", "re", "ve", "d", "m"];

/// Splits a text into words. Possessive endings and punctuation are separate words; `O'Brien`, `Jean-Luc`,
/// `U.S.` and `AT&T` are one word each.
#[must_use]
pub fn words(text: &str) -> Vec<Token<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let end =
            at + if first.is_alphanumeric() { word_length(&text[at..]) } else { mark_length(&text[at..]) };
        if !first.is_whitespace() {
            words.push(Token { text: &text[at..end], start: at });
        }
        at = end;
    }
    words
}

/// The sentences of a text, as ranges of its words.
pub(super) fn sentences(words: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for index in 0..words.len() {
        let ends = matches!(words[index].text, "." | "!" | "?" | "…");
        // A closing quotation mark belongs to the sentence before it.
        let more = words.get(index + 1).is_some_and(|next| {
            next.start == words[index].end()
                && matches!(next.text, "." | "!" | "?" | "\"" | "”" | "'" | "’" | ")")
        });
        let after_mark = index > start
            && matches!(words[index].text, "\"" | "”" | "'" | "’" | ")")
            && matches!(words[index - 1].text, "." | "!" | "?" | "…")
            && words[index].start == words[index - 1].end();
        if (ends || after_mark) && !more {
            sentences.push(start..index + 1);
            start = index + 1;
        }
    }
    if start < words.len() {
        sentences.push(start..words.len());
    }
    sentences
}

/// The length of the word at the start of a text.
fn word_length(text: &str) -> usize {
    let mut length = run(text);
    while let Some(joiner) = text[length..].chars().next() {
        let next = length + joiner.len_utf8();
        let rest = run(&text[next..]);
        let part = &text[next..next + rest];
        let joins = rest > 0
            && match joiner {
                '-' => true,
                '\'' | '’' => !CLITICS.contains(&part.to_lowercase().as_str()),
                '&' => is_upper(&text[..length]) && is_upper(part),
                '.' => is_initials(&text[..length]) && is_letter(part) || is_digits(&text[..length], part),
                ',' | ':' => part.len() > 1 && is_digits(&text[..length], part),
                _ => false,
            };
        if !joins {
            break;
        }
        length = next + rest;
    }
    let word = &text[..length];
    let keeps_stop = is_initials(word) && (word.contains('.') || is_upper(word) && word != "I")
        || ABBREVIATIONS.contains(&word.to_lowercase().as_str());
    length + usize::from(keeps_stop && text[length..].starts_with('.'))
}

/// The length of the mark at the start of a text: one character, or a clitic.
fn mark_length(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    if !text.starts_with(['\'', '’']) {
        return first;
    }
    let rest = run(&text[first..]);
    let clitic = CLITICS.contains(&text[first..first + rest].to_lowercase().as_str());
    first + if clitic { rest } else { 0 }
}

/// The length of the letters and digits at the start of a text.
fn run(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len())
}

fn is_letter(part: &str) -> bool {
    part.chars().count() == 1 && part.chars().all(char::is_alphabetic)
}

/// Whether a word consists of initials: `J`, `U.S`, `p.m`.
fn is_initials(word: &str) -> bool {
    word.split('.').all(is_letter)
}

fn is_upper(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|letter| !letter.is_lowercase())
}

fn is_digits(before: &str, after: &str) -> bool {
    before.ends_with(|digit: char| digit.is_ascii_digit())
        && after.chars().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn possessives_are_split_off_and_names_stay_whole() {
        assert_eq!(
            texts("Mr. O'Brien's car, Jean-Luc's U.S. visa and AT&T."),
            ["Mr.", "O'Brien", "'s", "car", ",", "Jean-Luc", "'s", "U.S.", "visa", "and", "AT&T", "."]
        );
        assert_eq!(texts("They’ll don't 3.5 1,000 9:30"), ["They", "’ll", "don't", "3.5", "1,000", "9:30"]);
    }

    #[test]
    fn positions_are_bytes_of_the_text() {
        let text = "Zoë, née Müller";
        for word in words(text) {
            assert_eq!(&text[word.start..word.end()], word.text);
        }
    }

    #[test]
    fn sentences_end_at_full_stops_but_not_at_abbreviations() {
        let words = words("Dr. Lee came. \"Really?\" So did I. Yes");
        let sentences: Vec<_> = sentences(&words)
            .into_iter()
            .map(|range| words[range].iter().map(|word| word.text).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(sentences, ["Dr. Lee came .", "\" Really ? \"", "So did I .", "Yes"]);
    }
}
