//! Captions that roll: each line shows at the bottom first and moves up with the next, so that a file
//! holds it in two or three cues; or it grows word by word. Automatic captions of YouTube and
//! captions of live television are such.
//!
//! Who says the same twice does not roll, and looks much alike. A cue repeats the one before it only
//! where it follows at once and nothing else is likely: it goes on in a new line below, it is too short
//! for anybody to say anything in it, or it grows towards a line that does move up. And a file rolls only
//! if that is usual in it, or if its cues have moments in them (`<00:00:01.469>`). In doubt everything
//! stays: what is there twice can be seen, and what is lost cannot.

use super::{Shown, Voice};

/// Cues that roll follow one another at once: a frame or two apart, where a program rounded.
const TOUCH_MS: i64 = 100;
/// Nobody says anything in a cue that is no longer: it holds a line until the next one comes.
const HOLD_MS: i64 = 100;

/// Leaves each line of captions that roll in the first cue that shows it, and cues without a new line
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

/// Forgets what may as well have been said twice.
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
    let repeats = pairs.iter().filter(|(_, repeated)| repeated.is_any()).count();
    let goes_on = pairs.iter().any(|(_, repeated)| repeated.goes_on);
    let has_moments = shown.iter().any(|shown| shown.has_moments);
    let is_usual = repeats > 1 && repeats * 2 >= pairs.len();
    repeats > 0 && (has_moments || (is_usual && goes_on))
}

/// The most last lines of one cue that are the first of the next. The last of them may have grown.
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
