//! Transcripts as text, as Markdown, and as subtitles: SubRip (SRT) and WebVTT are written and read.

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
pub use self::read::{Untimed, timed_cues, turns};
pub use self::write::{srt, vtt};

/// A text with the times at which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// In milliseconds.
    pub start_ms: i64,
    /// In milliseconds.
    pub end_ms: i64,
    /// In one line.
    pub text: String,
    /// The name of the speaker, if known.
    pub speaker: Option<String>,
}

/// A segment to be written, with the name of its speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    id: Uuid,
    start_ms: i64,
    end_ms: i64,
    text: String,
    speaker: Option<String>,
    /// Whether the transcriber doubts it.
    is_uncertain: bool,
    /// The times of each word, in milliseconds; empty if they are not known.
    words: Vec<Range<i64>>,
}

impl Utterance {
    /// Converts the segments of a conversation, with the names that the person gave to the speakers.
    #[must_use]
    pub fn all(segments: &[Segment], speakers: &BTreeMap<String, String>) -> Vec<Self> {
        segments.iter().map(|segment| Self::new(segment, speakers)).collect()
    }

    /// Converts a segment, with the name that `speakers` has for its label. The times of words are used if
    /// there is one for each word of the text.
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

/// One line for each segment, with the speaker if known.
#[must_use]
pub fn text(said: &[Utterance]) -> String {
    let line = |said: &Utterance| match &said.speaker {
        Some(speaker) => format!("{speaker}: {}\n", said.text),
        None => format!("{}\n", said.text),
    };
    said.iter().map(line).collect()
}

/// Joins the lines of a text, since an empty line would end a cue.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
