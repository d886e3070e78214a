//! Rolling captions: each line is shown at the bottom first and moves up with the next line, so that it is
//! in two or three cues; or a line grows word by word. Automatic captions of YouTube and captions of live
//! television are of this kind.
//!
//! A person who says the same twice produces similar cues. So a cue counts as a repetition of the previous
//! one only if it follows at once and there is no other likely reason: new text follows in a new line below,
//! the cue is too short for new speech, or it grows towards a line that does move up. And a file counts as
//! rolling only if most of its cues repeat, or if its cues have times in their texts (`<00:00:01.469>`). In
//! doubt, everything stays: a person can see a text that is there twice, but not a text that was removed.

use super::{Shown, Voice};

/// The longest gap between rolling cues: a frame or two, where a program rounded.
const TOUCH_MS: i64 = 100;
/// The longest time of a cue without new speech. Such a cue shows a line until the next one comes.
const HOLD_MS: i64 = 100;

/// Keeps each line of rolling captions only in the first cue that shows it. Cues without a new line become
/// empty.
pub(super) fn once(shown: &mut [Shown]) {
    let full: Vec<usize> = (0..shown.len()).filter(|&index| !shown[index].runs.is_empty()).collect();
    let mut pairs: Vec<(usize, Repeated)> =
        full.windows(2).map(|pair| (pair[1], repeated(&shown[pair[0]], &shown[pair[1]]))).collect();
    only_certain(shown, &mut pairs);
    if !rolls(shown, &pairs) {
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

fn rolls(shown: &[Shown], pairs: &[(usize, Repeated)]) -> bool {
    let repeats = pairs.iter().filter(|(_, repeated)| repeated.is_any()).count();
    let goes_on = pairs.iter().any(|(_, repeated)| repeated.goes_on);
    let has_moments = shown.iter().any(|shown| shown.has_moments);
    let is_usual = repeats > 1 && repeats * 2 >= pairs.len();
    repeats > 0 && (has_moments || (is_usual && goes_on))
}

/// The largest number of last lines of one cue that are the first lines of the next. The last of them may
/// have grown.
fn repeated(before: &Shown, now: &Shown) -> Repeated {
    let ([old], [new]) = (&before.runs[..], &now.runs[..]) else { return Repeated::default() };
    let is_marked = old.voice != Voice::Unmarked || new.voice != Voice::Unmarked;
    let is_apart = now.start_ms > before.end_ms + TOUCH_MS || now.start_ms < before.start_ms;
    if is_marked || is_apart {
        return Repeated::default();
    }
    let (old, new) = (words(&old.lines), words(&new.lines));
    for length in (1..=old.len().min(new.len())).rev() {
        let (kept, last) = (&old[old.len() - length..old.len() - 1], &old[old.len() - 1]);
        let now = &new[length - 1];
        if *kept != new[..length - 1] || !now.starts_with(last) {
            continue;
        }
        return match now.len() == last.len() {
            true => Repeated { lines: length, words: 0, goes_on: new.len() > length },
            false => Repeated { lines: length - 1, words: last.len(), goes_on: false },
        };
    }
    Repeated::default()
}

fn words(lines: &[String]) -> Vec<Vec<&str>> {
    lines.iter().map(|line| line.split_whitespace().collect()).collect()
}
