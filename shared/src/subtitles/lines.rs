//! Division of text into the lines of a cue.
//!
//! A line ends between words. In scripts without spaces, it ends between characters. A word that is longer
//! than a line is cut between its letters, with a soft hyphen. A character as a reader sees it (a grapheme)
//! is never cut.

use super::scripts::{SOFT_HYPHEN, graphemes, may_part, stand_together, width};

/// A word that is longer than a line is cut into pieces of at most this many columns, so that the pieces
/// fill lines. Every line has space for two of them.
const PIECE: usize = 4;
/// In the choice between two ends of a line: an end after punctuation is preferred if the lengths of the
/// lines differ by at most this many columns more.
const PUNCTUATION: usize = 12;

/// A piece of text that is not cut any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atom<'a> {
    pub text: &'a str,
    /// In columns.
    pub width: usize,
    /// The separation from the piece before it.
    pub before: Between,
    /// The index of its word in the text: 0, 1, 2 …
    pub word: usize,
}

/// The separation of a piece from the one before it. It is left out where a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    Space,
    /// Nothing, in a script without spaces.
    Nothing,
    /// Nothing, within a word.
    Letters,
}

/// Cuts a text into pieces, for lines of at most `most` columns.
pub(super) fn atoms(text: &str, most: usize) -> Vec<Atom<'_>> {
    let mut atoms = Vec::new();
    for (index, word) in text.split_whitespace().enumerate() {
        let mut before = Between::Space;
        let mut cut = |piece| {
            let atom = |text, width| Atom { text, width, before, word: index };
            let columns = width(piece);
            if columns <= most {
                atoms.push(atom(piece, columns));
            } else {
                for (place, (text, width)) in letters(piece).enumerate() {
                    let before = if place == 0 { before } else { Between::Letters };
                    atoms.push(Atom { before, ..atom(text, width) });
                }
            }
            before = Between::Nothing;
        };
        let mut rest = word;
        while let Some(place) = part(rest) {
            cut(&rest[..place]);
            rest = &rest[place..];
        }
        cut(rest);
    }
    atoms
}

/// The first position in a word where a line may end without a hyphen.
fn part(word: &str) -> Option<usize> {
    let mut place = 0;
    let mut last: Option<char> = None;
    for (grapheme, _) in graphemes(word) {
        if let (Some(last), Some(first)) = (last, grapheme.chars().next())
            && may_part(last, first)
        {
            return Some(place);
        }
        place += grapheme.len();
        last = grapheme.chars().next_back();
    }
    None
}

/// Cuts a long word into pieces, with their columns.
fn letters(word: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let (mut length, mut columns) = (0, 0);
        for (grapheme, width) in graphemes(rest) {
            if columns > 0 && columns + width > PIECE {
                break;
            }
            length += grapheme.len();
            columns += width;
        }
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        (length > 0).then_some((piece, columns))
    })
}

/// The state of lines that are filled one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    most: usize,
    pub lines: usize,
    column: usize,
}

impl Filled {
    /// No lines yet, of at most `most` columns.
    pub(super) const fn new(most: usize) -> Self {
        Self { most, lines: 0, column: 0 }
    }

    /// Adds a piece; returns whether it begins a new line. If the next piece belongs to the same word, there
    /// has to be space for a hyphen.
    pub(super) fn add(&mut self, atom: &Atom<'_>, next: Option<&Atom<'_>>) -> bool {
        let hyphen = usize::from(next.is_some_and(|next| next.before == Between::Letters));
        let space = usize::from(atom.before == Between::Space);
        let ends = self.column + space + atom.width;
        let is_new = self.lines == 0 || ends + hyphen > self.most;
        if is_new {
            self.lines += 1;
        }
        self.column = if is_new { atom.width } else { ends };
        is_new
    }
}

/// Divides a cue into lines of at most `most` columns, as few as possible. Two lines get similar lengths,
/// and the first ends after punctuation if possible. The first `label` pieces stay in one line if they fit.
pub(super) fn wrapped(atoms: &[Atom<'_>], label: usize, most: usize) -> Vec<String> {
    let mut filled = Filled::new(most);
    let mut starts: Vec<usize> =
        (0..atoms.len()).filter(|&index| filled.add(&atoms[index], atoms.get(index + 1))).collect();
    if let [_, second] = starts[..]
        && let Some(better) = even(atoms, label, most)
    {
        starts[1] = if second <= label { second } else { better };
    }
    let ends = starts.iter().skip(1).copied().chain([atoms.len()]);
    starts.iter().zip(ends).map(|(&start, end)| line(atoms, start, end)).collect()
}

/// The start of the second of two lines.
fn even(atoms: &[Atom<'_>], label: usize, most: usize) -> Option<usize> {
    let mut before = Vec::with_capacity(atoms.len() + 1);
    let mut columns = 0;
    for atom in atoms {
        before.push(columns);
        columns += atom.width + usize::from(atom.before == Between::Space);
    }
    (label.max(1)..atoms.len())
        .filter_map(|index| {
            let (space, hyphen) = match atoms[index].before {
                Between::Space => (1, 0),
                Between::Nothing => (0, 0),
                Between::Letters => (0, 1),
            };
            let first = before[index] - usize::from(atoms[0].before == Between::Space) + hyphen;
            let second = columns - before[index] - space;
            let clings = if atoms[index - 1].text.ends_with(is_punctuation) { 0 } else { PUNCTUATION };
            // A word is not cut if there is another way.
            let cost = first.abs_diff(second) + clings + hyphen * 2 * most;
            (first <= most && second <= most).then_some((cost, index))
        })
        .min()
        .map(|(_, index)| index)
}

/// Whether a pause is likely after the character.
pub(super) fn is_punctuation(c: char) -> bool {
    ".,;:!?…–—。，、；：！？،؛؟।".contains(c)
}

/// The text of one line, with a hyphen or a space at its end if the next line needs one.
fn line(atoms: &[Atom<'_>], start: usize, end: usize) -> String {
    let mut line = plain(&atoms[start..end]);
    if let Some(next) = atoms.get(end) {
        let last = line.chars().next_back().unwrap_or(' ');
        match next.before {
            Between::Letters => line.push(SOFT_HYPHEN),
            // Without the space, the words of the two lines would be read as one.
            Between::Space
                if last == SOFT_HYPHEN || next.text.starts_with(|first| stand_together(last, first)) =>
            {
                line.push(' ');
            }
            Between::Space | Between::Nothing => {}
        }
    }
    line
}

/// The text of some pieces.
pub(super) fn plain(atoms: &[Atom<'_>]) -> String {
    let mut text = String::new();
    for atom in atoms {
        if atom.before == Between::Space && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(atom.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::scripts::joined;
    use super::*;

    fn lines(text: &str, most: usize) -> Vec<String> {
        wrapped(&atoms(text, most), 0, most)
    }

    #[test]
    fn lines_are_full_and_words_whole() {
        assert_eq!(lines("Shall we?", 20), ["Shall we?"]);
        assert_eq!(
            lines("When I was young, we had no telephone at home.", 42),
            ["When I was young,", "we had no telephone at home."]
        );
        assert_eq!(lines("one two three four five six", 10), ["one two", "three four", "five six"]);
        assert!(lines("", 10).is_empty());
    }

    #[test]
    fn whatever_is_said_fits_and_is_read_as_it_was() {
        for text in [
            "今天天气很好，我们去公园散步吧。你好 世界",
            "Donaudampfschifffahrtsgesellschaftskapitän and Rindfleischetikettierung",
            "https://example.org/a/very/long/address?with=everything&that=it#takes",
            "👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧",
            "שלום לכולם וברוכים הבאים לפגישה השבועית שלנו",
            "क्षत्रियों की कहानी बहुत लंबी है",
            "soft\u{ad} hyphens\u{ad} stay\u{ad} where they were",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        ] {
            for most in [10, 17, 42] {
                let lines = lines(text, most);
                assert!(lines.iter().all(|line| width(line.trim_end()) <= most), "{lines:?}");
                assert_eq!(joined(lines.iter().map(String::as_str)), text);
            }
        }
    }
}
