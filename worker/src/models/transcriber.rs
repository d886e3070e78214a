//! The port of the models that turn speech into text.

use super::ModelId;
use super::onnx::OnnxError;

/// A model that can hear. It is shared by all; what does the work is an [`Ear`].
pub trait Transcriber: Send + Sync {
    /// Which model this is.
    fn id(&self) -> ModelId;

    /// Loads the model for one thread.
    ///
    /// # Errors
    /// [`TranscribeError`] when its files are missing or are not the model's.
    fn ear(&self) -> Result<Box<dyn Ear>, TranscribeError>;
}

/// A model in memory, for one thread.
pub trait Ear: Send {
    /// What is said in a chunk of mono sound at 16 kHz, with punctuation where the model has it.
    ///
    /// # Errors
    /// [`TranscribeError`] when the model fails; no sound is bad input.
    fn hear(&mut self, samples: &[f32]) -> Result<String, TranscribeError>;
}

/// What can go wrong between the files of a transcriber and its text.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A list of tokens that is damaged or of another model.
    #[error("the tokens of the transcriber are unusable: {0}")]
    Tokens(String),
    /// The thread that heard the chunk came to a bad end; another one takes its place.
    #[error("the transcriber broke off")]
    BrokeOff,
}
