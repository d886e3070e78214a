//! Transcripts as text and as subtitles: SubRip (SRT) and WebVTT.

use crate::database::segments::Segment;

/// A line for each segment, with who said it where that is known.
#[must_use]
pub fn text(segments: &[Segment]) -> String {
    segments.iter().map(|segment| spoken(segment, ": ") + "\n").collect()
}

/// SubRip: numbered, a comma before the milliseconds.
#[must_use]
pub fn srt(segments: &[Segment]) -> String {
    let cue = |(index, segment): (usize, &Segment)| {
        let (start, end) = (clock(segment.start_ms, ','), clock(end(segment), ','));
        format!("{}\n{start} --> {end}\n{}\n\n", index + 1, one_line(&spoken(segment, ": ")))
    };
    segments.iter().enumerate().map(cue).collect()
}

/// WebVTT: named by segment, a dot before the milliseconds, voices marked.
#[must_use]
pub fn vtt(segments: &[Segment]) -> String {
    let cue = |segment: &Segment| {
        let (start, end) = (clock(segment.start_ms, '.'), clock(end(segment), '.'));
        let text = escape(&one_line(&segment.text));
        let text = match &segment.speaker {
            Some(speaker) => format!("<v {}>{text}", escape(&one_line(speaker))),
            None => text,
        };
        format!("{}\n{start} --> {end}\n{text}\n\n", segment.id)
    };
    std::iter::once("WEBVTT\n\n".to_owned()).chain(segments.iter().map(cue)).collect()
}

fn spoken(segment: &Segment, between: &str) -> String {
    match &segment.speaker {
        Some(speaker) => format!("{speaker}{between}{}", segment.text),
        None => segment.text.clone(),
    }
}

/// Players skip cues that take no time.
fn end(segment: &Segment) -> i64 {
    segment.end_ms.max(segment.start_ms + 1)
}

/// An empty line would end the cue.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What WebVTT takes for markup, and the arrow that begins a cue.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn clock(ms: i64, point: char) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}{point}{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn segment(start_ms: i64, end_ms: i64, text: &str, speaker: Option<&str>) -> Segment {
        Segment {
            id: Uuid::from_u128(7),
            conversation_id: Uuid::nil(),
            transcription_id: Uuid::nil(),
            position: 0,
            start_ms,
            end_ms,
            text: text.to_owned(),
            speaker: speaker.map(str::to_owned),
            revision: 1,
            ..Segment::default()
        }
    }

    #[test]
    fn subrip_is_numbered_with_commas() {
        let segments = [
            segment(350, 2_900, "Shall we?", None),
            segment(3_723_004, 3_723_004, "Yes.\n\nNow.", Some("Ada")),
        ];
        assert_eq!(
            srt(&segments),
            "1\n00:00:00,350 --> 00:00:02,900\nShall we?\n\n2\n01:02:03,004 --> 01:02:03,005\nAda: Yes. Now.\n\n"
        );
    }

    #[test]
    fn webvtt_has_a_head_voices_and_no_stray_markup() {
        let segments = [segment(0, 1_500, "a --> b & <c>", Some("Ada"))];
        assert_eq!(
            vtt(&segments),
            "WEBVTT\n\n00000000-0000-0000-0000-000000000007\n00:00:00.000 --> 00:00:01.500\n\
             <v Ada>a --&gt; b &amp; &lt;c&gt;\n\n"
        );
    }

    #[test]
    fn nothing_said_is_an_empty_file_of_each_kind() {
        assert_eq!((text(&[]), srt(&[]), vtt(&[])), (String::new(), String::new(), "WEBVTT\n\n".to_owned()));
    }

    #[test]
    fn text_is_a_line_for_each_segment() {
        let segments = [segment(0, 1, "One.", None), segment(1, 2, "Two.", Some("Bob"))];
        assert_eq!(text(&segments), "One.\nBob: Two.\n");
    }
}
