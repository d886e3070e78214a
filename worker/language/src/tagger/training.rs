//! The parts that the trainer of the tagger needs: the same words, lists and features in training as in
//! use, and the file format of the weights.

pub use super::document::{Document, Sentence};
pub use super::features::FEATURES;
pub use super::head::Head;
pub use super::model::Weights;
pub use super::{KINDS, NO_NAME, OUTSIDE, Scores, TAGS, Tag, may_follow};
pub use crate::lexicon::{
    Lexicon, WordClasses, companies, entries, given_names, organizations, places, surnames,
};
pub use crate::words::{Token, words};
