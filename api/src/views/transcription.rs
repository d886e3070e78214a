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
    /// The language heard, or asked for; absent when it is not certain.
    pub language: Option<String>,
    /// Whether the speech was not understood and is perhaps in a language that the transcriber does not
    /// know. It is then kept out of search, entities and insights.
    pub language_uncertain: bool,
    /// The model that heard it.
    pub model: Option<ModelView>,
    /// The host to which the sound was sent to be transcribed; absent where it stayed here.
    pub endpoint: Option<String>,
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
    /// What became of each stretch of the recording, in order and without gaps; empty while segments
    /// still arrive, and for text that was never heard.
    pub coverage: Vec<CoverageView>,
    /// What to know before relying on it.
    pub warnings: Vec<WarningView>,
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
    /// The probability, from 0 to 1, that a word of it is right, as the transcriber judges; absent for
    /// text that no model heard.
    pub confidence: Option<f64>,
    /// Whether the transcriber doubts it. It is then kept out of search, entities and insights, until a
    /// person corrects or confirms it.
    pub uncertain: bool,
    /// The words as they were heard, with their times; only with `include=words`, and where these are
    /// known.
    pub words: Option<Vec<WordView>>,
    /// Where the times of the words come from.
    pub timing: Option<Wire<Timing>>,
}

/// A word, and when it was said.
#[derive(Object)]
#[oai(rename = "Word")]
pub(crate) struct WordView {
    /// The word, with the punctuation behind it.
    pub text: String,
    /// Where it begins in the recording.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that it is right.
    pub confidence: f64,
}

/// What became of a stretch of a recording.
#[derive(Object)]
#[oai(rename = "Coverage", example)]
pub(crate) struct CoverageView {
    /// What became of it.
    pub kind: Wire<CoverageKind>,
    /// Where it begins in the recording.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
}

/// What a person should know before they rely on a transcript.
#[derive(Clone, Object)]
#[oai(rename = "Warning", example)]
pub(crate) struct WarningView {
    /// Names it, for programs.
    pub code: Wire<WarningCode>,
    /// What it means and what to do, for people.
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
    /// A segment as it is shown, with its words where they are wanted and known.
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
