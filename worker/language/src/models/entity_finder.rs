//! The port of the models that find names.

use std::ops::Range;

use self_domain::entity::EntityKind;
use self_domain::model::{About, ModelId};
use self_onnx::OnnxError;

use super::embedder::EmbedError;
use super::vocabulary::VocabularyError;

/// Finds the people, places and organizations that texts name.
pub trait EntityFinder {
    /// Which model this is, stored with what it finds.
    fn id(&self) -> ModelId;

    /// What people are told of it.
    fn about(&self) -> About {
        About::default()
    }

    /// The names in each of the texts, in order, none over another. The texts are those of one
    /// conversation, in order: what one says of a name helps to understand the next. `awaited` is
    /// asked between two steps of the model.
    ///
    /// # Errors
    /// [`FindError`] when the model fails, or when nobody waits any more; no text is bad input.
    fn find(&mut self, texts: &[&str], awaited: &dyn Fn() -> bool) -> Result<Vec<Vec<Name>>, FindError>;
}

/// A name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// A person, a place or an organization.
    pub kind: EntityKind,
    /// Where it is, in bytes of the text.
    pub range: Range<usize>,
}

/// What can go wrong between the files of an entity finder and its names.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The network that reads words in context.
    #[error(transparent)]
    Reader(#[from] EmbedError),
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// Whoever asked does not wait any more.
    #[error("nobody waits for the names any more")]
    Abandoned,
}
