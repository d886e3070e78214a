use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::segments;
use self_shared::database::transcriptions::Transcription;
use self_shared::domain::transcription::{CoverageKind, Timing, Warning as WarningCode};
use self_shared::events::{Coverage, Model, Segment, Warning, Word as SpokenWord};
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Wire;

/// A transcript. While its job runs, it contains the segments so far.
#[derive(Object)]
#[oai(rename = "Transcription", skip_serializing_if_is_none, example)]
pub(crate) struct TranscriptionView {
    /// The id of the transcript.
    pub id: Uuid,
    /// The conversation that the transcript belongs to.
    pub conversation_id: Uuid,
    /// The recording that was transcribed. Absent for imported text.
    pub audio_id: Option<Uuid>,
    /// The language that was detected or requested, as a BCP 47 tag. Absent if it is uncertain, while it is
    /// not known yet, if nobody speaks, and for text that was imported without a language.
    pub language: Option<String>,
    /// Whether the language is not known: the transcriber did not understand the speech, perhaps because it
    /// does not support the language, or it did not say which language it heard. What was not understood
    /// is in segments that are `uncertain`, which are excluded from search, entities and insights.
    pub language_uncertain: bool,
    /// The model that transcribed the recording.
    pub model: Option<ModelView>,
    /// The host to which the sound was sent for transcription. Absent if the sound stayed on this
    /// server.
    pub endpoint: Option<String>,
    /// The duration of the sound in milliseconds. Absent until it is known.
    pub duration_ms: Option<i64>,
    /// The position up to which the sound is transcribed, in milliseconds: the segments cover the sound
    /// before it.
    pub transcribed_ms: i64,
    /// Whether the transcript is complete and contains no speech.
    pub is_silent: bool,
    /// The whole text, one line for each segment.
    pub text: String,
    /// The segments, in the order of time.
    pub segments: Vec<SegmentView>,
    /// The result for each span of the recording, in order and without gaps. Empty while segments still
    /// arrive, and for imported text.
    pub coverage: Vec<CoverageView>,
    /// Warnings about the quality of the transcript. Show them to the user.
    pub warnings: Vec<WarningView>,
    /// When the transcript was requested.
    pub created_at: Time,
    /// When the transcript was completed. Absent while segments still arrive.
    pub completed_at: Option<Time>,
}

/// A model and its version.
#[derive(Object)]
#[oai(rename = "Model")]
pub(crate) struct ModelView {
    /// The name of the model.
    pub name: String,
    /// The version of the model.
    pub version: String,
}

/// A segment of a transcript: one utterance with its times.
#[derive(Object)]
#[oai(rename = "Segment", skip_serializing_if_is_none, example)]
pub(crate) struct SegmentView {
    /// The id of the segment. It stays the same in all revisions.
    pub id: Uuid,
    /// The start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
    /// The end of the segment in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text of the segment.
    pub text: String,
    /// The text of the transcriber, if a person has corrected it.
    pub original_text: Option<String>,
    /// The speaker, if known: a label, or the name itself. The names for labels are in `speakers` of
    /// the conversation.
    pub speaker: Option<String>,
    /// A higher revision replaces a lower one.
    pub revision: i32,
    /// The probability, from 0 to 1, that a word of the segment is right, as estimated by the
    /// transcriber. Absent for text that no model transcribed.
    pub confidence: Option<f64>,
    /// Whether the transcriber is uncertain of the segment. It is then excluded from search, entities
    /// and insights, until a person corrects or confirms it.
    pub uncertain: bool,
    /// The words of the transcriber, with their times. Only with `include=words`, and only if they are
    /// known.
    pub words: Option<Vec<WordView>>,
    /// The source of the times of the words.
    pub timing: Option<Wire<Timing>>,
}

/// A word with its times.
#[derive(Object)]
#[oai(rename = "Word")]
pub(crate) struct WordView {
    /// The word, with the punctuation after it.
    pub text: String,
    /// The start of the word in the recording, in milliseconds.
    pub start_ms: u64,
    /// The end of the word in the recording, in milliseconds.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that the word is right.
    pub confidence: f64,
}

/// The result of the transcription for a span of the recording.
#[derive(Object)]
#[oai(rename = "Coverage", example)]
pub(crate) struct CoverageView {
    /// The result for this span.
    pub kind: Wire<CoverageKind>,
    /// The start of the span in the recording, in milliseconds.
    pub start_ms: u64,
    /// The end of the span in the recording, in milliseconds.
    pub end_ms: u64,
}

/// A warning about the quality of a transcript.
#[derive(Clone, Object)]
#[oai(rename = "Warning", example)]
pub(crate) struct WarningView {
    /// The stable code of the warning. Programs decide by this field.
    pub code: Wire<WarningCode>,
    /// What the warning means and what to do, as text for the user.
    pub detail: String,
}

impl TranscriptionView {
    pub(crate) fn new(
        transcription: Transcription,
        segments: Vec<segments::Segment>,
        with_words: bool,
    ) -> Self {
        let warnings = transcription.warnings().into_iter().map(WarningView::from).collect();
        let text: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        Self {
            id: transcription.id,
            conversation_id: transcription.conversation_id,
            audio_id: transcription.audio_id,
            language: transcription.language().map(str::to_owned),
            language_uncertain: transcription.language_uncertain,
            model: transcription.model().map(ModelView::from),
            endpoint: transcription.endpoint,
            duration_ms: transcription.duration_ms,
            transcribed_ms: transcription.transcribed_ms,
            is_silent: transcription.completed_at.is_some() && segments.is_empty(),
            text: text.join("\n"),
            segments: segments
                .into_iter()
                .map(|segment| SegmentView::new(segment.into(), with_words))
                .collect(),
            coverage: transcription.coverage.0.into_iter().map(Coverage::from).map(Into::into).collect(),
            warnings,
            created_at: transcription.created_at.into(),
            completed_at: transcription.completed_at.map(Into::into),
        }
    }
}

impl SegmentView {
    /// A segment as clients see it, with its words if they are requested and known.
    pub(crate) fn new(segment: Segment, with_words: bool) -> Self {
        let words = segment.words.filter(|_| with_words);
        Self {
            id: segment.id,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            text: segment.text,
            original_text: segment.original_text,
            speaker: segment.speaker,
            revision: segment.revision,
            confidence: segment.confidence,
            uncertain: segment.uncertain,
            timing: segment.timing.filter(|_| words.is_some()).map(Wire),
            words: words.map(|words| words.into_iter().map(WordView::from).collect()),
        }
    }
}

impl From<SpokenWord> for WordView {
    fn from(word: SpokenWord) -> Self {
        let SpokenWord { text, start_ms, end_ms, confidence } = word;
        Self { text, start_ms, end_ms, confidence }
    }
}

impl From<Model> for ModelView {
    fn from(model: Model) -> Self {
        Self { name: model.name, version: model.version }
    }
}

impl From<Coverage> for CoverageView {
    fn from(coverage: Coverage) -> Self {
        Self { kind: Wire(coverage.kind), start_ms: coverage.start_ms, end_ms: coverage.end_ms }
    }
}

impl From<Warning> for WarningView {
    fn from(warning: Warning) -> Self {
        Self { code: Wire(warning.code), detail: warning.detail }
    }
}

impl Example for TranscriptionView {
    fn example() -> Self {
        Self {
            id: example_id(4),
            conversation_id: example_id(2),
            audio_id: Some(example_id(1)),
            language: Some("en".to_owned()),
            language_uncertain: false,
            endpoint: None,
            model: Some(ModelView { name: "moonshine-tiny-en".to_owned(), version: "0.0.73".to_owned() }),
            duration_ms: Some(4_200),
            transcribed_ms: 4_200,
            is_silent: false,
            text: "Shall we take the blue tiles?".to_owned(),
            segments: vec![SegmentView::example()],
            coverage: vec![CoverageView::example()],
            warnings: vec![WarningView::example()],
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
            confidence: Some(0.94),
            uncertain: false,
            words: None,
            timing: None,
        }
    }
}

impl Example for CoverageView {
    fn example() -> Self {
        Self { kind: Wire(CoverageKind::Heard), start_ms: 350, end_ms: 2_900 }
    }
}

impl Example for WarningView {
    fn example() -> Self {
        Warning::from(WarningCode::CutShort).into()
    }
}
