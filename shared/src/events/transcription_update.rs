//! The event for new or replaced segments, and for the completion of a transcript.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room, Warning};
use crate::domain::transcription::{self, CoverageKind, CoverageSpan, Timing, thousandths};

/// Segments of a transcript were added or replaced, or it was completed. Text is replaced, by `id` and
/// `revision`, and never appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptionUpdate {
    /// The transcript.
    pub transcription_id: Uuid,
    /// The conversation that it is of.
    pub conversation_id: Uuid,
    /// The recording that is heard; absent for what came as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The job that writes it; absent when a person has corrected a segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// The segments that are new or were replaced.
    pub segments: Vec<Segment>,
    /// The language heard, or asked for; absent when it is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the speech was not understood and is perhaps in a language that the transcriber does not
    /// know. It is then kept out of search, entities and insights.
    #[serde(default)]
    pub language_uncertain: bool,
    /// The model that heard it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The host to which the sound was sent to be transcribed; absent where it stayed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Sound in all, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Sound before this is in the segments.
    #[serde(default)]
    pub transcribed_ms: i64,
    /// Whether it is complete and nothing was said.
    #[serde(default)]
    pub is_silent: bool,
    /// What became of each stretch of the recording, in order and without gaps; empty while segments
    /// still arrive, and for text that was never heard.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub coverage: Vec<Coverage>,
    /// What to know before relying on it; empty while segments still arrive.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub warnings: Vec<Warning>,
    /// When it was complete; absent while segments still arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// What was said from one moment to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SegmentUpdate")]
pub struct Segment {
    /// Names it, across revisions.
    #[serde(alias = "segment_id")]
    pub id: Uuid,
    /// Its place in the transcript: 0, 1, 2 … in the order of time.
    pub position: i32,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What was said.
    pub text: String,
    /// What was heard, where a person has corrected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// Who said it, where that is known: a mark, or the name itself. Names of marks are among the
    /// `speakers` of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// A higher revision replaces a lower one.
    pub revision: i32,
    /// The probability, from 0 to 1, that a word of it is right, as the transcriber judges; absent for
    /// text that no model heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Whether the transcriber doubts it. It is then kept out of search, entities and insights, until a
    /// person corrects or confirms it.
    #[serde(default)]
    pub uncertain: bool,
    /// The words as they were heard, with their times; only with `"include": ["words"]`, and where these
    /// are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<Word>>,
    /// Where the times of the words come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Whether the text is settled: only a person changes it from now on.
    pub is_final: bool,
    /// Whether the speaker paused behind it.
    pub speech_final: bool,
}

/// A word, and when it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// The word, with the punctuation behind it.
    pub text: String,
    /// Where it begins in the recording.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that it is right.
    pub confidence: f64,
}

/// A model and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What became of a stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// What became of it.
    pub kind: CoverageKind,
    /// Where it begins in the recording.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
}

impl From<CoverageSpan> for Coverage {
    fn from(span: CoverageSpan) -> Self {
        Self { kind: span.kind, start_ms: span.start_ms, end_ms: span.end_ms }
    }
}

impl From<transcription::Word> for Word {
    fn from(word: transcription::Word) -> Self {
        let transcription::Word { text, start_ms, end_ms, confidence } = word;
        Self { text, start_ms, end_ms, confidence: thousandths(confidence) }
    }
}

impl Payload for TranscriptionUpdate {
    const NAME: &'static str = "transcription_update";
    const ERASED_WITH_CONVERSATION: bool = true;

    fn rooms(&self) -> Vec<Room> {
        let job = self.job_id.map(Room::Job);
        [Room::Conversation(self.conversation_id)].into_iter().chain(job).collect()
    }
}

/// Reads null as an empty list: earlier versions stored null until the transcript was complete.
fn none_as_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
