//! Layout of transcripts as readable cues: their length, where text is divided, and their times.
//!
//! Broadcasters and cinemas require two lines of 42 characters and 1 to 7 seconds:
//! <https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977>.

use std::ops::{Range, RangeInclusive};

use super::lines::{Atom, Between, Filled, atoms, is_punctuation, plain, wrapped};
use super::scripts::width;
use super::{Cue, Utterance};
use crate::domain::sentences::ends_sentence;

/// The limits for cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    line_chars: usize,
    lines: usize,
    cue_ms: i64,
}

/// Bounds of [`Layout::line_chars`].
pub const LINE_CHARS: RangeInclusive<u16> = 10..=100;
/// Bounds of [`Layout::lines`].
pub const LINES: RangeInclusive<u16> = 1..=4;
/// Bounds of [`Layout::cue_ms`].
pub const CUE_MS: RangeInclusive<u32> = 1_000..=60_000;

/// A shorter cue is shown until the next one, or for this long.
const SHORTEST_MS: i64 = 1_000;
/// A pause of this length divides cues as well as a comma does.
const PAUSE_MS: i64 = 500;

impl Default for Layout {
    fn default() -> Self {
        Self { line_chars: 42, lines: 2, cue_ms: 7_000 }
    }
}

impl Layout {
    /// Sets the largest number of columns in a line, limited to [`LINE_CHARS`]. A Chinese character has two
    /// columns.
    #[must_use]
    pub fn line_chars(self, most: u16) -> Self {
        Self { line_chars: most.clamp(*LINE_CHARS.start(), *LINE_CHARS.end()).into(), ..self }
    }

    /// Sets the largest number of lines in a cue, limited to [`LINES`].
    #[must_use]
    pub fn lines(self, most: u16) -> Self {
        Self { lines: most.clamp(*LINES.start(), *LINES.end()).into(), ..self }
    }

    /// Sets the longest time of a cue, in milliseconds, limited to [`CUE_MS`].
    #[must_use]
    pub fn cue_ms(self, most: u32) -> Self {
        Self { cue_ms: most.clamp(*CUE_MS.start(), *CUE_MS.end()).into(), ..self }
    }

    /// Columns of a line, lines of a cue, and milliseconds of a cue.
    #[cfg(test)]
    pub(super) const fn limits(self) -> (usize, usize, i64) {
        (self.line_chars, self.lines, self.cue_ms)
    }

    /// Columns of a full cue.
    const fn room(self) -> usize {
        self.line_chars * self.lines
    }
}

/// A cue with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LaidOutCue {
    pub cue: Cue,
    /// Unique among the cues.
    pub id: String,
    /// The lines that are shown; with a label, the first begins with the speaker's name and a colon.
    pub lines: Vec<String>,
    /// Whether the lines have a label.
    pub is_labelled: bool,
    /// Whether the transcriber doubts it.
    pub is_uncertain: bool,
}

/// Makes the cues of utterances, ordered by their starts. With `labels`, the speaker's name stands before
/// the text, unless it would take most of the space, or leave too little for a word.
pub(super) fn lay_out(said: &[Utterance], layout: Layout, labels: bool) -> Vec<LaidOutCue> {
    let mut placed: Vec<LaidOutCue> = said.iter().flat_map(|said| of_one(said, layout, labels)).collect();
    placed.sort_by_key(|placed| placed.cue.start_ms);
    let mut next_ms = i64::MAX;
    for cue in placed.iter_mut().rev().map(|placed| &mut placed.cue) {
        let readable_ms = next_ms.min(cue.start_ms + SHORTEST_MS);
        cue.end_ms = cue.end_ms.max(readable_ms);
        if cue.end_ms == cue.start_ms + 1 {
            // A cue without length, as the reader returns it.
            cue.end_ms = cue.start_ms;
        }
        next_ms = cue.start_ms;
    }
    placed
}

fn of_one(said: &Utterance, layout: Layout, labels: bool) -> Vec<LaidOutCue> {
    let longest = (layout.room() * 2 / 3).min(layout.line_chars);
    let label = said.speaker.as_ref().filter(|_| labels).map(|speaker| format!("{speaker}:"));
    let label = label.filter(|label| width(label) < longest).unwrap_or_default();
    let mut before = atoms(&label, layout.line_chars);
    let atoms = atoms(&said.text, layout.line_chars);
    if !has_room(&before, &atoms, layout) {
        before.clear();
    }
    let times = times(said, &atoms);
    let parts = parts(&before, &atoms, &times, layout);
    let is_whole = parts.len() == 1 && said.end_ms - said.start_ms <= layout.cue_ms;
    let place = |(number, part): (usize, Range<usize>)| {
        let (start_ms, end_ms) = match is_whole {
            true => (said.start_ms, said.end_ms),
            false => (times[part.start].start, times[part.end - 1].end),
        };
        let mut shown = [&before[..], &atoms[part.clone()]].concat();
        shown[before.len()].before = Between::Space;
        let id = if number == 0 { said.id.to_string() } else { format!("{}-{}", said.id, number + 1) };
        LaidOutCue {
            cue: Cue {
                start_ms,
                end_ms: end_ms.clamp(start_ms, start_ms + layout.cue_ms),
                text: plain(&atoms[part]),
                speaker: said.speaker.clone(),
            },
            id,
            lines: wrapped(&shown, before.len(), layout.line_chars),
            is_labelled: !before.is_empty(),
            is_uncertain: said.is_uncertain,
        }
    };
    parts.into_iter().enumerate().map(place).collect()
}

/// Whether each piece of text fits into a cue together with the label.
fn has_room(label: &[Atom<'_>], atoms: &[Atom<'_>], layout: Layout) -> bool {
    let labelled = labelled(label, layout);
    atoms.iter().enumerate().all(|(index, atom)| {
        let mut filled = labelled;
        filled.add(&Atom { before: Between::Space, ..*atom }, atoms.get(index + 1));
        filled.lines <= layout.lines
    })
}

/// The lines of a cue with its label alone.
fn labelled(label: &[Atom<'_>], layout: Layout) -> Filled {
    let mut filled = Filled::new(layout.line_chars);
    for (index, atom) in label.iter().enumerate() {
        filled.add(atom, label.get(index + 1));
    }
    filled
}

/// The times of each piece: the times of its word if all words have times, otherwise a share of the segment
/// by columns.
fn times(said: &Utterance, atoms: &[Atom<'_>]) -> Vec<Range<i64>> {
    let words = atoms.last().map_or(0, |last| last.word + 1);
    if said.words.len() != words || words == 0 {
        return shared(said.start_ms..said.end_ms, atoms);
    }
    let mut times = Vec::with_capacity(atoms.len());
    let mut from_ms = said.start_ms;
    for pieces in atoms.chunk_by(|one, other| one.word == other.word) {
        let word = &said.words[pieces[0].word];
        // The times are kept in order, within the segment.
        let start_ms = word.start.clamp(from_ms, said.end_ms.max(from_ms));
        let end_ms = word.end.clamp(start_ms, said.end_ms.max(start_ms));
        times.extend(shared(start_ms..end_ms, pieces));
        from_ms = end_ms;
    }
    times
}

fn shared(span: Range<i64>, atoms: &[Atom<'_>]) -> Vec<Range<i64>> {
    let columns = |atom: &Atom<'_>| i64::try_from(atom.width).unwrap_or(1);
    let all: i64 = atoms.iter().map(columns).sum::<i64>().max(1);
    let place = |before: i64| span.start + (span.end - span.start) * before / all;
    let mut before = 0;
    let time = |atom: &Atom<'_>| {
        let start_ms = place(before);
        before += columns(atom);
        start_ms..place(before)
    };
    atoms.iter().map(time).collect()
}

/// Divides a text into cues: the division with the lowest cost among all in which every cue fits.
fn parts(before: &[Atom<'_>], atoms: &[Atom<'_>], times: &[Range<i64>], layout: Layout) -> Vec<Range<usize>> {
    // For each position: the lowest cost to get there, and the start of the last cue.
    let mut ways: Vec<Option<(u64, usize)>> = vec![None; atoms.len() + 1];
    ways[0] = Some((0, 0));
    let empty = labelled(before, layout);
    for start in 0..atoms.len() {
        let Some((so_far, _)) = ways[start] else { continue };
        let (mut filled, mut columns) = (empty, 0);
        for end in start + 1..=atoms.len() {
            let atom = atoms[end - 1];
            let between = if end == start + 1 { Between::Space } else { atom.before };
            filled.add(&Atom { before: between, ..atom }, atoms.get(end));
            if filled.lines > layout.lines && end > start + 1 {
                break;
            }
            columns += atom.width;
            let shown_ms = times[end - 1].end - times[start].start;
            let cost = so_far + cost(columns, shown_ms, layout.cue_ms) + parting(atoms, times, end);
            if ways[end].is_none_or(|(least, _)| cost < least) {
                ways[end] = Some((cost, start));
            }
        }
    }
    let mut parts = Vec::new();
    let mut end = atoms.len();
    while end > 0 {
        let start = ways[end].map_or(0, |(_, start)| start);
        parts.push(start..end);
        end = start;
    }
    parts.reverse();
    parts
}

/// The cost of a cue: one more cue, too little text, too short a time, too long a time. A comma is worth
/// about half a cue.
fn cost(columns: usize, shown_ms: i64, most_ms: i64) -> u64 {
    let ms = |ms: i64| u64::try_from(ms).unwrap_or(0);
    let fragment = 8 * (15_u64.saturating_sub(columns as u64));
    let short = 40 * ms(SHORTEST_MS - shown_ms) / 1_000;
    let long = if shown_ms > most_ms { (40 + ms(shown_ms - most_ms) / 20).min(150) } else { 0 };
    30 + fragment + short + long
}

/// The cost of dividing a text before a piece.
fn parting(atoms: &[Atom<'_>], times: &[Range<i64>], place: usize) -> u64 {
    let Some(next) = atoms.get(place) else { return 0 };
    let last = atoms[place - 1].text;
    let pauses = times[place].start - times[place - 1].end >= PAUSE_MS;
    match next.before {
        Between::Letters => 400,
        _ if last.ends_with(['。', '！', '？', '।', '؟']) => 0,
        Between::Space if ends_sentence(last) => 0,
        _ if pauses || last.trim_end_matches(['"', '”', '’', ')', '»']).ends_with(is_punctuation) => 20,
        Between::Space => 60,
        Between::Nothing => 70,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn said(start_ms: i64, end_ms: i64, text: &str, words: Vec<Range<i64>>) -> Utterance {
        let (id, text) = (Uuid::nil(), text.to_owned());
        Utterance { id, start_ms, end_ms, text, speaker: Some("Ada".to_owned()), is_uncertain: false, words }
    }

    fn cues(said: &[Utterance], layout: Layout) -> Vec<(i64, i64, String)> {
        let placed = lay_out(said, layout, false).into_iter();
        placed.map(|placed| (placed.cue.start_ms, placed.cue.end_ms, placed.lines.join("|"))).collect()
    }

    #[test]
    fn long_speech_parts_at_sentences_then_at_clauses() {
        let text = "We took the train to Lisbon last summer. It was late, and the old trams had stopped, so we \
                    walked up the hill with all of our bags. Nobody slept.";
        let cues = cues(&[said(0, 12_000, text, Vec::new())], Layout::default());
        let shown: Vec<&str> = cues.iter().map(|(_, _, shown)| shown.as_str()).collect();
        assert_eq!(
            shown,
            [
                "We took the train to Lisbon last summer.",
                "It was late, and the|old trams had stopped,",
                "so we walked up the hill with|all of our bags. Nobody slept.",
            ]
        );
        assert!(cues.windows(2).all(|pair| pair[0].1 == pair[1].0), "{cues:?}");
        assert_eq!((cues[0].0, cues[2].1), (0, 12_000));
    }

    #[test]
    fn a_name_that_leaves_no_room_for_a_word_does_not_show() {
        for (speaker, text, line_chars, is_labelled) in [
            ("Anna Berg", "The internationalization committee met.", 20, false),
            ("Anna Berg", "The committee met.", 20, true),
            ("سامي", "التدويل", 10, false),
            ("سامي", "نعم", 10, true),
        ] {
            let mut said = said(0, 9_000, text, Vec::new());
            said.speaker = Some(speaker.to_owned());
            for lines in [1, 2] {
                let layout = Layout::default().line_chars(line_chars).lines(lines);
                let placed = lay_out(&[said.clone()], layout, true);
                assert!(placed.iter().all(|one| one.lines.len() <= lines.into()), "{placed:?}");
                assert!(
                    placed.iter().all(|one| one.is_labelled == (is_labelled || lines == 2)),
                    "{placed:?}"
                );
            }
        }
    }

    #[test]
    fn parts_show_when_their_words_are_said() {
        let text = "We met in Lisbon at the old harbour. Nobody knew that it would rain for days and days.";
        let words: Vec<Range<i64>> = (0..18)
            .map(|word| word * 400 + 2_000 * (word / 8)..word * 400 + 2_000 * (word / 8) + 300)
            .collect();
        assert_eq!(text.split(' ').count(), words.len());
        let cues = cues(&[said(0, 11_200, text, words)], Layout::default());
        assert_eq!(cues[0], (0, 3_100, "We met in Lisbon at the old harbour.".to_owned()));
        assert_eq!((cues[1].0, cues.last().unwrap().1), (5_200, 11_100));
        // Times of other words than those of the text say nothing about the text.
        let other = vec![0..1, 2..3];
        let cues = self::cues(&[said(0, 11_200, text, other)], Layout::default());
        assert_eq!(cues.last().unwrap().1, 11_200);
    }

    #[test]
    fn a_short_cue_shows_until_it_can_be_read_and_never_over_the_next() {
        let short = |start_ms| said(start_ms, start_ms + 200, "Yes.", Vec::new());
        let cues = cues(&[short(0), short(500), short(5_000)], Layout::default());
        let times: Vec<(i64, i64)> = cues.iter().map(|cue| (cue.0, cue.1)).collect();
        assert_eq!(times, [(0, 500), (500, 1_500), (5_000, 6_000)]);
    }

    #[test]
    fn a_word_in_a_long_silence_shows_no_longer_than_it_may() {
        let cues = cues(&[said(0, 60_000, "Yes.", Vec::new())], Layout::default().cue_ms(3_000));
        assert_eq!(cues, [(0, 3_000, "Yes.".to_owned())]);
    }

    #[test]
    fn those_who_speak_at_once_show_in_the_order_in_which_they_began() {
        let long = "one two three four five six seven eight nine ten ".repeat(4);
        let both = [said(0, 12_000, long.trim(), Vec::new()), said(1_000, 3_000, "No.", Vec::new())];
        let cues = cues(&both, Layout::default());
        assert!(cues.is_sorted_by_key(|cue| cue.0) && cues[1].2 == "No.", "{cues:?}");
    }

    #[test]
    fn a_layout_keeps_to_its_bounds() {
        let least = Layout::default().line_chars(0).lines(0).cue_ms(0);
        assert_eq!(least, Layout { line_chars: 10, lines: 1, cue_ms: 1_000 });
        let most = Layout::default().line_chars(u16::MAX).lines(u16::MAX).cue_ms(u32::MAX);
        assert_eq!(most, Layout { line_chars: 100, lines: 4, cue_ms: 60_000 });
    }
}
