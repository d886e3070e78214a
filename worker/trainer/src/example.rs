//! Training examples.

use self_language::tagger::training::Tag;

/// A sentence: the indices of its candidate words, their features and their numbers from the reader, and
/// the right tags of all words.
pub(crate) struct Example {
    pub(crate) candidates: Vec<usize>,
    pub(crate) features: Vec<Vec<u32>>,
    pub(crate) states: Vec<f32>,
    pub(crate) tags: Vec<Tag>,
}

impl Example {
    /// How many numbers the reader has for each word.
    pub(crate) fn width(&self) -> usize {
        self.states.len() / self.candidates.len().max(1)
    }
}
