//! The port of embedders.

use self_domain::model::{ModelDescription, ModelId};
use self_onnx::OnnxError;

use super::tokenizer::TokenizerError;

/// Turns texts into vectors of length one: the dot product of two vectors is the similarity of meaning,
/// from -1 to 1.
pub trait Embedder {
    /// The name and version of the model. Vectors of different models cannot be compared.
    fn id(&self) -> ModelId;

    /// The description of the model for people.
    fn description(&self) -> ModelDescription {
        ModelDescription::default()
    }

    /// The number of dimensions of a vector.
    fn dimensions(&self) -> usize;

    /// Returns one vector for each text, in order. Of a text that is too long for the model, only the
    /// beginning is used. Every text is valid input: an error means that the model failed.
    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// An error of loading or using an embedder.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The file of weights is damaged or belongs to another model.
    #[error("the weights of the embedder are unusable: {0}")]
    Weights(String),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The result is no longer needed.
    #[error("nobody waits for the vectors any more")]
    Abandoned,
}
