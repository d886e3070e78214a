//! The tagger: finds the words of a sentence that name a person, a place or an organization.
//!
//! It is a conditional random field (Lafferty, McCallum and Pereira 2001) over features of each word,
//! over the output of a network that reads the words in context, and over pairs of neighbouring tags. It
//! is decoded by Viterbi's algorithm.

mod agree;
mod candidates;
mod certain;
mod document;
mod features;
mod head;
mod model;
mod self_names;
pub mod training;
mod usage;

use std::ops::Range;

use self_domain::entity::EntityKind;

use self::agree::{Scored, agree};
use self::certain::certain;
use self::document::{Document, Sentence};
use self::model::Model;
pub use self::model::NotAModel;
pub use self::self_names::SelfNames;
#[cfg(test)]
pub(crate) use self::self_names::tests::self_names;
use crate::models::Name;

/// The number of tags.
pub const TAGS: usize = 7;
/// A tag is outside (0), or begins (odd) or continues (even) a name of one of three kinds.
pub type Tag = usize;
/// The tag of a word outside names.
pub const OUTSIDE: Tag = 0;
/// The kinds, in the order of their tags.
pub const KINDS: [EntityKind; 3] = [EntityKind::Person, EntityKind::Place, EntityKind::Organization];

/// Added to the score of no name ([`OUTSIDE`]): a wrong name is worse than a missing one.
const CAUTION: f32 = 2.2;

/// Subtracted from the score of no name if a name is certain by the lists.
const TRUST: f32 = 6.0;

/// The scores of the tags of one word.
pub type Scores = [f32; TAGS];

/// The scores of a word that cannot belong to a name.
pub const NO_NAME: Scores = {
    let mut scores = [f32::NEG_INFINITY; TAGS];
    scores[OUTSIDE] = 0.0;
    scores
};

/// A trained tagger. A reader describes each word to it with some numbers, the same way in training and in
/// use.
#[derive(Clone, Debug)]
pub struct Tagger {
    model: Model,
}

impl Tagger {
    /// The tagger with the built-in weights.
    #[must_use]
    pub fn built_in() -> Self {
        Self::with_weights(include_bytes!("model.bin")).expect("the weights that were built in")
    }

    /// A tagger with weights that [`training::Weights::to_bytes`] wrote.
    pub fn with_weights(weights: &[u8]) -> Result<Self, NotAModel> {
        Ok(Self { model: Model::from_bytes(weights)? })
    }

    /// Scores the words `about` of a sentence. `states` are the reader's numbers of these words.
    fn score(
        &self,
        document: &Document<'_>,
        sentence: &Sentence,
        about: Vec<usize>,
        states: &[f32],
    ) -> Scored {
        let features = document.features(sentence, &about);
        let width = states.len() / about.len().max(1);
        let words = features.iter().zip(states.chunks_exact(width.max(1)));
        let scores = words.map(|(features, states)| self.model.scores(features, states)).collect();
        Scored { sentence: sentence.clone(), about, scores }
    }

    /// The names in the scored sentences of a document, each with the index of its text.
    fn names(&self, document: &Document<'_>, mut scored: Vec<Scored>) -> Vec<(usize, Name)> {
        agree(document, &mut scored);
        scored.iter().flat_map(|sentence| self.decide(document, sentence)).collect()
    }

    /// The names in one sentence.
    fn decide(&self, document: &Document<'_>, scored: &Scored) -> Vec<(usize, Name)> {
        let words = document.split(&scored.sentence);
        let certain = certain(words);
        let mut scores = vec![NO_NAME; words.len()];
        for (&word, of_word) in scored.about.iter().zip(&scored.scores) {
            scores[word] = *of_word;
            scores[word][OUTSIDE] += if certain[word] { CAUTION - TRUST } else { CAUTION };
        }
        let tags = best_path(&scores, &self.model.transitions);
        let name = |(kind, span): (usize, Range<usize>)| Name {
            kind: KINDS[kind],
            range: words[span.start].start..words[span.end - 1].end(),
        };
        spans(&tags).map(|span| (scored.sentence.text, name(span))).collect()
    }
}

/// The names that a sequence of tags marks: the number of the kind and the words.
fn spans(tags: &[Tag]) -> impl Iterator<Item = (usize, Range<usize>)> {
    let begins = |tag: Tag| tag % 2 == 1;
    (0..tags.len()).filter(move |start| begins(tags[*start])).map(move |start| {
        let length = tags[start + 1..].iter().take_while(|tag| **tag == tags[start] + 1).count();
        (tags[start] / 2, start..start + 1 + length)
    })
}

/// Whether a tag may follow another: only a name that began can continue.
#[must_use]
pub fn may_follow(before: Tag, tag: Tag) -> bool {
    tag == OUTSIDE || tag % 2 == 1 || before == tag || before + 1 == tag
}

/// The tags with the best sum of scores and transitions. Transitions are by previous tag and tag;
/// the last row is for the start of the sentence.
fn best_path(scores: &[Scores], transitions: &[Scores; TAGS + 1]) -> Vec<Tag> {
    let mut best: Scores = [0.0; TAGS];
    let mut origins: Vec<[Tag; TAGS]> = Vec::with_capacity(scores.len());
    for (index, scores) in scores.iter().enumerate() {
        let mut next = [f32::NEG_INFINITY; TAGS];
        let mut origin = [OUTSIDE; TAGS];
        for tag in 0..TAGS {
            if index == 0 {
                if may_follow(OUTSIDE, tag) {
                    next[tag] = transitions[TAGS][tag] + scores[tag];
                }
                continue;
            }
            for before in (0..TAGS).filter(|before| may_follow(*before, tag)) {
                let sum = best[before] + transitions[before][tag] + scores[tag];
                if sum > next[tag] {
                    (next[tag], origin[tag]) = (sum, before);
                }
            }
        }
        best = next;
        origins.push(origin);
    }
    let last = (0..TAGS).max_by(|left, right| best[*left].total_cmp(&best[*right])).unwrap_or(OUTSIDE);
    let mut tags = vec![last; scores.len()];
    for index in (1..scores.len()).rev() {
        tags[index - 1] = origins[index][tags[index]];
    }
    tags
}
