//! The port of the models that turn speech into text.

use std::path::PathBuf;

use self_onnx::OnnxError;
use self_shared::domain::model::{ModelDescription, ModelId};

use super::remote_transcriber::RemoteError;

/// A model for speech. All threads share it; each thread transcribes with a [`TranscriberSession`] of its
/// own.
pub trait Transcriber: Send + Sync {
    /// The name and version of the model.
    fn id(&self) -> ModelId;

    /// The public description of the model, with the languages that a request may name.
    fn description(&self) -> ModelDescription {
        ModelDescription::default()
    }

    /// Loads the model for one thread.
    fn open_session(&self) -> Result<Box<dyn TranscriberSession>, TranscribeError>;
}

/// A model in memory, for one thread.
pub trait TranscriberSession: Send {
    /// Transcribes a chunk of mono sound at 16 kHz, with punctuation if the model supports it. Sound of any
    /// content is valid input.
    fn transcribe(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError>;
}

/// The transcription of a chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// In the order of time. Joined by spaces they are the text.
    pub words: Vec<TranscribedWord>,
    /// The language as a BCP 47 tag, if the model reports it.
    pub language: Option<String>,
    /// Whether the transcriber gave up on the sound: nothing is known of the speech in it.
    pub is_lost: bool,
}

/// A word, and how sure the model is of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TranscribedWord {
    /// Without white space, with the punctuation after it; never empty. A sign that stands alone in the text
    /// is a word too.
    pub text: String,
    /// The mean natural logarithm of the probabilities of its tokens: 0 is certain.
    pub log_probability: f32,
    /// How many tokens spell it.
    pub tokens: u32,
    /// Its start and end in milliseconds from the start of the chunk, if the model reports them.
    pub times: Option<(u64, u64)>,
    /// The start and end of the part of the text that it belongs to, in the same milliseconds, if the model
    /// reports times of parts only.
    pub within: Option<(u64, u64)>,
}

impl Utterance {
    /// The words, joined by spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// The errors of a transcriber.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The list of tokens is damaged or belongs to another model.
    #[error("the tokens of the transcriber are unusable: {0}")]
    Tokens(String),
    /// The folder `MOONSHINE_DIR` lacks a file or contains an invalid one.
    #[error("MOONSHINE_DIR: {}: {}", .0.display(), .1)]
    Folder(PathBuf, String),
    /// The thread panicked while it transcribed the chunk; its session is replaced.
    #[error("the transcriber broke off")]
    BrokeOff,
    /// An error of the remote transcriber.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// It could not be read whether the person lets their sound leave, so it was not sent.
    #[error("the preference about sound could not be read: {0}")]
    Permission(String),
}
