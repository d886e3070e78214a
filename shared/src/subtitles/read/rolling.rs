//! Captions that roll: each line shows at the bottom first and moves up with the next, so that a file
//! holds it in two or three cues; or it grows word by word. Automatic captions of YouTube and
//! captions of live television are such.
//!
//! A file rolls if cues with moments in them (`<00:00:01.469>`) repeat lines, or if most cues repeat
//! lines of the one before them and go on below. Somebody who says the same twice does not roll.

use super::{Shown, Voice};

/// A line that is still there after a longer pause is said again.
const PAUSE_MS: i64 = 1_000;

/// Leaves each line of captions that roll in the first cue that shows it, and cues without a new line
/// empty.
pub(super) fn once(shown: &mut [Shown]) {
    let full: Vec<usize> = (0..shown.len()).filter(|&index| !shown[index].runs.is_empty()).collect();
    let pairs: Vec<(usize, Repeated)> =
        full.windows(2).map(|pair| (pair[1], repeated(&shown[pair[0]], &shown[pair[1]]))).collect();
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

/// What a cue has of the one before it.
#[derive(Clone, Copy, Default)]
struct Repeated {
    /// So many whole lines, from the first.
    lines: usize,
    /// And so many words of the next.
    words: usize,
    /// Whether something new follows in a new line.
    goes_on: bool,
}

impl Repeated {
    const fn is_any(&self) -> bool {
        self.lines > 0 || self.words > 0
    }
}

fn rolls(shown: &[Shown], pairs: &[(usize, Repeated)]) -> bool {
    let count =
        |wanted: &dyn Fn(&Repeated) -> bool| pairs.iter().filter(|(_, repeated)| wanted(repeated)).count();
    let repeats = count(&Repeated::is_any);
    let goes_on = count(&|repeated| repeated.goes_on);
    let grows = count(&|repeated| repeated.words > 0);
    let has_moments = shown.iter().any(|shown| shown.has_moments);
    let is_usual = repeats * 2 >= pairs.len() && (goes_on > 0 || grows > 1);
    repeats > 0 && (has_moments || is_usual)
}

/// The most last lines of one cue that are the first of the next. The last of them may have grown.
fn repeated(before: &Shown, now: &Shown) -> Repeated {
    let ([old], [new]) = (&before.runs[..], &now.runs[..]) else { return Repeated::default() };
    let is_marked = old.voice != Voice::Unmarked || new.voice != Voice::Unmarked;
    let is_apart = now.start_ms > before.end_ms + PAUSE_MS || now.start_ms < before.start_ms;
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
