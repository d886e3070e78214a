//! Writes SubRip and WebVTT so that reading the file returns the same cues.
//!
//! WebVTT has voice tags and escapes for everything. SubRip has neither: names stand before a colon. Some
//! cues would be misread: a name that does not look like one, an utterance that begins with a word and a
//! colon, or a line that is said twice as in rolling captions. Such a cue gets a voice tag as in WebVTT,
//! which players do not show. Few files have such cues.
//!
//! Three things are lost in both formats: a segment that is divided into several cues is read as several
//! segments, a segment of less than a second may become up to a second long, and a segment of one
//! millisecond gets no length.

use super::clock::written;
use super::layout::{LaidOutCue, Layout, lay_out};
use super::{Cue, Utterance, breaks, markup, read};

/// Writes SubRip: numbered, with a comma before the milliseconds, and the speaker's name before the text.
#[must_use]
pub fn srt(said: &[Utterance], layout: Layout) -> String {
    understood(&lay_out(said, layout, true), |cues, marked| {
        let cue = |(index, (placed, marked)): (usize, (&LaidOutCue, &bool))| {
            let text = subrip(placed, *marked);
            format!("{}\n{}\n{text}\n\n", index + 1, times(&placed.cue, ','))
        };
        cues.iter().zip(marked).enumerate().map(cue).collect()
    })
}

/// Writes WebVTT: cues with the segment ids as names, a dot before the milliseconds, voice tags, and the
/// class `uncertain` for uncertain segments.
#[must_use]
pub fn vtt(said: &[Utterance], layout: Layout) -> String {
    understood(&lay_out(said, layout, false), |cues, marked| {
        let cue = |(placed, marked): (&LaidOutCue, &bool)| {
            format!("{}\n{}\n{}\n\n", placed.id, times(&placed.cue, '.'), webvtt(placed, *marked))
        };
        std::iter::once("WEBVTT\n\n".to_owned()).chain(cues.iter().zip(marked).map(cue)).collect()
    })
}

/// Writes cues, reads them back, and adds a voice tag to those that are misread. If the tags change how
/// other cues are read, all cues get one.
fn understood(cues: &[LaidOutCue], write: impl Fn(&[LaidOutCue], &[bool]) -> String) -> String {
    let mut marked = vec![false; cues.len()];
    for _ in 0..2 {
        let file = write(cues, &marked);
        let read = read::cues(&file);
        if read.iter().eq(cues.iter().map(|placed| &placed.cue)) {
            return file;
        }
        if read.len() != cues.len() {
            break;
        }
        for ((marked, read), placed) in marked.iter_mut().zip(&read).zip(cues) {
            *marked |= *read != placed.cue;
        }
    }
    write(cues, &vec![true; cues.len()])
}

/// The times of a cue; at least one millisecond, since players skip cues without length.
fn times(cue: &Cue, point: char) -> String {
    let end_ms = cue.end_ms.max(cue.start_ms + 1);
    format!("{} --> {}", written(cue.start_ms, point), written(end_ms, point))
}

fn subrip(placed: &LaidOutCue, marked: bool) -> String {
    let text = markup::without_timing(&markup::subrip(&placed.lines.join("\n")));
    let written = match &placed.cue.speaker {
        Some(_) if placed.is_labelled && !marked => text,
        None if !marked => text,
        _ => format!("{}{text}</v>", voice(placed)),
    };
    breaks::escaped(&written)
}

fn webvtt(placed: &LaidOutCue, marked: bool) -> String {
    let text = markup::without_timing(&markup::webvtt(&placed.lines.join("\n")));
    let voice = if marked || placed.cue.speaker.is_some() { voice(placed) } else { String::new() };
    if placed.is_uncertain { format!("{voice}<c.uncertain>{text}</c>") } else { voice + &text }
}

/// The voice tag of the speaker; without a name if the speaker is not known.
fn voice(placed: &LaidOutCue) -> String {
    let Some(speaker) = &placed.cue.speaker else { return "<v>".to_owned() };
    let name = markup::webvtt(speaker);
    // An utterance that begins with the speaker's own name would be read as a repeated name.
    let says_name = placed.cue.text.strip_prefix(speaker.as_str()).is_some_and(|rest| rest.starts_with(':'));
    if says_name && !placed.is_labelled { format!("<v {name}>{name}: ") } else { format!("<v {name}>") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::database::segments::Segment;

    fn said(start_ms: i64, end_ms: i64, text: &str, speaker: Option<&str>) -> Utterance {
        let segment = Segment {
            id: Uuid::from_u128(7),
            start_ms,
            end_ms,
            text: text.to_owned(),
            speaker: speaker.map(str::to_owned),
            ..Segment::default()
        };
        Utterance::new(&segment, &BTreeMap::from([("A".to_owned(), "Ada".to_owned())]))
    }

    #[test]
    fn subrip_is_numbered_with_commas_and_names() {
        let said = [
            said(350, 2_900, "Shall we?", Some("A")),
            said(3_723_004, 3_725_000, "Yes.\n\nNow.", Some("Ben")),
            said(3_725_000, 3_726_000, "if x < 3 --> R&D", None),
        ];
        assert_eq!(
            srt(&said, Layout::default()),
            "1\n00:00:00,350 --> 00:00:02,900\nAda: Shall we?\n\n\
             2\n01:02:03,004 --> 01:02:05,000\nBen: Yes. Now.\n\n\
             3\n01:02:05,000 --> 01:02:06,000\nif x < 3 --&gt; R&D\n\n"
        );
    }

    #[test]
    fn webvtt_has_a_head_voices_and_no_stray_markup() {
        let said = [said(0, 1_500, "a --> b & <c>", Some("A"))];
        assert_eq!(
            vtt(&said, Layout::default()),
            "WEBVTT\n\n00000000-0000-0000-0000-000000000007\n00:00:00.000 --> 00:00:01.500\n\
             <v Ada>a --&gt; b &amp; &lt;c&gt;\n\n"
        );
    }

    #[test]
    fn doubt_is_a_class_in_webvtt_and_read_as_the_text_that_it_is() {
        let mut said = [said(0, 1_500, "It is <i>.", Some("A")), said(2_000, 3_500, "Maybe.", None)];
        said[0].is_uncertain = true;
        let file = vtt(&said, Layout::default());
        assert!(file.contains("\n<v Ada><c.uncertain>It is &lt;i&gt;.</c>\n\n"), "{file}");
        assert_eq!(file.matches("uncertain").count(), 1, "{file}");
        let read: Vec<String> = read::cues(&file).into_iter().map(|cue| cue.text).collect();
        assert_eq!(read, ["It is <i>.", "Maybe."]);
        assert!(!srt(&said, Layout::default()).contains("uncertain"));
    }

    #[test]
    fn subrip_marks_what_would_be_misunderstood() {
        let cue = |text: &str, speaker| {
            let file = srt(&[said(0, 1_500, text, speaker)], Layout::default());
            file.lines().nth(2).unwrap().to_owned()
        };
        assert_eq!(cue("Anna Berg: Hello.", None), "<v>Anna Berg: Hello.</v>");
        assert_eq!(
            cue("hi.", Some("the neighbour's cat")),
            "<v the neighbour's cat>the neighbour's cat: hi.</v>"
        );
        assert_eq!(cue("Ada: so what?", Some("Ada")), "<v Ada>Ada: Ada: so what?</v>");
    }

    #[test]
    fn nothing_said_is_an_empty_file_of_each_kind() {
        let layout = Layout::default();
        assert_eq!((srt(&[], layout), vtt(&[], layout)), (String::new(), "WEBVTT\n\n".to_owned()));
    }

    #[test]
    fn text_without_times_shows_in_its_order() {
        let said = [said(0, 0, "One.", None), said(0, 0, "Two.", None)];
        let file = vtt(&said, Layout::default());
        assert_eq!(file.matches("00:00:00.000 --> 00:00:00.001").count(), 1, "{file}");
        let texts: Vec<(i64, String)> =
            read::cues(&file).into_iter().map(|cue| (cue.start_ms, cue.text)).collect();
        assert_eq!(texts, [(0, "One.".to_owned()), (0, "Two.".to_owned())]);
    }
}
