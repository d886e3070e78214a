use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::segments::Segment;
use self_shared::database::transcriptions::Transcription;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;

/// A transcript. While its job runs, it holds what was heard so far.
#[derive(Object)]
#[oai(rename = "Transcription", skip_serializing_if_is_none, example)]
pub(crate) struct TranscriptionView {
    /// Names it.
    pub id: Uuid,
    /// The conversation that it is of.
    pub conversation_id: Uuid,
    /// The recording that was heard.
    pub audio_id: Option<Uuid>,
    /// The language heard, or asked for.
    pub language: Option<String>,
    /// The model that heard it.
    pub model: Option<ModelView>,
    /// Sound in all, once known.
    pub duration_ms: Option<i64>,
    /// Sound before this is in the segments.
    pub transcribed_ms: i64,
    /// Whether it is complete and nothing was said.
    pub is_silent: bool,
    /// All that was said, a line for each segment.
    pub text: String,
    /// What was said when, in the order of time.
    pub segments: Vec<SegmentView>,
    /// When it was asked for.
    pub created_at: Time,
    /// When it was complete; absent while segments still arrive.
    pub completed_at: Option<Time>,
}

/// A model and its version.
#[derive(Object)]
#[oai(rename = "Model")]
pub(crate) struct ModelView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was said from one moment to another.
#[derive(Object)]
#[oai(rename = "Segment", skip_serializing_if_is_none, example)]
pub(crate) struct SegmentView {
    /// Names it, across revisions.
    pub id: Uuid,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What was said.
    pub text: String,
    /// What was heard, where a person has corrected it.
    pub original_text: Option<String>,
    /// Who said it, where that is known: a mark, or the name itself. Names of marks are among the
    /// `speakers` of the conversation.
    pub speaker: Option<String>,
    /// A higher revision replaces a lower one.
    pub revision: i32,
}

impl TranscriptionView {
    pub(crate) fn new(transcription: Transcription, segments: Vec<Segment>) -> Self {
        let text: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        Self {
            id: transcription.id,
            conversation_id: transcription.conversation_id,
            audio_id: transcription.audio_id,
            language: transcription.language.or(transcription.options.0.language),
            model: transcription
                .model
                .map(|name| ModelView { name, version: transcription.model_version.unwrap_or_default() }),
            duration_ms: transcription.duration_ms,
            transcribed_ms: transcription.transcribed_ms,
            is_silent: transcription.completed_at.is_some() && segments.is_empty(),
            text: text.join("\n"),
            segments: segments.into_iter().map(SegmentView::from).collect(),
            created_at: transcription.created_at.into(),
            completed_at: transcription.completed_at.map(Into::into),
        }
    }
}

impl From<Segment> for SegmentView {
    fn from(segment: Segment) -> Self {
        Self {
            id: segment.id,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            text: segment.text,
            original_text: segment.original_text,
            speaker: segment.speaker,
            revision: segment.revision,
        }
    }
}

impl Example for TranscriptionView {
    fn example() -> Self {
        Self {
            id: example_id(4),
            conversation_id: example_id(2),
            audio_id: Some(example_id(1)),
            language: Some("en".to_owned()),
            model: Some(ModelView { name: "moonshine-tiny-en".to_owned(), version: "0.0.73".to_owned() }),
            duration_ms: Some(4_200),
            transcribed_ms: 4_200,
            is_silent: false,
            text: "Shall we take the blue tiles?".to_owned(),
            segments: vec![SegmentView::example()],
            created_at: example_time(),
            completed_at: Some(example_time()),
        }
    }
}

impl Example for SegmentView {
    fn example() -> Self {
        Self {
            id: example_id(5),
            start_ms: 350,
            end_ms: 2_900,
            text: "Shall we take the blue tiles?".to_owned(),
            original_text: Some("Shall we take the blue titles?".to_owned()),
            speaker: Some("A".to_owned()),
            revision: 2,
        }
    }
}
