//! What one thread hears with: a voice detector, and behind it a transcriber.

use super::voices::{Stretch, stretches};
use crate::models::silero::VoiceDetector;
use crate::models::transcriber::{TranscribeError, TranscriberSession, Utterance};

/// Both models in memory.
pub(super) struct Listener {
    pub(super) detector: VoiceDetector,
    pub(super) session: Box<dyn TranscriberSession>,
}

impl Listener {
    /// Where somebody speaks in a chunk. What the detector takes for no speech is not given to a
    /// transcriber, which would make words of it. Nothing that was heard before counts, so a job that
    /// goes on elsewhere finds the same.
    pub(super) fn voices(&mut self, samples: &[f32]) -> Result<Vec<Stretch>, TranscribeError> {
        Ok(stretches(&self.detector.probabilities(samples)?, samples.len()))
    }

    /// What is said in a sound.
    pub(super) fn hear(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError> {
        self.session.hear(samples)
    }
}
