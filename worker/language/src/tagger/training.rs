//! What the trainer of the tagger needs of it: the same words, lists and features in training as in use,
//! and the form in which weights are kept.

pub use super::document::{Document, Sentence};
pub use super::features::FEATURES;
pub use super::head::Head;
pub use super::model::Weights;
pub use super::{KINDS, NO_NAME, OUTSIDE, Scores, TAGS, Tag, may_follow};
pub use crate::lexicon::{Known, Lexicon, companies, entries, given_names, organizations, places, surnames};
pub use crate::words::{Word, words};
