//! The event for new or replaced segments, and for the completion of a transcript.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room, Warning};
use crate::domain::transcription::{self, CoverageKind, CoverageSpan, Timing, thousandths};

/// Segments of a transcript were added or replaced, or the transcript was completed. A segment replaces the
/// segment with the same `id` and a lower `revision`. Text is never appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptionUpdate {
    /// The id of the transcript.
    pub transcription_id: Uuid,
    /// The conversation that the transcript belongs to.
    pub conversation_id: Uuid,
    /// The recording that is transcribed. Absent for imported text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The job that writes the transcript. Absent when the user has corrected a segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// The segments that are new or were replaced.
    pub segments: Vec<Segment>,
    /// The language that was detected or requested, as a BCP 47 tag. Absent if it is uncertain, while it is
    /// not known yet, if nobody speaks, and for text that was imported without a language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the language is not known: the transcriber did not understand the speech, perhaps because it
    /// does not support the language, or it did not say which language it heard. What was not understood is
    /// in segments that are `uncertain`, which are excluded from search, entities and insights.
    #[serde(default)]
    pub language_uncertain: bool,
    /// The model that transcribed the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The host to which the sound was sent for transcription. Absent if the sound stayed on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The duration of the sound in milliseconds. Absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The position up to which the sound is transcribed, in milliseconds: the segments cover the sound
    /// before it.
    #[serde(default)]
    pub transcribed_ms: i64,
    /// Whether the transcript is complete and contains no speech.
    #[serde(default)]
    pub is_silent: bool,
    /// The result for each span of the recording, in order and without gaps. Empty while segments still
    /// arrive, and for imported text.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub coverage: Vec<Coverage>,
    /// Warnings about the quality of the transcript. Show them to the user. Empty while segments still
    /// arrive.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub warnings: Vec<Warning>,
    /// When the transcript was completed. Absent while segments still arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// A segment of a transcript: the text that was said from one time to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SegmentUpdate")]
pub struct Segment {
    /// The id of the segment. It stays the same in all revisions.
    #[serde(alias = "segment_id")]
    pub id: Uuid,
    /// The index in the transcript: 0, 1, 2 … in the order of time.
    pub position: i32,
    /// The start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
    /// The end of the segment in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text of the segment.
    pub text: String,
    /// The text of the transcriber, if the user has corrected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// The speaker, if known: a label, or the name itself. The names for labels are in `speakers` of the
    /// conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// The revision of the segment. A higher revision replaces a lower one.
    pub revision: i32,
    /// The probability, from 0 to 1, that a word of the segment is right, as estimated by the transcriber.
    /// Absent for text that no model transcribed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Whether the transcriber is uncertain of the segment. The segment is then excluded from search,
    /// entities and insights, until the user corrects or confirms it.
    #[serde(default)]
    pub uncertain: bool,
    /// The words of the transcriber, with their times. Only with `"include": ["words"]` in `join_room`, and
    /// only if they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<Word>>,
    /// The source of the times of the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Whether the text is final. Only the user changes a final text.
    pub is_final: bool,
    /// Whether the speaker paused after the segment.
    pub speech_final: bool,
}

/// A word with its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// The word, with the punctuation after it.
    pub text: String,
    /// The start of the word in the recording, in milliseconds.
    pub start_ms: u64,
    /// The end of the word in the recording, in milliseconds.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that the word is right.
    pub confidence: f64,
}

/// A model and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// The name of the model.
    pub name: String,
    /// The version of the model.
    pub version: String,
}

/// The result of the transcription for a span of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The result for this span.
    pub kind: CoverageKind,
    /// The start of the span in the recording, in milliseconds.
    pub start_ms: u64,
    /// The end of the span in the recording, in milliseconds.
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
