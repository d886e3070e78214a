//! Where cues begin: at a line with times, or at the number or the name above it.

use super::super::clock::{self, Timing};
use super::file::{File, is_blank};

/// The start of a cue.
pub(super) struct Head {
    /// The line of its number or name if there is one, otherwise the line of its times.
    pub first: usize,
    /// The line of its times.
    pub timed: usize,
    pub timing: Timing,
}

/// The heads of a file, and the line where the text of the last cue ends.
pub(super) fn heads(file: &File<'_>) -> (Vec<Head>, usize) {
    let lines = &file.lines[..];
    let is_blank = |index: usize| is_blank(lines[index]);
    let timed = lines.iter().enumerate().filter_map(|(index, line)| Some((index, clock::timing(line)?)));
    let timed: Vec<(usize, Timing)> = timed.collect();
    let habits = Habits::of(lines, &timed);
    let number = |index: usize| number(lines[index]).filter(|number| habits.are_marked || !number.is_marked);
    let mut heads = Vec::new();
    let mut last_number = Some(0);
    // Whether the previous cue has a number. Only then, a number may follow directly after a text.
    let mut has_number = true;
    // The first line that may belong to the next cue.
    let mut free = 0;
    for (timed, timing) in timed {
        let begins_block = timed == free || is_blank(timed - 1);
        let above = timed.checked_sub(1).filter(|above| *above >= free);
        let numbered = above.filter(|&above| has_number || is_blank(above - 1)).and_then(number);
        let is_readable = timing.start_ms.is_some() || timing.end_ms.is_some();
        if !timing.is_whole() && numbered.is_none() && !(begins_block && is_readable) {
            continue;
        }
        let mut first = timed;
        if begins_block {
            // For files with an empty line after every line.
            let apart = (free..timed).rev().find(|&index| !is_blank(index)).filter(|&index| {
                let number = number(index).map(|number| number.value);
                number.is_some() && (habits.are_apart || number == last_number.map(|last| last + 1))
            });
            if let Some(index) = apart {
                (first, last_number) = (index, number(index).map(|number| number.value));
            }
        } else if let Some(number) = numbered {
            (first, last_number) = (timed - 1, Some(number.value));
        } else if (timed == 1 || is_blank(timed - 2))
            && (habits.are_named || (file.is_webvtt && !heads.is_empty()))
        {
            first = timed - 1;
        }
        heads.push(Head { first, timed, timing });
        has_number = first < timed;
        free = timed + 1;
    }
    let next = last_number.filter(|_| !heads.is_empty()).map(|last| last + 1);
    let end = cut_head(lines, free, next, file.is_webvtt).unwrap_or(lines.len());
    (heads, end)
}

/// How a file marks its cues above the line of their times.
struct Habits {
    /// With numbers that have other signs beside them: `1.`, `#1`.
    are_marked: bool,
    /// With numbers, and empty lines between these and the times.
    are_apart: bool,
    /// With any other line.
    are_named: bool,
}

impl Habits {
    fn of(lines: &[&str], timed: &[(usize, Timing)]) -> Self {
        let (mut all, mut named, mut marked, mut apart) = (0, 0, 0, 0);
        let (mut free, mut is_first_apart) = (0, false);
        for &(index, _) in timed.iter().filter(|(_, timing)| timing.is_whole()) {
            let above = (free..index).rev().find(|&above| !is_blank(lines[above]));
            let number = above.and_then(|above| number(lines[above]));
            let is_direct = above == index.checked_sub(1);
            let begins_block = above.is_some_and(|above| above == 0 || is_blank(lines[above - 1]));
            let is_apart = number.as_ref().is_some_and(|_| !is_direct);
            is_first_apart |= all == 0 && is_apart;
            all += 1;
            apart += usize::from(is_apart);
            named += usize::from(is_direct && begins_block);
            marked += usize::from(is_direct && begins_block && number.is_some_and(|number| number.is_marked));
            free = index + 1;
        }
        Self {
            are_marked: all > 0 && marked == all,
            are_apart: is_first_apart && apart * 4 >= all * 3,
            are_named: all > 1 && named == all,
        }
    }
}

/// The number of a cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub value: u64,
    /// Whether there are other signs beside the digits.
    is_marked: bool,
}

/// The number in a line that has nothing else.
pub(super) fn number(line: &str) -> Option<Number> {
    // The longest numbers are shorter; other lines are text.
    if line.len() > 100 {
        return None;
    }
    let line = clock::ascii(line);
    let whole = line.trim();
    let digits = whole.trim_start_matches(['#', '(', '[']).trim_end_matches(['.', ':', ')', ']']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value = digits.parse().ok().filter(|_| is_number)?;
    Some(Number { value, is_marked: digits.len() < whole.len() })
}

/// The first line of the head of a cue at the end of a file that was cut off there: the number that would be
/// the `next`, or an incomplete line of times. It stands after an empty line, after some text.
fn cut_head(lines: &[&str], free: usize, next: Option<u64>, is_webvtt: bool) -> Option<usize> {
    let mut full = (free..lines.len()).rev().filter(|&index| !is_blank(lines[index]));
    let (last, before) = (full.next()?, full.next()?);
    let begins_block = |index: usize| is_blank(lines[index - 1]);
    let is_next = |index: usize| {
        let Some(number) = number(lines[index]) else { return false };
        // The digits themselves may be cut.
        let is_cut = index + 1 == lines.len();
        next.is_some_and(|next| {
            next == number.value || (is_cut && next.to_string().starts_with(&number.value.to_string()))
        })
    };
    if begins_block(last) && is_next(last) {
        return Some(last);
    }
    let times = clock::ascii(lines[last]);
    let is_part = times.trim().bytes().all(|byte| byte.is_ascii_digit() || b":.,;-> ".contains(&byte));
    if !is_part || !times.trim().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_long = times.matches(':').count() > 1 || (times.contains(':') && times.contains('.'));
    if is_webvtt && is_long && begins_block(last) {
        return Some(last);
    }
    let has_text = full.next().is_some();
    (before + 1 == last && has_text && begins_block(before) && is_next(before)).then_some(before)
}
