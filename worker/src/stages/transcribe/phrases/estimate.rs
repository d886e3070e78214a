//! Estimates the times of words from the sound, within the parts of the text whose times are known.

use super::align::{TargetWord, align};
use super::bands::Bands;
use super::spelling;
use crate::models::transcriber::TranscribedWord;
use crate::stages::chunking::FRAME_MS;

/// The characters at which people may pause.
const PUNCTUATION: [char; 10] = ['.', ',', ';', ':', '?', '!', '…', '–', '—', '"'];
/// Reported times of a part are not used if they leave less than this for each of its words, in milliseconds.
const LEAST_WORD_MS: u64 = 50;
/// A part that begins or ends this near to an end of the chunk, in milliseconds, was not measured there:
/// services report the ends of the chunk.
const EDGE_MS: u64 = 50;

/// Consecutive words, and the time in which they were said.
#[derive(Debug, PartialEq)]
struct Part {
    words: usize,
    start_ms: u64,
    end_ms: u64,
    /// Whether the first word begins at the start, and the last one ends at the end.
    is_start_known: bool,
    is_end_known: bool,
}

/// The start and end of each word, in milliseconds from the start of the chunk.
pub(super) fn estimate(words: &[TranscribedWord], samples: &[f32], chunk_ms: u64) -> Vec<(u64, u64)> {
    let wanted: Vec<TargetWord> = words
        .iter()
        .map(|word| TargetWord {
            sounds: spelling::sounds(&word.text),
            pauses: word.text.ends_with(PUNCTUATION),
        })
        .collect();
    let bands = Bands::measure(samples);
    let Some(parts) = parts(words, chunk_ms) else {
        return align(&wanted, &bands)
            .into_iter()
            .map(|word| (word.start as u64 * FRAME_MS, word.end as u64 * FRAME_MS))
            .collect();
    };
    let mut times = Vec::with_capacity(words.len());
    let mut rest = &wanted[..];
    for part in parts {
        let (own, others) = rest.split_at(part.words);
        rest = others;
        let first_frame = part.start_ms.div_ceil(FRAME_MS);
        let frames = first_frame as usize..(part.end_ms / FRAME_MS) as usize;
        let first = times.len();
        times.extend(align(own, &bands.part(frames)).into_iter().map(|word| {
            let at = |frame: usize| (first_frame + frame as u64) * FRAME_MS;
            (at(word.start), at(word.end))
        }));
        if part.is_start_known {
            times[first].0 = part.start_ms;
        }
        if let Some(last) = times.last_mut().filter(|_| part.is_end_known) {
            last.1 = part.end_ms;
        }
    }
    times
}

/// The parts of these words; none if no plausible times of parts are known.
fn parts(words: &[TranscribedWord], chunk_ms: u64) -> Option<Vec<Part>> {
    let groups: Vec<&[TranscribedWord]> = words.chunk_by(|word, next| word.within == next.within).collect();
    let within = |at: usize| groups.get(at).and_then(|group| group[0].within);
    let mut parts: Vec<Part> = Vec::with_capacity(groups.len());
    for (at, group) in groups.iter().enumerate() {
        let known = within(at);
        // Words of no part are said between their neighbours.
        let before = parts.last().map_or(0, |part| part.end_ms);
        let behind = within(at + 1).map_or(chunk_ms, |(start, _)| start);
        let (start_ms, end_ms) = known.unwrap_or((before, behind));
        let end_ms = end_ms.min(chunk_ms);
        let needed = LEAST_WORD_MS * group.len() as u64;
        if start_ms < before || end_ms.checked_sub(start_ms).is_none_or(|length| length < needed) {
            return None;
        }
        parts.push(Part {
            words: group.len(),
            start_ms,
            end_ms,
            is_start_known: known.is_some() && start_ms > EDGE_MS,
            is_end_known: known.is_some() && end_ms + EDGE_MS < chunk_ms,
        });
    }
    words.iter().any(|word| word.within.is_some()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::SAMPLE_RATE;

    fn heard(parts: &[(&str, Option<(u64, u64)>)]) -> Vec<TranscribedWord> {
        let mut words = Vec::new();
        for (text, within) in parts {
            words.extend(text.split(' ').map(|text| TranscribedWord {
                text: text.to_owned(),
                log_probability: -0.1,
                tokens: 1,
                times: None,
                within: *within,
            }));
        }
        words
    }

    /// 8 s of sound that rises and falls.
    fn sound() -> Vec<f32> {
        let rate = SAMPLE_RATE as f32;
        (0..8 * SAMPLE_RATE)
            .map(|n| n as f32 / rate)
            .map(|s| 0.3 * (s * 3.0).sin() * (s * 5_000.0).sin())
            .collect()
    }

    #[test]
    fn words_are_said_within_their_part() {
        let words = heard(&[
            ("alpha bravo.", Some((200, 900))),
            ("and between", None),
            ("charlie delta.", Some((6_500, 7_500))),
        ]);
        let times = estimate(&words, &sound(), 8_000);
        assert_eq!((times[0].0, times[1].1), (200, 900));
        assert!(times[2].0 >= 900 && times[3].1 <= 6_500, "{times:?}");
        assert_eq!((times[4].0, times[5].1), (6_500, 7_500));
        assert!(times.is_sorted(), "{times:?}");
        assert!(times.iter().all(|(start, end)| start <= end), "{times:?}");
    }

    #[test]
    fn a_part_that_is_the_whole_chunk_says_nothing() {
        let words = heard(&[("alpha bravo.", Some((0, 8_000)))]);
        let [part] = &parts(&words, 8_000).unwrap()[..] else { panic!() };
        assert!(!part.is_start_known && !part.is_end_known);
        let unknown = heard(&[("alpha bravo.", None)]);
        assert_eq!(estimate(&words, &sound(), 8_000), estimate(&unknown, &sound(), 8_000));
    }

    #[test]
    fn times_of_parts_that_leave_no_time_for_the_words_are_not_used() {
        for within in [Some((200, 210)), Some((500, 300)), Some((9_000, 9_500))] {
            assert_eq!(parts(&heard(&[("alpha bravo.", within)]), 8_000), None, "{within:?}");
        }
        let crossed = heard(&[("alpha", Some((3_000, 4_000))), ("bravo", Some((1_000, 2_000)))]);
        assert_eq!(parts(&crossed, 8_000), None);
        assert_eq!(parts(&[], 8_000), None);
    }
}
