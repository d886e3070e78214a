//! The models that read text, each behind the few calls that the rest of the library needs of it:
//! two ports, [`EntityFinder`] and [`Embedder`], and what is built in for them.

mod embedder;
mod entity_finder;
mod gliner;
mod minilm;
mod vocabulary;

pub use self::embedder::{EmbedError, Embedder};
pub use self::entity_finder::{EntityFinder, FindError, Name};
pub use self::gliner::{Gliner, GlinerError};
#[cfg(test)]
pub(crate) use self::minilm::tests::models as fetched;
pub use self::minilm::{Asked, MiniLm, MiniLmReader};
pub use self::vocabulary::VocabularyError;
