//! Transcripts as text, as Markdown, and as subtitles, SubRip (SRT) and WebVTT: written, and read.

mod breaks;
mod clock;
mod layout;
mod lines;
mod markdown;
mod markup;
mod read;
mod references;
#[cfg(test)]
mod round_trip;
mod scripts;
mod write;

use std::collections::BTreeMap;
use std::ops::Range;

use uuid::Uuid;

use crate::database::segments::Segment;

pub use self::layout::{CUE_MS, LINE_CHARS, LINES, Layout};
pub use self::markdown::markdown;
pub use self::read::{cues, turns};
pub use self::write::{srt, vtt};

/// Something that shows from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// When it begins to show, in milliseconds.
    pub start_ms: i64,
    /// When it ends.
    pub end_ms: i64,
    /// What is said, in one line.
    pub text: String,
    /// Who says it, where that is known.
    pub speaker: Option<String>,
}

/// What somebody said, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    id: Uuid,
    start_ms: i64,
    end_ms: i64,
    text: String,
    speaker: Option<String>,
    /// Whether the transcriber doubts it.
    is_uncertain: bool,
    /// When each word is said, in milliseconds; empty where that is not known.
    words: Vec<Range<i64>>,
}

impl Utterance {
    /// What the segments of a conversation say, with the names that its person gave to the voices.
    #[must_use]
    pub fn all(segments: &[Segment], speakers: &BTreeMap<String, String>) -> Vec<Self> {
        segments.iter().map(|segment| Self::new(segment, speakers)).collect()
    }

    /// What a segment says, with the name that `speakers` has for the mark of the voice. The times of the
    /// words count where there is one for each word of the text.
    #[must_use]
    pub fn new(segment: &Segment, speakers: &BTreeMap<String, String>) -> Self {
        let speaker = segment.speaker.as_ref().map(|mark| one_line(speakers.get(mark).unwrap_or(mark)));
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let words = segment.words().unwrap_or_default();
        Self {
            id: segment.id,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms.max(segment.start_ms),
            text: one_line(&segment.text),
            speaker: speaker.filter(|speaker| !speaker.is_empty()),
            is_uncertain: segment.is_uncertain,
            words: words.iter().map(|word| ms(word.start_ms)..ms(word.end_ms)).collect(),
        }
    }
}

/// A line for each segment, with who said it where that is known.
#[must_use]
pub fn text(said: &[Utterance]) -> String {
    let line = |said: &Utterance| match &said.speaker {
        Some(speaker) => format!("{speaker}: {}\n", said.text),
        None => format!("{}\n", said.text),
    };
    said.iter().map(line).collect()
}

/// An empty line would end a cue.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
