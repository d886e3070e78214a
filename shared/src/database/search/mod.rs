//! Search in one person's conversations and files: by words, by meaning, and by both.
//!
//! [`by_words`] and [`by_meaning`] each return the best passages in their own order; [`fuse`] makes one
//! order of the two; [`passages`] reads the contents of the hits. The search is exact: all passages of the
//! person are compared, so nothing is missed (see `migrations/0006_meaning.up.sql`).

mod candidates;
mod fuse;
mod meaning;
mod passages;
mod phrases;
mod scope;
mod snippet;
mod words;

use uuid::Uuid;

pub use self::candidates::Candidates;
pub use self::fuse::{Fused, Ranks, fuse};
pub use self::meaning::{QueryVector, by_meaning};
pub use self::passages::{ConversationPassage, FilePassage, Passage, passages};
pub use self::phrases::Wanted;
pub use self::scope::{Scope, SourceKind};
pub use self::snippet::{HighlightedText, Span};
pub use self::words::{Correction, by_words, correct};

/// A passage that one of the two searches found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub id: Uuid,
    /// The conversation or file of the passage.
    pub source: Uuid,
    /// The BM25 score or the cosine.
    pub score: f64,
    /// The stems that the passage shares with the query; empty for a hit by meaning.
    pub terms: Vec<String>,
}
