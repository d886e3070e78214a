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

mod file;
mod heads;
#[cfg(test)]
mod large;
mod names;
mod rolling;
#[cfg(test)]
mod seams;
#[cfg(test)]
mod tests;

use super::clock;
use super::markup::{Piece, pieces};
use super::scripts::joined;
use super::{Cue, breaks};
use file::{File, is_blank, with_line_ends};
use heads::{Head, heads};
use names::Names;

/// Reads the cues of a file, in order, without those that have no text.
///
/// A cue that ends before it begins gets no length, and so does a cue of one millisecond, which writers use
/// because players skip cues without length. A cue whose times cannot be read follows the one before it.
///
/// # Errors
/// [`Untimed`] if the file has cues, and not one of their times can be read: then they would all be at the
/// start.
pub fn timed_cues(file: &str) -> Result<Vec<Cue>, Untimed> {
    let text = with_line_ends(file);
    let file = File::of(&text);
    let (heads, _) = heads(&file);
    let is_timed = |head: &Head| head.timing.start_ms.is_some() || head.timing.end_ms.is_some();
    let untimed = match &heads[..] {
        [] => file
            .lines
            .iter()
            .find(|line| clock::timing(line).is_some() && line.contains(|c: char| c.is_numeric())),
        heads if heads.iter().any(is_timed) => None,
        [first, ..] => Some(&file.lines[first.timed]),
    };
    match untimed {
        Some(line) => Err(Untimed { line: line.trim().to_owned() }),
        None => Ok(read(&file)),
    }
}

/// No time of a file can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untimed {
    /// The first line that should have times.
    pub line: String,
}

/// Reads the cues of a file, also if no time can be read.
#[must_use]
pub(super) fn cues(file: &str) -> Vec<Cue> {
    read(&File::of(&with_line_ends(file)))
}

fn read(file: &File<'_>) -> Vec<Cue> {
    let mut shown = shown(file);
    rolling::once(&mut shown);
    speaking(&shown, file.is_webvtt)
}

/// The text of each line, with its speaker if the lines begin with names.
#[must_use]
pub fn turns(text: &str) -> Vec<(Option<String>, String)> {
    let text = with_line_ends(text);
    let lines = text.split('\n').map(|line| line.trim_start_matches('\u{feff}').trim());
    let lines: Vec<Vec<&str>> = lines.filter(|line| !line.is_empty()).map(|line| vec![line]).collect();
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

fn shown(file: &File<'_>) -> Vec<Shown> {
    let mut shown = Vec::new();
    let (heads, end) = heads(file);
    let mut heads = heads.into_iter().peekable();
    let mut before_ms = 0;
    while let Some(head) = heads.next() {
        let start_ms = head.timing.start_ms.unwrap_or(before_ms);
        let end_ms = head.timing.end_ms.filter(|end| *end > start_ms + 1).unwrap_or(start_ms);
        before_ms = end_ms;
        let end = heads.peek().map_or(end, |next| next.first);
        let below = &file.lines[head.timed + 1..end];
        // Some programs write the text in the line of the times.
        let (behind, is_enclosed) = clock::behind(file.lines[head.timed]);
        let behind = (is_enclosed || below.iter().all(|line| is_blank(line))).then_some(behind);
        let text = text(behind.iter().chain(below), file.is_webvtt);
        let pieces = pieces(&text);
        let has_moments = pieces.contains(&Piece::Moment);
        shown.push(Shown { start_ms, end_ms, runs: runs(pieces), has_moments });
    }
    shown
}

/// The lines of a cue that are text.
fn text<'a>(lines: impl Iterator<Item = &'a &'a str>, is_webvtt: bool) -> String {
    let text = lines.copied().filter(|line| !is_blank(line)).collect::<Vec<_>>().join("\n");
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
    let runs: Vec<Run> = runs.into_iter().map(run).filter(|run| !run.lines.is_empty()).collect();
    let is_sign = |index: usize| {
        let is_voice = |run: &Run| run.voice != Voice::Unmarked;
        !is_voice(&runs[index]) && runs[index].is_sign() && runs.get(index + 1).is_some_and(is_voice)
    };
    let signs: Vec<bool> = (0..runs.len()).map(is_sign).collect();
    runs.into_iter().zip(signs).filter(|(_, is_sign)| !is_sign).map(|(run, _)| run).collect()
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
    /// Whether the text is only the sign that another speaker begins: `- <v Ada>Hello.`
    fn is_sign(&self) -> bool {
        self.lines.iter().all(|line| line.trim().chars().all(|c| "-–—>•".contains(c)))
    }

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
