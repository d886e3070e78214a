//! Rolling captions: each line is shown at the bottom first and moves up with the next line, so that it is
//! in two or three cues; or a line grows word by word. Automatic captions of YouTube and captions of live
//! television are of this kind.
//!
//! A person who says the same twice produces similar cues. So a cue counts as a repetition of the previous
//! one only if it follows at once and there is no other likely reason: new text follows in a new line below,
//! the cue is too short for new speech, or it grows towards a line that does move up. And a file counts as
//! rolling only if most of its cues repeat, or if its cues have times in their texts (`<00:00:01.469>`). In
//! doubt, everything stays: a person can see a text that is there twice, but not a text that was removed.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::{Shown, Voice};

/// The longest gap between rolling cues: a frame or two, where a program rounded.
const TOUCH_MS: i64 = 100;
/// The longest time of a cue without new speech. Such a cue shows a line until the next one comes.
const HOLD_MS: i64 = 100;

/// Keeps each line of rolling captions only in the first cue that shows it. Cues without a new line become
/// empty.
pub(super) fn once(shown: &mut [Shown]) {
    let full: Vec<usize> = (0..shown.len()).filter(|&index| !shown[index].runs.is_empty()).collect();
    let has_moments = shown.iter().any(|shown| shown.has_moments);
    let repeated = |pair: &[usize]| (pair[1], repeated(&shown[pair[0]], &shown[pair[1]], has_moments));
    let mut pairs: Vec<(usize, Repeated)> = full.windows(2).map(repeated).collect();
    only_certain(shown, &mut pairs);
    if !rolls(has_moments, &pairs) {
        return;
    }
    for (index, Repeated { lines, words, .. }) in pairs {
        let Some(run) = shown[index].runs.first_mut() else { continue };
        run.lines.drain(..lines);
        if let Some(line) = run.lines.first_mut().filter(|_| words > 0) {
            *line = line.split_whitespace().skip(words).collect::<Vec<_>>().join(" ");
        }
        shown[index].runs.retain(|run| !run.lines.is_empty());
    }
}

/// Removes repetitions that may as well be speech that was said twice.
fn only_certain(shown: &[Shown], pairs: &mut [(usize, Repeated)]) {
    // Whether the line that grows in a cue moves up in the end.
    let mut moves_up = false;
    for (index, repeated) in pairs.iter_mut().rev() {
        let holds = (1..=HOLD_MS).contains(&(shown[*index].end_ms - shown[*index].start_ms));
        let grows = repeated.words > 0;
        let is_certain = repeated.goes_on || if grows { moves_up || repeated.lines > 0 } else { holds };
        moves_up = is_certain && (repeated.goes_on || grows || (moves_up && repeated.is_any()));
        if !is_certain {
            *repeated = Repeated::default();
        }
    }
}

/// The part of a cue that repeats the previous one.
#[derive(Clone, Copy, Default)]
struct Repeated {
    /// The number of whole lines, from the first.
    lines: usize,
    /// The number of words of the line after these.
    words: usize,
    /// Whether new text follows in a new line.
    goes_on: bool,
}

impl Repeated {
    const fn is_any(&self) -> bool {
        self.lines > 0 || self.words > 0
    }
}

fn rolls(has_moments: bool, pairs: &[(usize, Repeated)]) -> bool {
    let repeats = pairs.iter().filter(|(_, repeated)| repeated.is_any()).count();
    let goes_on = pairs.iter().any(|(_, repeated)| repeated.goes_on);
    let is_usual = repeats > 1 && repeats * 2 >= pairs.len();
    repeats > 0 && (has_moments || (is_usual && goes_on))
}

/// The largest number of last lines of one cue that are the first lines of the next. The last of them may
/// have grown. `has_moments`: whether the file has times within its texts.
fn repeated(before: &Shown, now: &Shown, has_moments: bool) -> Repeated {
    let ([old], [new]) = (&before.runs[..], &now.runs[..]) else { return Repeated::default() };
    // The writer marks a cue with a voice so that it is not taken for a repetition. It writes no moments.
    let may_roll = old.voice == new.voice && (has_moments || old.voice == Voice::Unmarked);
    let is_apart = now.start_ms > before.end_ms + TOUCH_MS || now.start_ms < before.start_ms;
    if !may_roll || is_apart {
        return Repeated::default();
    }
    let (old, new) = (Words::of(&old.lines), Words::of(&new.lines));
    let Some((last, kept)) = old.split_last() else { return Repeated::default() };
    let mut overlap = overlap(kept, &new);
    loop {
        let lines = overlap.length;
        match new.get(lines).and_then(|line| line.longer_than(last)) {
            Some(0) => return Repeated { lines: lines + 1, words: 0, goes_on: new.len() > lines + 1 },
            Some(_) => return Repeated { lines, words: last.each().count(), goes_on: false },
            None => {}
        }
        if overlap.length == 0 {
            return Repeated::default();
        }
        overlap.length = overlap.shorter[overlap.length - 1];
    }
}

/// How many last lines of one text are the first lines of another.
struct Overlap {
    length: usize,
    /// For each number of first lines, the next smaller number for which the same is true: the prefix
    /// function of Knuth, Morris and Pratt. With it, the lines are compared once and not once for each
    /// length.
    shorter: Vec<usize>,
}

fn overlap<T: Eq + Hash>(old: &[T], new: &[T]) -> Overlap {
    // Equal lines have equal numbers, so that a comparison does not depend on the length of a line.
    let mut numbers: HashMap<&T, usize> = HashMap::new();
    let mut number = |line| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    let new: Vec<usize> = new.iter().map(&mut number).collect();
    let old: Vec<usize> = old.iter().map(&mut number).collect();
    let mut shorter: Vec<usize> = Vec::with_capacity(new.len());
    let extended = |mut length: usize, line: usize, shorter: &[usize]| {
        while length > 0 && new.get(length) != Some(&line) {
            length = shorter[length - 1];
        }
        length + usize::from(new.get(length) == Some(&line))
    };
    for (index, line) in new.iter().enumerate() {
        let length = if index == 0 { 0 } else { extended(shorter[index - 1], *line, &shorter) };
        shorter.push(length);
    }
    let length = old.iter().fold(0, |length, line| extended(length, *line, &shorter));
    Overlap { length, shorter }
}

/// A line; equal to another one with the same words.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn of(lines: &'a [String]) -> Vec<Self> {
        lines.iter().map(|line| Self(line)).collect()
    }

    fn each(&self) -> impl Iterator<Item = &'a str> {
        self.0.split_whitespace()
    }

    /// The number of words after those of `first`, if the line begins with these.
    fn longer_than(&self, first: &Self) -> Option<usize> {
        let mut words = self.each();
        first.each().all(|word| words.next() == Some(word)).then(|| words.count())
    }
}

impl PartialEq for Words<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.each().eq(other.each())
    }
}

impl Eq for Words<'_> {}

impl Hash for Words<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.each().for_each(|word| word.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Run, Shown};
    use super::*;

    #[test]
    fn the_overlap_is_the_longest_and_the_shorter_ones_follow() {
        let lengths = |old: &str, new: &str| {
            let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
            let mut overlap = overlap(&old, &new);
            let mut lengths = vec![overlap.length];
            while overlap.length > 0 {
                overlap.length = overlap.shorter[overlap.length - 1];
                lengths.push(overlap.length);
            }
            lengths
        };
        // The same, by trying each length.
        let tried = |old: &str, new: &str| {
            let most = old.len().min(new.len());
            (0..=most).rev().filter(|&length| old.ends_with(&new[..length])).collect::<Vec<_>>()
        };
        for (old, new) in [
            ("aab", "aabaab"),
            ("xabab", "ababa"),
            ("aaaa", "aa"),
            ("abc", "xyz"),
            ("", "a"),
            ("a", ""),
            ("ab", "ab"),
        ] {
            assert_eq!(lengths(old, new), tried(old, new), "{old} {new}");
        }
        for seed in 0..4_096_u32 {
            let letter = |bit: u32| if seed >> bit & 1 == 0 { 'a' } else { 'b' };
            let (old, new): (String, String) = ((0..6).map(letter).collect(), (6..12).map(letter).collect());
            assert_eq!(lengths(&old, &new), tried(&old, &new), "{old} {new}");
        }
    }

    #[test]
    fn cues_of_half_a_million_lines_are_compared() {
        let shown = |start_ms, lines: Vec<String>| {
            let runs = vec![Run { voice: Voice::Unmarked, lines }];
            Shown { start_ms, end_ms: start_ms + 1_000, runs, has_moments: false }
        };
        let same = || vec!["a".to_owned(); 500_000];
        let mut other = same();
        other.push("b".to_owned());
        assert_eq!(repeated(&shown(0, other), &shown(1_000, same()), false).lines, 0);
        assert_eq!(repeated(&shown(0, same()), &shown(1_000, same()), false).lines, 500_000);
    }
}
