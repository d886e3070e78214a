//! The models that read text: two ports, [`EntityFinder`] and [`Embedder`], and their built-in adapters.

mod embedder;
mod entity_finder;
mod gliner;
mod minilm;
mod tokenizer;

pub use self::embedder::{EmbedError, Embedder};
pub use self::entity_finder::{EntityFinder, FindError, Name};
pub use self::gliner::{Gliner, GlinerError};
#[cfg(test)]
pub(crate) use self::minilm::tests::models as fetched;
pub use self::minilm::{MiniLm, MiniLmReader, ReaderInput};
pub use self::tokenizer::TokenizerError;
