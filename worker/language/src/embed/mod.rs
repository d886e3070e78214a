//! Embed: turns transcripts into vectors that can be searched by meaning.

mod passages;

use self::passages::cut_passages;
pub use self::passages::{Passage, Segment, pieces};
use crate::models::{EmbedError, Embedder};

/// A passage and its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedPassage {
    pub passage: Passage,
    /// A vector of length one, with as many numbers as the embedder has dimensions.
    pub vector: Vec<f32>,
}

/// The number of passages that are embedded between two calls of `progress`.
const ROUND: usize = 16;

/// Cuts a transcript into passages and embeds them. `progress` receives the number of finished passages and
/// of all passages.
pub fn embed(
    segments: &[Segment<'_>],
    embedder: &mut dyn Embedder,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<EmbeddedPassage>, EmbedError> {
    let passages = cut_passages(segments);
    let total = passages.len();
    let mut embedded = Vec::with_capacity(total);
    let mut passages = passages.into_iter();
    while embedded.len() < total {
        let round: Vec<_> = passages.by_ref().take(ROUND).collect();
        let texts: Vec<_> = round.iter().map(|passage| passage.text.as_str()).collect();
        let vectors = embedder.embed(&texts)?;
        embedded.extend(
            round.into_iter().zip(vectors).map(|(passage, vector)| EmbeddedPassage { passage, vector }),
        );
        progress(embedded.len(), total);
    }
    Ok(embedded)
}
