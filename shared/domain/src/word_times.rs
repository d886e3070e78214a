//! The times of the words of a text, also after a person corrected the text.
//!
//! Transcribed words have times. A corrected text keeps the times of the words that are still there (the
//! longest common subsequence; Hunt and McIlroy, "An algorithm for differential file comparison", 1976). New
//! words get the times of the words that they replace.

use std::ops::Range;

use super::transcription::Word;

/// Above this many comparisons, words that differ share their time by length.
const MOST_COMPARISONS: usize = 1_000_000;

/// A word with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedWord<'a> {
    /// Without white space.
    pub text: &'a str,
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End in the recording, in milliseconds.
    pub end_ms: u64,
}

impl<'a> From<&'a Word> for TimedWord<'a> {
    fn from(word: &'a Word) -> Self {
        Self { text: &word.text, start_ms: word.start_ms, end_ms: word.end_ms }
    }
}

/// Computes the start and end of each word of a text, in milliseconds of the recording. Words are separated
/// by white space. `heard` are the words that were transcribed from `start_ms` to `end_ms`, in order. If
/// there are none, every word gets these two times.
///
/// ```
/// # use self_domain::word_times::{TimedWord, word_times};
/// let heard = |text, start_ms| TimedWord { text, start_ms, end_ms: start_ms + 90 };
/// let heard = [heard("Call", 0), heard("Jon", 100), heard("today.", 200)];
/// assert_eq!(word_times("Call John today.", &heard, 0, 300), [(0, 90), (100, 190), (200, 290)]);
/// ```
#[must_use]
pub fn word_times(text: &str, heard: &[TimedWord<'_>], start_ms: u64, end_ms: u64) -> Vec<(u64, u64)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if heard.is_empty() {
        return vec![(start_ms, end_ms); words.len()];
    }
    // The text is a part of the transcribed words, unchanged.
    let is_there = |part: &[TimedWord<'_>]| part.iter().zip(&words).all(|(heard, word)| heard.text == *word);
    if let Some(part) = heard.windows(words.len().max(1)).find(|part| is_there(part)) {
        return part[..words.len()].iter().map(|word| (word.start_ms, word.end_ms)).collect();
    }
    let mut times = Vec::with_capacity(words.len());
    let mut behind = (0, 0);
    let matches = matches(&words, heard);
    for (word, place) in matches.into_iter().chain([(words.len(), heard.len())]) {
        let before = times.last().map_or(start_ms, |(_, end)| *end);
        let after = heard.get(place).map_or(end_ms, |word| word.start_ms);
        times.extend(replaced(&words[behind.0..word], &heard[behind.1..place], before, after));
        times.extend(heard.get(place).map(|word| (word.start_ms, word.end_ms)));
        behind = (word + 1, place + 1);
    }
    times
}

/// The time from the start of the first to the end of the last word that lies, at least in part, in a range
/// of characters (Unicode scalar values) of a text. `None` if there is no word. `times` are those of
/// [`word_times`].
#[must_use]
pub fn times_within(text: &str, times: &[(u64, u64)], characters: Range<usize>) -> Option<(u64, u64)> {
    let (mut word, mut in_word) = (0, false);
    let mut touched: Option<(usize, usize)> = None;
    for (place, character) in text.chars().enumerate().take(characters.end) {
        if character.is_whitespace() {
            word += usize::from(in_word);
            in_word = false;
        } else {
            in_word = true;
            if place >= characters.start {
                touched = Some((touched.map_or(word, |(first, _)| first), word));
            }
        }
    }
    let (first, last) = touched?;
    Some((times.get(first)?.0, times.get(last)?.1))
}

/// The indexes of words that are equal except for case and punctuation, and in the same order in both lists.
#[must_use]
pub fn matches(words: &[&str], heard: &[TimedWord<'_>]) -> Vec<(usize, usize)> {
    let words: Vec<String> = words.iter().map(|word| bare(word)).collect();
    let heard: Vec<String> = heard.iter().map(|word| bare(word.text)).collect();
    let start = words.iter().zip(&heard).take_while(|(one, other)| one == other).count();
    let (inner_words, inner_heard) = (&words[start..], &heard[start..]);
    let end = inner_words
        .iter()
        .rev()
        .zip(inner_heard.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let between = common(&inner_words[..inner_words.len() - end], &inner_heard[..inner_heard.len() - end]);
    let first = (0..start).map(|at| (at, at));
    let middle = between.into_iter().map(|(word, place)| (start + word, start + place));
    let last = (0..end).rev().map(|back| (words.len() - 1 - back, heard.len() - 1 - back));
    first.chain(middle).chain(last).collect()
}

/// The letters and digits of a word in lower case, for comparison regardless of punctuation.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The longest common subsequence of two lists, as pairs of indexes.
fn common(one: &[String], other: &[String]) -> Vec<(usize, usize)> {
    if one.len().saturating_mul(other.len()) > MOST_COMPARISONS {
        return Vec::new();
    }
    let width = other.len() + 1;
    // lengths[a * width + b]: the length of the longest common subsequence of one[a..] and other[b..].
    let mut lengths = vec![0_u32; (one.len() + 1) * width];
    for a in (0..one.len()).rev() {
        for b in (0..other.len()).rev() {
            lengths[a * width + b] = if one[a] == other[b] {
                lengths[(a + 1) * width + b + 1] + 1
            } else {
                lengths[(a + 1) * width + b].max(lengths[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while a < one.len() && b < other.len() {
        if one[a] == other[b] {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if lengths[(a + 1) * width + b] >= lengths[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

/// The times of words that replace others. With the same number of words, they get the times of the others
/// one for one, and otherwise shares of their time by length. If no words were replaced, the time is that
/// between the words around.
fn replaced(words: &[&str], heard: &[TimedWord<'_>], before: u64, after: u64) -> Vec<(u64, u64)> {
    if words.len() == heard.len() {
        return heard.iter().map(|word| (word.start_ms, word.end_ms)).collect();
    }
    let start = heard.first().map_or(before, |word| word.start_ms);
    let end = heard.last().map_or(after, |word| word.end_ms).max(start);
    let length = |word: &&str| word.chars().count() as u64;
    let total = words.iter().map(length).sum::<u64>().max(1);
    let mut said = 0;
    words
        .iter()
        .map(|word| {
            let from = start + (end - start) * said / total;
            said += length(word);
            (from, start + (end - start) * said / total)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of 80 ms, one every 100 ms.
    fn heard(text: &str) -> Vec<TimedWord<'_>> {
        (0..)
            .zip(text.split_whitespace())
            .map(|(at, text)| TimedWord { text, start_ms: 1_000 + at * 100, end_ms: 1_080 + at * 100 })
            .collect()
    }

    fn starts(text: &str, as_heard: &str) -> Vec<u64> {
        let heard = heard(as_heard);
        let end = heard.last().map_or(2_000, |word| word.end_ms);
        let times = word_times(text, &heard, 1_000, end);
        assert_eq!(times.len(), text.split_whitespace().count());
        assert!(times.iter().all(|(from, to)| from <= to), "{times:?}");
        assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{times:?}");
        times.into_iter().map(|(start, _)| start).collect()
    }

    #[test]
    fn an_unchanged_text_and_a_part_of_it_keep_their_times() {
        let said = "We met. Then we met Ann again.";
        assert_eq!(starts(said, said), [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600]);
        assert_eq!(starts("we met Ann", said), [1_300, 1_400, 1_500]);
    }

    #[test]
    fn words_that_a_correction_left_keep_their_times() {
        assert_eq!(
            starts("Met Ann Lee, then again.", "met and then again"),
            [1_000, 1_100, 1_134, 1_200, 1_300]
        );
        assert_eq!(starts("the man the whole dog", "the big the dog"), [1_000, 1_100, 1_200, 1_280, 1_300]);
        assert_eq!(starts("then again", "well then once again"), [1_100, 1_300]);
    }

    #[test]
    fn another_text_shares_the_time() {
        assert_eq!(starts("completely different words", "one two"), [1_000, 1_075, 1_142]);
        assert_eq!(starts(&"x ".repeat(1_500), &"y ".repeat(1_499)).len(), 1_500);
        assert_eq!(starts("", "one two"), [0; 0]);
    }

    #[test]
    fn without_words_heard_a_word_was_said_some_time() {
        assert_eq!(word_times("two words", &[], 5, 90), [(5, 90), (5, 90)]);
    }

    #[test]
    fn a_range_of_characters_has_the_times_of_the_words_it_touches() {
        let text = " Ça va, Ann Lee?";
        let times = [(10, 20), (30, 40), (50, 60), (70, 80)];
        let within = |range| times_within(text, &times, range);
        assert_eq!(within(8..15), Some((50, 80)));
        assert_eq!(within(1..3), Some((10, 20)));
        assert_eq!(within(6..9), Some((30, 60)));
        assert_eq!(within(0..99), Some((10, 80)));
        assert_eq!(within(3..4), None);
        assert_eq!(within(50..60), None);
        assert_eq!(times_within(text, &times[..1], 8..15), None);
    }
}
