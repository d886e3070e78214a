//! Judges a whole transcript. Only the whole shows a language that the transcriber does not know, or a
//! phrase that it produces again and again from sound without speech.

use std::collections::HashMap;

use super::UNINTELLIGIBLE;
use super::confidence::bare;

/// With less speech than this, in milliseconds, the language is not judged.
const LEAST_MS: u64 = 1_000;
/// If nothing is certain, this much uncertain speech, in milliseconds, shows no language either.
const UNSURE_MS: u64 = 5_000;
/// The longest phrase, in words, that a model makes of a noise: "You", "Thank you for watching!", "Subtitles
/// by the Amara.org community".
const LONE_WORDS: usize = 8;
/// A phrase that is a whole segment more often than this is doubted …
const REPEATS: usize = 4;
/// … if these are more than this share of all segments: somebody who often agrees also records others who
/// speak.
const SHARE: f64 = 0.5;

/// The parts of a transcript's segment that this judgement needs.
#[derive(Clone, Copy, Debug)]
pub struct ReviewedSegment<'a> {
    /// How long it is, in milliseconds.
    pub length_ms: u64,
    pub text: &'a str,
    /// Whether its own sound already makes it uncertain.
    pub is_uncertain: bool,
}

/// The judgement of all segments together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TranscriptReview {
    /// Whether more time was not understood than was, or nothing with certainty.
    pub language_uncertain: bool,
    /// The indices of the segments that become uncertain, in order.
    pub doubted: Vec<usize>,
}

/// Judges a whole transcript. It uses only stored data, so the result is the same for a job that was
/// interrupted.
#[must_use]
pub fn review(segments: &[ReviewedSegment<'_>]) -> TranscriptReview {
    let language_uncertain = is_language_uncertain(segments);
    let phrase = repeated_phrase(segments);
    let is_doubted = |segment: &ReviewedSegment<'_>| {
        !segment.is_uncertain
            && (language_uncertain || phrase.as_ref().is_some_and(|phrase| key(segment.text) == *phrase))
    };
    let doubted = segments.iter().enumerate().filter(|(_, segment)| is_doubted(segment));
    TranscriptReview { language_uncertain, doubted: doubted.map(|(place, _)| place).collect() }
}

/// Compares times, not numbers of segments. Uncertain segments do not count as understood.
fn is_language_uncertain(segments: &[ReviewedSegment<'_>]) -> bool {
    let (mut understood_ms, mut unsure_ms, mut lost_ms) = (0, 0, 0);
    for segment in segments {
        if segment.text == UNINTELLIGIBLE {
            lost_ms += segment.length_ms;
        } else if segment.is_uncertain {
            unsure_ms += segment.length_ms;
        } else {
            understood_ms += segment.length_ms;
        }
    }
    let is_lost = lost_ms >= LEAST_MS && lost_ms > understood_ms;
    is_lost || (understood_ms == 0 && unsure_ms >= UNSURE_MS)
}

/// The short phrase that makes up most of the transcript, if there is one.
fn repeated_phrase(segments: &[ReviewedSegment<'_>]) -> Option<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for segment in segments {
        let is_lone = segment.text.split_whitespace().count() <= LONE_WORDS;
        if is_lone && segment.text != UNINTELLIGIBLE {
            *counts.entry(key(segment.text)).or_default() += 1;
        }
    }
    let (phrase, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count > REPEATS && count as f64 > SHARE * segments.len() as f64).then_some(phrase)
}

/// The words without case and punctuation.
fn key(text: &str) -> String {
    text.split_whitespace().map(bare).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: (u64, &str, bool) = (2_000, UNINTELLIGIBLE, true);

    fn review(segments: &[(u64, &str, bool)]) -> TranscriptReview {
        let each = segments.iter().copied();
        let segments =
            each.map(|(length_ms, text, is_uncertain)| ReviewedSegment { length_ms, text, is_uncertain });
        super::review(&segments.collect::<Vec<_>>())
    }

    #[test]
    fn the_time_decides_and_not_the_number_of_segments() {
        let foreign = review(&[(9_000, UNINTELLIGIBLE, true), (700, "Yes.", false), (800, "No.", false)]);
        assert!(foreign.language_uncertain);
        assert!(!review(&[(9_000, "It rained.", false), LOST, LOST]).language_uncertain);
    }

    #[test]
    fn what_is_uncertain_speaks_for_no_language() {
        assert!(review(&[(9_000, "Come in, sugar.", true), LOST]).language_uncertain);
        assert!(!review(&[(3_000, "What did she say?", true)]).language_uncertain);
        let merciful = (9_000, "In the name of Allah, the Most Gracious, the Most Merciful, the", true);
        assert!(review(&[merciful]).language_uncertain);
        assert!(!review(&[merciful, (900, "It rained.", false)]).language_uncertain);
    }

    #[test]
    fn nothing_said_is_in_no_doubtful_language() {
        assert_eq!(review(&[]), TranscriptReview::default());
        assert_eq!(review(&[(600, UNINTELLIGIBLE, true)]), TranscriptReview::default());
    }

    #[test]
    fn in_a_language_that_is_not_known_nothing_is_certain() {
        let foreign = review(&[(9_000, UNINTELLIGIBLE, true), (700, "Yes.", false), (800, "Come in.", true)]);
        assert_eq!(foreign.doubted, [1]);
    }

    #[test]
    fn one_phrase_again_and_again_is_doubted_each_time() {
        let you = (900, "You", false);
        let heard = review(&[
            you,
            you,
            (900, "you.", false),
            LOST,
            you,
            (4_000, "Come in, please, Ada.", false),
            you,
        ]);
        assert_eq!(heard.doubted, [0, 1, 2, 4, 6]);
        assert!(!heard.language_uncertain);
    }

    #[test]
    fn somebody_who_often_agrees_is_believed() {
        let (yes, other) = ((400, "Yes.", false), (3_000, "Then we take the early train.", false));
        assert_eq!(
            review(&[yes, other, yes, other, yes, other, yes, other, other, yes]),
            TranscriptReview::default()
        );
        assert_eq!(review(&[yes, yes, yes, yes]), TranscriptReview::default());
    }
}
