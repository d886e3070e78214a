//! Reads SubRip (SRT) and WebVTT files of other programs, and tolerates their mistakes.
//!
//! A line with times begins a cue, wherever it stands; the lines up to the next one are its text. Numbers,
//! names of cues, notes and styles are ignored. A time that cannot be read affects nothing else, so that
//! nobody has to repair a file by hand.
//!
//! The speaker is taken from voice tags (`<v Name>`), and from names before a colon if a file uses them
//! consistently ([`names`]). Rolling captions, which repeat each line as it moves up, are read once
//! ([`rolling`]).
//!
//! Sources: <https://www.w3.org/TR/webvtt1/>. SubRip has no standard, and is read as players do.

mod names;
mod rolling;
#[cfg(test)]
mod tests;

use super::clock::{self, Timing};
use super::markup::{Piece, pieces};
use super::scripts::joined;
use super::{Cue, breaks};
use names::Names;

/// Reads the cues of a file, in order, without those that have no text.
///
/// A cue that ends before it begins gets no length, and so does a cue of one millisecond, which writers use
/// because players skip cues without length. A cue whose times cannot be read follows the one before it.
#[must_use]
pub fn cues(file: &str) -> Vec<Cue> {
    let file = file.trim_start_matches('\u{feff}');
    let is_webvtt = file.trim_start().starts_with("WEBVTT");
    let file = file.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = file.split('\n').collect();
    if is_webvtt {
        without_comments(&mut lines);
    }
    let mut shown = shown(&lines, is_webvtt);
    rolling::once(&mut shown);
    speaking(&shown, is_webvtt)
}

/// The text of each line, with its speaker if the lines begin with names.
#[must_use]
pub fn turns(text: &str) -> Vec<(Option<String>, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<Vec<&str>> = lines.map(|line| vec![line]).collect();
    let names = Names::of(&lines);
    let turns = lines.iter().flat_map(|line| names.turns(line));
    turns.map(|(name, said)| (name, said.concat())).collect()
}

/// A cue as it is shown.
struct Shown {
    start_ms: i64,
    end_ms: i64,
    runs: Vec<Run>,
    /// Whether it has times within its text, which indicates rolling captions.
    has_moments: bool,
}

/// The text of one speaker in a cue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    voice: Voice,
    lines: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Voice {
    /// There is no voice tag.
    Unmarked,
    /// There is a voice tag; `None` if it has no name.
    Marked(Option<String>),
}

fn shown(lines: &[&str], is_webvtt: bool) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut heads = heads(lines, is_webvtt).into_iter().peekable();
    let mut before_ms = 0;
    while let Some(head) = heads.next() {
        let start_ms = head.timing.start_ms.unwrap_or(before_ms);
        let end_ms = head.timing.end_ms.filter(|end| *end > start_ms + 1).unwrap_or(start_ms);
        before_ms = end_ms;
        let end = heads.peek().map_or(lines.len(), |next| next.first);
        let text = text(&lines[head.timed + 1..end], is_webvtt);
        let pieces = pieces(&text);
        let has_moments = pieces.contains(&Piece::Moment);
        shown.push(Shown { start_ms, end_ms, runs: runs(pieces), has_moments });
    }
    shown
}

/// The start of a cue.
struct Head {
    /// The line of its number or name if there is one, otherwise the line of its times.
    first: usize,
    /// The line of its times.
    timed: usize,
    timing: Timing,
}

fn heads(lines: &[&str], is_webvtt: bool) -> Vec<Head> {
    let is_blank = |index: usize| lines[index].trim().is_empty();
    let mut heads = Vec::new();
    let mut last_number = Some(0);
    // Whether the previous cue has a number. Only then, a number may follow directly after a text.
    let mut has_number = true;
    // The first line that may belong to the next cue.
    let mut free = 0;
    for (timed, line) in lines.iter().enumerate() {
        let Some(timing) = clock::timing(line) else { continue };
        let begins_block = timed == free || is_blank(timed - 1);
        let above = timed.checked_sub(1).filter(|above| *above >= free);
        let numbered = above
            .filter(|&above| has_number || above == free || is_blank(above - 1))
            .and_then(|above| number(lines[above]));
        let is_readable = timing.start_ms.is_some() || timing.end_ms.is_some();
        if !timing.is_whole() && numbered.is_none() && !(begins_block && is_readable) {
            continue;
        }
        let mut first = timed;
        if begins_block {
            // For files with an empty line after every line.
            let apart = (free..timed).rev().find(|&index| !is_blank(index)).filter(|&index| {
                let number = number(lines[index]);
                number.is_some() && number == last_number.map(|last| last + 1)
            });
            if let Some(index) = apart {
                (first, last_number) = (index, number(lines[index]));
            }
        } else if numbered.is_some() {
            (first, last_number) = (timed - 1, numbered);
        } else if is_webvtt && (timed - 1 == free || is_blank(timed - 2)) && !heads.is_empty() {
            first = timed - 1;
        }
        heads.push(Head { first, timed, timing });
        has_number = first < timed;
        free = timed + 1;
    }
    heads
}

/// The number of a cue.
fn number(line: &str) -> Option<u64> {
    let digits = line.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Empties the comment, style and region blocks of WebVTT, each up to its empty line. By the specification
/// an arrow would end such a block; but people who put a cue after `NOTE` want to remove the cue.
fn without_comments(lines: &mut [&str]) {
    let is_kind = |line: &str, kind: &str| {
        line.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    // Such a block may also follow directly after the header.
    let (mut may_begin, mut is_comment) = (true, false);
    for line in lines {
        if line.trim().is_empty() {
            (may_begin, is_comment) = (true, false);
            continue;
        }
        is_comment |= may_begin && ["NOTE", "STYLE", "REGION"].iter().any(|kind| is_kind(line, kind));
        may_begin = is_kind(line, "WEBVTT");
        if is_comment {
            *line = "";
        }
    }
}

/// The lines of a cue that are text.
fn text(lines: &[&str], is_webvtt: bool) -> String {
    let text = lines.iter().copied().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    if is_webvtt { text } else { breaks::read(&text) }
}

fn runs(pieces: Vec<Piece>) -> Vec<Run> {
    let mut runs: Vec<(Voice, String)> = vec![(Voice::Unmarked, String::new())];
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                if let Some((_, said)) = runs.last_mut() {
                    said.push_str(&text);
                }
            }
            Piece::Voice(name) => runs.push((Voice::Marked(name), String::new())),
            Piece::VoiceEnd => runs.push((Voice::Unmarked, String::new())),
            Piece::Moment => {}
        }
    }
    let run = |(voice, said): (Voice, String)| Run {
        voice,
        lines: said.split('\n').filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(),
    };
    runs.into_iter().map(run).filter(|run| !run.lines.is_empty()).collect()
}

/// Assigns speakers to texts, by voice tags and by names.
fn speaking(shown: &[Shown], is_webvtt: bool) -> Vec<Cue> {
    let (mut unmarked, mut has_voices) = (Vec::new(), false);
    for run in shown.iter().flat_map(|shown| &shown.runs) {
        match run.voice {
            Voice::Unmarked => unmarked.push(run.lines()),
            Voice::Marked(_) => has_voices = true,
        }
    }
    // A WebVTT file with voice tags has no names before colons. In SubRip, voice tags are an exception.
    let names = if is_webvtt && has_voices { Names::default() } else { Names::of(&unmarked) };
    let mut cues = Vec::new();
    for Shown { start_ms, end_ms, runs, .. } in shown {
        let mut said: Vec<(Option<String>, String)> = Vec::new();
        for run in runs {
            match &run.voice {
                Voice::Unmarked => {
                    let turns = names.turns(&run.lines());
                    said.extend(turns.into_iter().map(|(name, lines)| (name, joined(lines))));
                }
                Voice::Marked(name) => {
                    said.push((name.clone(), without_name(joined(run.lines()), name.as_deref())))
                }
            }
        }
        said.retain(|(_, text)| !text.is_empty());
        for turn in said.chunk_by(|one, next| one.0 == next.0) {
            let text = joined(turn.iter().map(|(_, text)| text.as_str()));
            cues.push(Cue { start_ms: *start_ms, end_ms: *end_ms, text, speaker: turn[0].0.clone() });
        }
    }
    cues
}

impl Run {
    fn lines(&self) -> Vec<&str> {
        self.lines.iter().map(String::as_str).collect()
    }
}

/// Removes a name that repeats the voice tag: `<v Ada>Ada: Hello.`
fn without_name(text: String, name: Option<&str>) -> String {
    let said = name.and_then(|name| text.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start);
    match said {
        Some(said) => said.to_owned(),
        None => text,
    }
}
