//! The port of entity finders.

use std::ops::Range;

use self_domain::entity::EntityKind;
use self_domain::model::{About, ModelId};
use self_onnx::OnnxError;

use super::embedder::EmbedError;
use super::tokenizer::TokenizerError;

/// Finds the people, places and organizations that texts name. Several conversations may share it: each has
/// the model for one step at a time, so that a long one does not hold up the others.
pub trait EntityFinder: Send + Sync {
    /// The name and version of the model, stored with its results.
    fn id(&self) -> ModelId;

    /// The description of the model for people.
    fn about(&self) -> About {
        About::default()
    }

    /// Finds the names in each of the texts, in order and without overlaps. The texts belong to one
    /// conversation, in order: one text may help to understand the names in another. `awaited` is called
    /// between two steps of the model, and returns false when the result is no longer needed. Every text is
    /// valid input.
    ///
    /// # Errors
    /// [`FindError`] when the model fails, or when the result is no longer needed.
    fn find(&self, texts: &[&str], awaited: &dyn Fn() -> bool) -> Result<Vec<Vec<Name>>, FindError>;
}

/// A name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// A person, a place or an organization.
    pub kind: EntityKind,
    /// The position in the text, in bytes.
    pub range: Range<usize>,
}

/// An error of loading or using an entity finder.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// An error of the network that reads words in context.
    #[error(transparent)]
    Reader(#[from] EmbedError),
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The result is no longer needed.
    #[error("nobody waits for the names any more")]
    Abandoned,
}
