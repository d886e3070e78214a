//! The tagger: which words of a sentence name a person, a place or an organization.
//!
//! A conditional random field (Lafferty, McCallum and Pereira 2001) over features of each word,
//! over what a network that reads the words in context says of them, and over pairs of
//! neighbouring tags; decoded by Viterbi's algorithm.

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

/// How many tags there are.
pub const TAGS: usize = 7;
/// A tag is outside (0), or begins (odd) or continues (even) a name of one of three kinds.
pub type Tag = usize;
/// The tag of what is no name.
pub const OUTSIDE: Tag = 0;
/// The kinds, in the order of their tags.
pub const KINDS: [EntityKind; 3] = [EntityKind::Person, EntityKind::Place, EntityKind::Organization];

/// What speaks against every name beforehand: one that is not there bothers more than one that is
/// missing.
const CAUTION: f32 = 2.2;

/// What speaks for one where the lists leave no doubt.
const TRUST: f32 = 6.0;

/// The scores of the tags of one word.
pub type Scores = [f32; TAGS];

/// Those of a word that cannot belong to a name.
pub const NO_NAME: Scores = {
    let mut scores = [f32::NEG_INFINITY; TAGS];
    scores[OUTSIDE] = 0.0;
    scores
};

/// A trained tagger. The words that it tags are described to it by a reader: some numbers for each
/// word, the same in training and in use.
#[derive(Clone, Debug)]
pub struct Tagger {
    model: Model,
}

impl Tagger {
    /// The tagger with the weights that this program carries.
    ///
    /// # Panics
    /// Never: a test reads the weights.
    #[must_use]
    pub fn built_in() -> Self {
        Self::with_weights(include_bytes!("model.bin")).expect("the weights that were built in")
    }

    /// A tagger with weights that [`training::Weights::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`NotAModel`] for anything else.
    pub fn with_weights(weights: &[u8]) -> Result<Self, NotAModel> {
        Ok(Self { model: Model::from_bytes(weights)? })
    }

    /// Scores the words of a sentence that were asked about, as `states` describe them.
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

    /// The names in the scored sentences of a document, each with the text that it is in.
    fn names(&self, document: &Document<'_>, mut scored: Vec<Scored>) -> Vec<(usize, Name)> {
        agree(document, &mut scored);
        scored.iter().flat_map(|sentence| self.decide(document, sentence)).collect()
    }

    /// The names in one of them.
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

/// Whether a tag may follow another: only what was begun is continued.
#[must_use]
pub fn may_follow(before: Tag, tag: Tag) -> bool {
    tag == OUTSIDE || tag % 2 == 1 || before == tag || before + 1 == tag
}

/// The tags with the best sum of scores and transitions. Transitions are by tag before and tag;
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
