//! The options of a transcription, and the reliability of its transcript.

use serde::{Deserialize, Serialize, Serializer};

/// The options of a transcription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscriptionOptions {
    /// The spoken language, as a BCP 47 tag; the transcriber decides if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the sound may be sent to a remote transcriber; allowed if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_remote: Option<bool>,
}

/// A word of a segment, with its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Without white space; never empty. Punctuation belongs to the word before it.
    pub text: String,
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End; never before `start_ms`.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that the word is right.
    #[serde(serialize_with = "in_thousandths")]
    pub confidence: f32,
}

/// A confidence as it is shown: rounded to a thousandth, since no model is more exact.
#[must_use]
pub fn thousandths(confidence: f32) -> f64 {
    (f64::from(confidence) * 1000.0).round() / 1000.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn in_thousandths<S: Serializer>(confidence: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(thousandths(*confidence))
}

/// The times of a word as they are stored. The word itself is in the text beside them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, f32)", into = "(u64, u64, f32)")]
pub struct WordTime {
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End in the recording, in milliseconds.
    pub end_ms: u64,
    /// The probability, from 0 to 1, that the word is right.
    pub confidence: f32,
}

impl From<(u64, u64, f32)> for WordTime {
    fn from((start_ms, end_ms, confidence): (u64, u64, f32)) -> Self {
        Self { start_ms, end_ms, confidence }
    }
}

impl From<WordTime> for (u64, u64, f32) {
    fn from(time: WordTime) -> Self {
        (time.start_ms, time.end_ms, time.confidence)
    }
}

/// Splits a text into words at white space, and adds the stored times. Returns `None` if the numbers of
/// words and times differ.
#[must_use]
pub fn words(text: &str, times: &[WordTime]) -> Option<Vec<Word>> {
    let words: Vec<Word> = text
        .split_whitespace()
        .zip(times)
        .map(|(text, time)| Word {
            text: text.to_owned(),
            start_ms: time.start_ms,
            end_ms: time.end_ms,
            confidence: time.confidence,
        })
        .collect();
    (words.len() == times.len() && words.len() == text.split_whitespace().count()).then_some(words)
}

super::wire_enum! {
    /// The source of the times of words.
    pub enum Timing {
        /// Estimated from the sound and the text of the segment.
        Estimated = "estimated",
        /// Given by the transcriber.
        Measured = "measured",
    }
}

super::wire_enum! {
    /// The result of the transcription for a span of a recording.
    pub enum CoverageKind {
        /// Somebody speaks, and the speech is in the transcript.
        Heard = "heard",
        /// Nobody speaks.
        Silent = "silent",
        /// The sound could not be decoded, because the file is damaged.
        Damaged = "damaged",
        /// The file holds no sound for this time.
        Missing = "missing",
    }
}

/// A span of a recording, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(CoverageKind, u64, u64)", into = "(CoverageKind, u64, u64)")]
pub struct CoverageSpan {
    pub kind: CoverageKind,
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End in the recording, in milliseconds.
    pub end_ms: u64,
}

impl From<(CoverageKind, u64, u64)> for CoverageSpan {
    fn from((kind, start_ms, end_ms): (CoverageKind, u64, u64)) -> Self {
        Self { kind, start_ms, end_ms }
    }
}

impl From<CoverageSpan> for (CoverageKind, u64, u64) {
    fn from(span: CoverageSpan) -> Self {
        (span.kind, span.start_ms, span.end_ms)
    }
}

super::wire_enum! {
    /// A warning about the quality of a transcript.
    pub enum Warning as ("WarningCode") {
        /// The file ends in the middle of the sound. The rest of the recording is not in the transcript.
        CutShort = "cut_short",
        /// Parts of the sound could not be decoded.
        Damaged = "damaged",
        /// The file holds no sound for a part of its duration.
        Missing = "missing",
        /// The file holds several sound tracks, and only one of them was transcribed.
        OtherTracks = "other_tracks",
        /// The transcriber is uncertain about some segments.
        UncertainSegments = "uncertain_segments",
        /// The speech may be in a language that the transcriber does not support.
        LanguageUncertain = "language_uncertain",
    }
}

impl Warning {
    /// A sentence for people: the meaning of the warning, and what to do.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::CutShort => {
                "The file ends in the middle of the recording. If you have a longer copy, upload that."
            }
            Self::Damaged => {
                "Parts of the file are damaged and could not be heard; `coverage` says which, where that is \
                 known. If you have an undamaged copy, upload that."
            }
            Self::Missing => "The file holds no sound for a part of its time; `coverage` says for which.",
            Self::OtherTracks => {
                "The file holds several tracks of sound, and one of them was heard. If others hold speech, \
                 upload each as a file of its own."
            }
            Self::UncertainSegments => {
                "Some segments were hard to understand. They are marked as uncertain, and are left out of \
                 search, entities and insights until you correct them."
            }
            Self::LanguageUncertain => {
                "The speech was not understood; perhaps it is in a language that this transcriber does not \
                 know. `GET /api/v1/models` lists the languages that can be transcribed here."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_do_not_fit_their_text_are_of_no_words() {
        let times = [WordTime { start_ms: 0, end_ms: 300, confidence: 0.5 }];
        assert_eq!(words(" Yes. ", &times).unwrap()[0].text, "Yes.");
        assert_eq!(words("Yes, indeed.", &times), None);
        assert_eq!(words("", &times), None);
    }

    #[test]
    fn coverage_is_stored_in_short_form() {
        let span = CoverageSpan { kind: CoverageKind::Damaged, start_ms: 20, end_ms: 750 };
        let json = serde_json::to_value(span).unwrap();
        assert_eq!(json, serde_json::json!(["damaged", 20, 750]));
        assert_eq!(serde_json::from_value::<CoverageSpan>(json).unwrap(), span);
    }
}
