//! The lines of a file of subtitles, in one form: whatever its line ends are, whether it was made of several
//! files, and without what is not said: headers, comments and styles.

use super::super::clock::{self, Timing};
use super::heads::number;

/// A file, in lines.
pub(super) struct File<'a> {
    pub lines: Vec<&'a str>,
    pub is_webvtt: bool,
}

/// Converts all line ends to `\n`: those of three systems and of Unicode, and those of files that were
/// converted twice.
pub(super) fn with_line_ends(text: &str) -> String {
    let text = text.replace("\r\r\n", "\n").replace("\r\n", "\n");
    text.replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n")
}

impl<'a> File<'a> {
    /// Reads a text with the line ends of [`with_line_ends`].
    pub(super) fn of(text: &'a str) -> Self {
        let mut lines = Vec::new();
        for line in text.split('\n') {
            at_seam(line, &mut lines);
        }
        halve(&mut lines);
        let header = lines.iter().find(|line| !is_blank(line)).and_then(|line| header(line));
        if let Some(header) = header {
            without_comments(&mut lines, header);
        }
        Self { is_webvtt: header.is_some(), lines }
    }
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Adds a line. A byte order mark is the start of a file that was joined to the one before, so that what
/// begins a file begins a block after it.
fn at_seam<'a>(line: &'a str, lines: &mut Vec<&'a str>) {
    let Some((before, behind)) = line.rsplit_once('\u{feff}') else { return lines.push(line) };
    let before = before.trim_start_matches('\u{feff}');
    let begins = number(behind).is_some()
        || header(behind).is_some()
        || clock::timing(behind).is_some_and(Timing::is_whole);
    match (before.is_empty(), begins) {
        (true, false) => lines.push(behind),
        (false, false) => lines.push(line),
        (_, true) => lines.extend([before, "", behind]),
    }
}

/// Removes every second line of a file in which an empty line was added after each line.
fn halve(lines: &mut Vec<&str>) {
    let Some(first) = lines.iter().position(|line| !is_blank(line)) else { return };
    let body = &lines[first..];
    // The empty lines of the original are three in a row now. A file of numbered cues may have had none.
    let is_clear = number(body[0]).is_some()
        || body.windows(4).any(|lines| !is_blank(lines[0]) && lines[1..].iter().all(|line| is_blank(line)));
    if is_clear && body.len() > 2 && body.iter().skip(1).step_by(2).all(|line| is_blank(line)) {
        *lines = body.iter().step_by(2).copied().collect();
    }
}

/// The first word of the header of WebVTT, if the line is one. Some programs write it in small letters.
fn header(line: &str) -> Option<&str> {
    let line = line.trim();
    let word = line.get(..6).filter(|word| word.eq_ignore_ascii_case("WEBVTT"))?;
    (!line[6..].starts_with(char::is_alphanumeric)).then_some(word)
}

/// Empties the comment, style and region blocks of WebVTT, each up to its empty line, and the headers of
/// further files. By the specification an arrow would end such a block; but people who put a cue after
/// `NOTE` want to remove the cue.
fn without_comments(lines: &mut [&str], header: &str) {
    let is_kind = |line: &str, kind: &str| {
        line.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    // The second line of the header of a part of a stream.
    let is_map = |line: &str| line.starts_with("X-TIMESTAMP-MAP=") && line.contains("MPEGTS:");
    // Such a block may also follow directly after the header.
    let (mut may_begin, mut is_comment, mut is_header, mut is_first) = (true, false, false, true);
    for index in 0..lines.len() {
        let line = lines[index];
        if is_blank(line) {
            (may_begin, is_comment, is_header) = (true, false, false);
            continue;
        }
        let begins_file = is_kind(line.trim(), header)
            && (may_begin || lines.get(index + 1).is_some_and(|next| is_map(next)));
        is_header = (is_header || (begins_file && !is_first)) && clock::timing(line).is_none();
        is_comment |= may_begin && ["NOTE", "STYLE", "REGION"].iter().any(|kind| is_kind(line, kind));
        (may_begin, is_first) = (begins_file, false);
        if is_comment || is_header {
            lines[index] = "";
        }
    }
}
