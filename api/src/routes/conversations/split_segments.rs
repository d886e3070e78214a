//! Splits long speech into segments, so that hits in it have a position, and no text exceeds the limit of
//! a segment: search cannot index texts of unlimited length.

use self_shared::domain::sentences::sentences;
use self_shared::subtitles::Cue;

/// The longest text of a segment, in characters. The API document states it, too.
pub(super) const LONGEST_TEXT: usize = 10_000;
/// A line longer than this, in characters, becomes one segment for each sentence.
const LONG_LINE: usize = 400;

/// Returns a short cue unchanged, and a long cue as one cue for each sentence. The sentences share the
/// time of the cue in proportion to their length.
pub(super) fn split_cue(mut cue: Cue) -> impl Iterator<Item = Cue> {
    let mut pieces = pieces(&cue.text);
    if pieces.len() < 2 {
        pieces = vec![std::mem::take(&mut cue.text)];
    }
    let length = |piece: &String| i64::try_from(piece.chars().count()).unwrap_or(i64::MAX);
    let all = pieces.iter().map(length).sum::<i64>().max(1);
    let mut before = 0;
    pieces.into_iter().map(move |text| {
        let place = |before: i64| cue.start_ms + (cue.end_ms - cue.start_ms) * before / all;
        let start_ms = place(before);
        before += length(&text);
        Cue { start_ms, end_ms: place(before), text, speaker: cue.speaker.clone() }
    })
}

/// Returns a short line unchanged, and a long line as its sentences. Text without punctuation is cut
/// between words; text without spaces is cut anywhere.
fn pieces(line: &str) -> Vec<String> {
    if line.chars().count() <= LONG_LINE {
        return vec![line.to_owned()];
    }
    let mut pieces = Vec::new();
    for sentence in sentences(line) {
        let mut piece = String::new();
        let mut length = 0;
        for word in sentence.split(' ').flat_map(bounded) {
            let longer = length + word.chars().count() + 1;
            if length > 0 && longer > LONG_LINE {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
            if length > 0 {
                piece.push(' ');
            }
            piece.push_str(word);
            length += word.chars().count() + 1;
        }
        pieces.push(piece);
    }
    pieces
}

/// A word, cut into pieces if it is longer than a segment may be.
fn bounded(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(LONGEST_TEXT).map_or(rest.len(), |(end, _)| end);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_a_segment_for_each_sentence() {
        let sentence = "Then Mr. Smith went to the harbour, and nobody has seen him since.";
        let line = [sentence; 20].join(" ");
        assert_eq!(pieces(&line), [sentence; 20]);
        assert_eq!(pieces("  One. Two. "), ["  One. Two. "]);
    }

    #[test]
    fn a_line_without_any_punctuation_is_cut_between_words() {
        let line = "and then ".repeat(200);
        let pieces = pieces(&line);
        assert!(
            pieces.len() > 3 && pieces.iter().all(|piece| piece.chars().count() <= LONG_LINE),
            "{pieces:?}"
        );
        assert_eq!(pieces.join(" "), line.trim());
        let long = "x".repeat(1_000);
        assert_eq!(super::pieces(&long), std::slice::from_ref(&long));
    }

    #[test]
    fn a_word_without_end_is_in_as_many_segments_as_it_needs() {
        let endless = "é".repeat(2 * LONGEST_TEXT + 1);
        let pieces = pieces(&format!("so {endless}"));
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.chars().count()).collect();
        assert_eq!(lengths, [2, LONGEST_TEXT, LONGEST_TEXT, 1]);
        assert_eq!(pieces.concat().replace(' ', ""), format!("so{endless}"));
    }

    #[test]
    fn the_sentences_of_a_long_cue_share_its_time() {
        let (short, long) = ("a".repeat(99) + ".", "b".repeat(299) + ".");
        let text = format!("{short} {long} {short}");
        let cue = Cue { start_ms: 1_000, end_ms: 6_000, text, speaker: Some("Ada".to_owned()) };
        let cues: Vec<Cue> = split_cue(cue).collect();
        let times: Vec<_> = cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect();
        assert_eq!(times, [(1_000, 2_000), (2_000, 5_000), (5_000, 6_000)]);
        assert!(cues.iter().all(|cue| cue.speaker.as_deref() == Some("Ada")), "{cues:?}");
        let short = Cue { start_ms: 0, end_ms: 1, text: short, speaker: None };
        assert!(split_cue(short.clone()).eq([short]));
    }
}
