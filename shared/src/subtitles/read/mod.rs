//! Subtitles as they come from other programs: SubRip (SRT) and WebVTT, read with patience.
//!
//! A line with times begins a cue, wherever it stands; what follows up to the next one is its text.
//! Numbers, names of cues, notes and styles are passed over. A time that cannot be read costs nothing
//! but itself, so that nobody has to repair a file by hand.
//!
//! Who speaks is taken from voices (`<v Name>`), and from names before a colon where a file uses them
//! so ([`names`]). Captions that roll, which repeat each line as it moves up, are read once
//! ([`rolling`]).
//!
//! Sources: <https://www.w3.org/TR/webvtt1/>; SubRip has no standard, and is read as players do.

mod names;
mod rolling;

use super::Cue;
use super::clock::{self, Timing};
use super::markup::{Piece, pieces};
use super::scripts::joined;
use names::Names;

/// The cues of a file, in its order; those without a text are left out.
///
/// A cue that ends before it begins is a moment, and so is one of a single millisecond: players skip
/// cues that take no time. A cue with times that cannot be read follows the one before it.
#[must_use]
pub fn cues(file: &str) -> Vec<Cue> {
    let file = file.trim_start_matches('\u{feff}');
    let is_webvtt = file.trim_start().starts_with("WEBVTT");
    let file = file.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = file.split('\n').collect();
    let mut shown = shown(&lines, is_webvtt);
    rolling::once(&mut shown);
    speaking(&shown, is_webvtt)
}

/// What each line of a text says, and who says it where the lines begin with names.
#[must_use]
pub fn turns(text: &str) -> Vec<(Option<String>, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<Vec<&str>> = lines.map(|line| vec![line]).collect();
    let names = Names::of(&lines);
    let turns = lines.iter().flat_map(|line| names.turns(line));
    turns.map(|(name, said)| (name, said.concat())).collect()
}

/// A cue as it shows.
struct Shown {
    start_ms: i64,
    end_ms: i64,
    runs: Vec<Run>,
    /// Whether it says when each word is said: a sign of captions that roll.
    has_moments: bool,
}

/// What one voice says in a cue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    voice: Voice,
    lines: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Voice {
    /// Nothing is said of it.
    Unmarked,
    /// As it is marked; none where the mark has no name.
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

/// Where a cue begins.
struct Head {
    /// The line of its number or name, if it has one; of its times otherwise.
    first: usize,
    /// The line of its times.
    timed: usize,
    timing: Timing,
}

fn heads(lines: &[&str], is_webvtt: bool) -> Vec<Head> {
    let is_blank = |index: usize| lines[index].trim().is_empty();
    let mut heads = Vec::new();
    let mut last_number = Some(0);
    // Whether the cue before has a number: only then a number stands right behind a text.
    let mut has_number = true;
    // The first line that can be of the next cue.
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
            // A file with a blank line behind each line.
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

/// The lines of a cue that are text.
fn text(lines: &[&str], is_webvtt: bool) -> String {
    let mut text = Vec::new();
    let (mut is_after_blank, mut is_comment) = (false, false);
    for line in lines {
        if line.trim().is_empty() {
            (is_after_blank, is_comment) = (true, false);
            continue;
        }
        if is_webvtt && is_after_blank {
            is_comment = ["NOTE", "STYLE", "REGION"].iter().any(|kind| {
                line.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
            });
        }
        is_after_blank = false;
        if !is_comment {
            text.push(*line);
        }
    }
    text.join("\n")
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

/// Who says what, by voices and by names.
fn speaking(shown: &[Shown], is_webvtt: bool) -> Vec<Cue> {
    let (mut unmarked, mut has_voices) = (Vec::new(), false);
    for run in shown.iter().flat_map(|shown| &shown.runs) {
        match run.voice {
            Voice::Unmarked => unmarked.push(run.lines()),
            Voice::Marked(_) => has_voices = true,
        }
    }
    // WebVTT with voices has no names before colons. In SubRip a voice is an exception.
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

/// A marked voice may show its name, too: `<v Ada>Ada: Hello.`
fn without_name(text: String, name: Option<&str>) -> String {
    let said = name.and_then(|name| text.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start);
    match said {
        Some(said) => said.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start_ms: i64, end_ms: i64, text: &str, speaker: Option<&str>) -> Cue {
        Cue { start_ms, end_ms, text: text.to_owned(), speaker: speaker.map(str::to_owned) }
    }

    #[test]
    fn subrip_is_read_with_whatever_line_ends_and_marks() {
        let file = "\u{feff}1\r\n00:00:00,350 --> 00:00:02,900\r\n<i>Shall we?</i>\r\n\r\n\
                    2\r\n01:02:03,004 --> 01:02:04,000\r\n{\\an8}Yes.\r\nNow. ♪\r\n";
        let expected = [said(350, 2_900, "Shall we?", None), said(3_723_004, 3_724_000, "Yes. Now. ♪", None)];
        assert_eq!(cues(file), expected);
        assert_eq!(cues(&file.replace("\r\n", "\r")), expected);
    }

    #[test]
    fn webvtt_is_read_with_voices_and_without_what_is_for_the_eye() {
        let file = "WEBVTT - a talk\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE not said\n\n\
                    intro\n00:00.000 --> 00:01.500 align:start\n<v Ada Byron>a &lt;b&gt; <b>c</b>\n\n\
                    NOTE\nnor this\n\n00:01.500 --> 00:02.000\n\n\
                    both\n00:02.000 --> 00:03.000\n<v.loud Ada Byron>Hi.</v>\n<v Ben>Ho.</v> (laughs)\n";
        assert_eq!(
            cues(file),
            [
                said(0, 1_500, "a <b> c", Some("Ada Byron")),
                said(2_000, 3_000, "Hi.", Some("Ada Byron")),
                said(2_000, 3_000, "Ho.", Some("Ben")),
                said(2_000, 3_000, "(laughs)", None),
            ]
        );
    }

    #[test]
    fn times_begin_cues_wherever_blank_lines_are() {
        let expected = [
            said(0, 1_000, "In 1984 it was 7", None),
            said(2_000, 3_000, "Two. Three.", None),
            said(4_000, 5_000, "4", None),
        ];
        for file in [
            "1\n0:00 --> 0:01\nIn 1984 it was\n7\n2\n0:02 --> 0:03\nTwo.\nThree.\n3\n0:04 --> 0:05\n4",
            "1\n\n0:00 --> 0:01\n\nIn 1984 it was\n\n7\n\n2\n\n0:02 --> 0:03\n\nTwo.\n\nThree.\n\n3\n\n0:04 --> 0:05\n\n4\n\n",
            "0:00 --> 0:01\nIn 1984 it was\n7\n0:02 --> 0:03\nTwo.\nThree.\n0:04 --> 0:05\n4",
            "0:00 --> 0:01\nIn 1984 it was\n7\n\n0:02 --> 0:03\n\nTwo.\n\nThree.\n0:04 --> 0:05\n4",
            "WEBVTT\n\na\n0:00 --> 0:01\nIn 1984 it was 7\n\nb\n0:02 --> 0:03\nTwo.\nThree.\n\nc\n0:04 --> 0:05\n4",
        ] {
            assert_eq!(cues(file), expected, "{file}");
        }
    }

    #[test]
    fn a_bad_time_costs_nothing_but_itself() {
        for (times, start_ms, end_ms) in [
            ("00:00:09,000 --> 00:00:02,000", 9_000, 9_000),
            ("00:00:61,000 --> 00:00:09,000", 2_000, 9_000),
            ("00:00:05,000 --> soon", 5_000, 5_000),
            ("?? --> ??", 2_000, 2_000),
            ("5 --> 6", 2_000, 2_000),
            ("99999:00:00,000 --> 99999:00:01,000", 2_000, 2_000),
        ] {
            let file =
                format!("1\n00:01 --> 00:02\nOne.\n\n2\n{times}\nTwo.\n\n3\n00:09 --> 00:10\nThree.\n");
            assert_eq!(
                cues(&file),
                [
                    said(1_000, 2_000, "One.", None),
                    said(start_ms, end_ms, "Two.", None),
                    said(9_000, 10_000, "Three.", None)
                ],
                "{times}"
            );
        }
    }

    #[test]
    fn an_arrow_in_a_text_is_text() {
        let file = "1\n00:01 --> 00:02\nA --> B\ngo -> there\n\nat 10:30 --> lunch\n";
        assert_eq!(cues(file), [said(1_000, 2_000, "A --> B go -> there at 10:30 --> lunch", None)]);
    }

    #[test]
    fn captions_that_roll_are_read_once() {
        let words = |file: &str| {
            let texts: Vec<String> = cues(file).into_iter().map(|cue| cue.text).collect();
            texts.join("|")
        };
        let with_moments = "WEBVTT\n\n00:00.000 --> 00:02.000\n \nwell<00:01.000><c> then</c>\n\n\
            00:02.000 --> 00:02.010\nwell then\n \n\n00:02.010 --> 00:04.000\nwell then\nno<00:03.000>\n\n\
            00:04.000 --> 00:04.010\nno\n \n\n00:04.010 --> 00:06.000\nno\nno<00:05.000><c> really</c>\n";
        assert_eq!(words(with_moments), "well then|no|no really");
        let three_lines = "1\n00:00 --> 00:01\none\n\n2\n00:01 --> 00:02\none\ntwo\n\n3\n00:02 --> 00:03\none\ntwo\nthree\n\n\
            4\n00:03 --> 00:04\ntwo\nthree\nfour\n\n5\n00:04 --> 00:05\nthree\nfour\nfive\n";
        assert_eq!(words(three_lines), "one|two|three|four|five");
        let without_moments = "1\n00:00 --> 00:02\nso we went\n\n2\n00:02,000 --> 00:02,010\nso we went\n\n\
            3\n00:02,010 --> 00:04\nso we went\nhome late\n";
        assert_eq!(words(without_moments), "so we went|home late");
        let growing = "1\n00:00 --> 00:01\nso\n\n2\n00:01 --> 00:02\nso we\n\n3\n00:02 --> 00:03\nso we went\n\n4\n00:03 --> 00:04\nso we went\nhome\n";
        assert_eq!(words(growing), "so|we|went|home");
    }

    #[test]
    fn who_says_the_same_twice_is_heard_twice() {
        let file = "1\n00:00 --> 00:01\nNo.\n\n2\n00:01 --> 00:02\nNo.\n\n3\n00:02 --> 00:03\nLa la\nla la\n\n4\n00:03 --> 00:04\nLa la\nla la\n";
        let texts: Vec<String> = cues(file).into_iter().map(|cue| cue.text).collect();
        assert_eq!(texts, ["No.", "No.", "La la la la", "La la la la"]);
    }

    #[test]
    fn names_before_a_colon_part_a_cue() {
        let file = "1\n00:00 --> 00:01\n- Ada: Shall we?\n- Ben: In spring,\nif at all.\n\n2\n00:01 --> 00:02\nADA:\nNow.\n";
        assert_eq!(
            cues(file),
            [
                said(0, 1_000, "Shall we?", Some("Ada")),
                said(0, 1_000, "In spring, if at all.", Some("Ben")),
                said(1_000, 2_000, "Now.", Some("ADA")),
            ]
        );
    }

    #[test]
    fn text_without_cues_has_none() {
        for file in ["Hello there.\n\nGeneral.", "WEBVTT\n", "", "\n\n-->\n", "1\n00:00 --> 00:01\n\n"] {
            assert_eq!(cues(file), []);
        }
    }

    #[test]
    fn plain_text_has_turns() {
        let turn = |speaker: Option<&str>, text: &str| (speaker.map(str::to_owned), text.to_owned());
        assert_eq!(
            turns("Ada: Shall we mend the roof?\n\nBen: In spring.\n"),
            [turn(Some("Ada"), "Shall we mend the roof?"), turn(Some("Ben"), "In spring.")]
        );
        assert_eq!(
            turns(" At 10:30 we met.\n- one\n"),
            [turn(None, "At 10:30 we met."), turn(None, "- one")]
        );
    }
}
