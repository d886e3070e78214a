//! The two models of one thread: a voice detector, and a transcriber for the speech that it finds.

use super::voices::{SpeechSpan, speech_spans};
use crate::models::silero::VoiceDetector;
use crate::models::transcriber::{TranscribeError, TranscriberSession, Utterance};

/// Both models in memory.
pub(super) struct SpeechRecognizer {
    pub(super) detector: VoiceDetector,
    pub(super) session: Box<dyn TranscriberSession>,
}

impl SpeechRecognizer {
    /// The stretches of speech in a chunk. The transcriber does not get the other sound, since it would
    /// turn it into words. The result does not depend on earlier chunks, so a job that continues on another
    /// worker finds the same.
    pub(super) fn voices(&mut self, samples: &[f32]) -> Result<Vec<SpeechSpan>, TranscribeError> {
        Ok(speech_spans(&self.detector.probabilities(samples)?, samples.len()))
    }

    /// Transcribes a sound.
    pub(super) fn transcribe(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError> {
        self.session.transcribe(samples)
    }
}
