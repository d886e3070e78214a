//! What a learner is shown.

use self_language::tagger::training::Tag;

/// A sentence: the words in it that may belong to a name, by their index, with their features and the
/// reader's numbers, and the right tags of all words.
pub(crate) struct Example {
    pub(crate) candidates: Vec<usize>,
    pub(crate) features: Vec<Vec<u32>>,
    pub(crate) states: Vec<f32>,
    pub(crate) tags: Vec<Tag>,
}

impl Example {
    /// How many numbers describe a word.
    pub(crate) fn width(&self) -> usize {
        self.states.len() / self.candidates.len().max(1)
    }
}
