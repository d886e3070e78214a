//! Finding what was said and what was written, within one person's memory: by words, by meaning, and
//! by both.
//!
//! [`by_words`] and [`by_meaning`] each answer the best passages in their own order; [`fuse`] makes
//! one order of the two; [`passages`] reads what is to be shown. Everything is exact: all passages
//! of the person are compared, so nothing is missed (see `migrations/0006_meaning.up.sql`).

mod candidates;
mod fuse;
mod meaning;
mod passages;
mod scope;
mod snippet;
mod words;

use uuid::Uuid;

pub use self::candidates::Candidates;
pub use self::fuse::{Fused, Ranks, fuse};
pub use self::meaning::{Question, by_meaning};
pub use self::passages::{ConversationPassage, FilePassage, Passage, passages};
pub use self::scope::{Kind, Scope};
pub use self::snippet::{Marked, Span};
pub use self::words::{Correction, by_words, correct};

/// A passage that one way of searching found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The passage.
    pub id: Uuid,
    /// The conversation or file that it is from.
    pub source: Uuid,
    /// How good it is, in the measure of that way.
    pub score: f64,
    /// The stems of the words that it shares with the query; none when found by meaning.
    pub terms: Vec<String>,
}
