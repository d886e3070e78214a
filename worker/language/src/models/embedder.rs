//! The port of the models that turn text into vectors.

use self_domain::model::{About, ModelId};
use self_onnx::OnnxError;

use super::vocabulary::VocabularyError;

/// Turns texts into vectors of length one: the dot product of two is their likeness in meaning,
/// from -1 to 1.
pub trait Embedder {
    /// Which model this is. Vectors of different models cannot be compared.
    fn id(&self) -> ModelId;

    /// What people are told of it.
    fn about(&self) -> About {
        About::default()
    }

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// One vector for each text, in the order of the texts. A text that is too long for the model
    /// is represented by its beginning.
    ///
    /// # Errors
    /// [`EmbedError`] when the model fails; no text is bad input.
    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// What can go wrong between the files of an embedder and its vectors.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A file of weights that is damaged or of another model.
    #[error("the weights of the embedder are unusable: {0}")]
    Weights(String),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// Whoever asked does not wait any more.
    #[error("nobody waits for the vectors any more")]
    Abandoned,
}
