//! Passages: windows of neighbouring segments, long enough to be understood alone.
//!
//! One segment ("Yes, on Tuesday.") is too short to be found by meaning, and a whole conversation is too
//! long. A passage has a few sentences. Neighbouring passages share some segments, so that a thought across
//! a boundary is whole in one of them.

use std::ops::Range;

/// A segment of a transcript: its times and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'text> {
    pub start_ms: u64,
    pub end_ms: u64,
    pub text: &'text str,
}

/// A span of a transcript that is embedded as one text and can be played by its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The segments of the passage, by their index in the transcript.
    pub segments: Range<usize>,
    pub start_ms: u64,
    pub end_ms: u64,
    pub text: String,
}

/// The largest number of words in a passage: about four sentences, short enough to be played, and better
/// found than longer ones. Measured with `make eval` on 108 documents, each searched with five words, the
/// reciprocal rank of search by meaning alone and by meaning and words was 0.681 and 0.822 with 120 words,
/// 0.777 and 0.809 with 60, 0.765 and 0.845 with 40.
const MAX_WORDS: usize = 40;

/// The largest number of words at the end of a passage that are repeated in the next one.
const OVERLAP_WORDS: usize = 10;

/// Cuts a transcript into passages. Every word is in at least one of them; segments without words make no
/// passage.
pub(super) fn cut_passages(segments: &[Segment<'_>]) -> Vec<Passage> {
    let words: Vec<usize> = segments.iter().map(|segment| words(segment.text).count()).collect();
    let mut passages = Vec::new();
    let mut start = 0;
    while start < segments.len() {
        let end = start + fitting(&words[start..], MAX_WORDS).max(1);
        push(&mut passages, segments, start..end);
        if end == segments.len() {
            break;
        }
        // The next passage starts with the end of this one, but never with all of it, and only if the
        // next new segment still fits.
        let tail = fitting_back(&words[start + 1..end], OVERLAP_WORDS);
        start = if words[end - tail..=end].iter().sum::<usize>() <= MAX_WORDS { end - tail } else { end };
    }
    passages
}

/// The longest word, in bytes. A longer one is cut into pieces, since passages are limited by words.
const LONGEST_WORD: usize = 200;

/// A word, cut into pieces if it is too long.
pub fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(LONGEST_WORD));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The words of a text, with long ones cut into pieces.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(pieces)
}

/// How many of the first segments have at most `limit` words together.
fn fitting(words: &[usize], limit: usize) -> usize {
    words
        .iter()
        .scan(0, |sum, words| {
            *sum += words;
            Some(*sum)
        })
        .take_while(|sum| *sum <= limit)
        .count()
}

/// How many of the last segments have at most `limit` words together.
fn fitting_back(words: &[usize], limit: usize) -> usize {
    let reversed: Vec<_> = words.iter().rev().copied().collect();
    fitting(&reversed, limit)
}

/// Adds the passage of these segments. A single segment that is too long (imported text) becomes several
/// passages; segments without words become none.
fn push(passages: &mut Vec<Passage>, segments: &[Segment<'_>], range: Range<usize>) {
    let covered = &segments[range.clone()];
    let words: Vec<_> = covered.iter().flat_map(|segment| words(segment.text)).collect();
    for text in words.chunks(MAX_WORDS) {
        passages.push(Passage {
            segments: range.clone(),
            start_ms: covered[0].start_ms,
            end_ms: covered[covered.len() - 1].end_ms,
            text: text.join(" "),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(texts: &[String]) -> Vec<Segment<'_>> {
        (0_u64..)
            .zip(texts)
            .map(|(index, text)| Segment { start_ms: index * 1000, end_ms: index * 1000 + 900, text })
            .collect()
    }

    #[test]
    fn a_short_conversation_is_one_passage_with_its_times() {
        let texts = ["Hello, Anna.".to_owned(), " How was the trip? ".to_owned()];
        let passages = cut_passages(&transcript(&texts));
        assert_eq!(
            passages,
            [Passage {
                segments: 0..2,
                start_ms: 0,
                end_ms: 1900,
                text: "Hello, Anna. How was the trip?".to_owned(),
            }]
        );
    }

    #[test]
    fn words_without_end_make_passages_that_search_can_hold() {
        let texts: Vec<String> = (0..3).map(|_| "天気-".repeat(3_000)).collect();
        let passages = cut_passages(&transcript(&texts));
        assert!(passages.iter().all(|passage| passage.text.len() < 10_000), "{passages:?}");
        let text: String = passages.iter().flat_map(|passage| passage.text.split(' ')).collect();
        assert_eq!(text, texts.concat());
    }

    #[test]
    fn passages_cover_every_segment_and_share_some_with_their_neighbours() {
        let texts: Vec<_> = (0..40).map(|index| format!("{index} ").repeat(4)).collect();
        let passages = cut_passages(&transcript(&texts));
        assert_eq!(passages[0].segments, 0..10);
        assert_eq!(passages[1].segments, 8..18);
        for pair in passages.windows(2) {
            assert!(pair[1].segments.start < pair[0].segments.end);
            assert!(pair[1].segments.end > pair[0].segments.end);
        }
        assert_eq!(passages.last().unwrap().segments.end, 40);
        for passage in &passages {
            assert!(passage.text.split(' ').count() <= MAX_WORDS);
        }
    }

    #[test]
    fn a_segment_longer_than_a_passage_is_cut_and_loses_no_word() {
        let long: Vec<_> = (0..300).map(|word| word.to_string()).collect();
        let texts = ["before".to_owned(), long.join(" "), "after".to_owned()];
        let passages = cut_passages(&transcript(&texts));
        let ranges: Vec<_> = passages.iter().map(|passage| passage.segments.clone()).collect();
        assert_eq!((ranges.len(), &ranges[0], &ranges[9]), (10, &(0..1), &(2..3)));
        let text: Vec<_> = passages.iter().map(|passage| passage.text.as_str()).collect();
        assert_eq!(text.join(" "), texts.join(" "));
    }

    #[test]
    fn silence_has_no_passages() {
        assert!(cut_passages(&[]).is_empty());
        assert!(cut_passages(&transcript(&[String::new(), " ".to_owned()])).is_empty());
    }
}
