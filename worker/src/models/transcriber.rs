//! The port of the models that turn speech into text.

use std::path::PathBuf;

use self_onnx::OnnxError;
use self_shared::domain::model::{About, ModelId};

use super::remote_transcriber::RemoteError;

/// A model that can hear. It is shared by all; what does the work is an [`Ear`].
pub trait Transcriber: Send + Sync {
    /// Which model this is.
    fn id(&self) -> ModelId;

    /// What people are told of it; its languages are those that it may be asked for.
    fn about(&self) -> About {
        About::default()
    }

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
    fn hear(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError>;
}

/// What a model heard in a chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// In the order of time. Joined by spaces they are the text.
    pub words: Vec<HeardWord>,
    /// The language as a BCP 47 tag, where the model tells it.
    pub language: Option<String>,
}

/// A word, and how sure the model is of it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardWord {
    /// Without white space, with the punctuation behind it; never empty.
    pub text: String,
    /// The mean natural logarithm of the probabilities of its tokens: 0 is certain.
    pub log_probability: f32,
    /// How many tokens spell it.
    pub tokens: u32,
    /// Where it begins and ends, in milliseconds from the start of the chunk, where the model tells it.
    pub times: Option<(u64, u64)>,
}

impl Utterance {
    /// The words, joined by spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// What can go wrong between the files of a transcriber and its text.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A list of tokens that is damaged or of another model.
    #[error("the tokens of the transcriber are unusable: {0}")]
    Tokens(String),
    /// `MOONSHINE_DIR` has not what belongs into it.
    #[error("MOONSHINE_DIR: {}: {}", .0.display(), .1)]
    Folder(PathBuf, String),
    /// The thread that heard the chunk came to a bad end; another one takes its place.
    #[error("the transcriber broke off")]
    BrokeOff,
    /// The transcriber elsewhere.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}
