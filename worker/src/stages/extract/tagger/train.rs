//! Training the tagger from documents whose names are known.

use std::collections::HashMap;

use super::document::Document;
use super::expect::expect;
use super::features::{BITS, features};
use super::invent::{Random, invent};
use super::{KINDS, Model, OUTSIDE, Scores, TAGS, Tag};
use crate::stages::extract::EntityKind;
use crate::stages::extract::corpus::Annotated;
use crate::stages::extract::words::{Word, sentences, words};

/// How often the examples are gone through.
const ROUNDS: usize = 6;

/// How many documents are made up beside those that are given.
const INVENTED: usize = 100;

/// Of a hundred features, so many are hidden at each look, anew each time: what is seen often must
/// not drown what else could tell (Søgaard 2013, "Part-of-speech tagging with antagonistic
/// adversaries").
const HIDDEN_PERCENT: usize = 40;

/// How far a weight moves at its first step.
const RATE: f32 = 0.05;

/// A sentence: the features of each word, and the right tags.
struct Example {
    features: Vec<Vec<u32>>,
    tags: Vec<Tag>,
}

/// Learns from annotated documents. The same documents give the same model, byte for byte.
pub(in crate::stages::extract) fn train(documents: &[Annotated]) -> Model {
    let mut random = Random::new();
    let invented = invent(INVENTED, &mut random);
    let mut examples: Vec<_> = documents.iter().chain(&invented).flat_map(examples).collect();
    let mut learner = Learner::new();
    for _ in 0..ROUNDS {
        // Fisher and Yates's shuffle.
        for index in (1..examples.len()).rev() {
            examples.swap(index, random.below(index + 1));
        }
        for example in &examples {
            let seen: Vec<Vec<u32>> = example
                .features
                .iter()
                .map(|features| {
                    features.iter().copied().filter(|_| random.below(100) >= HIDDEN_PERCENT).collect()
                })
                .collect();
            learner.learn(&seen, &example.tags);
        }
    }
    learner.finish()
}

fn examples(annotated: &Annotated) -> Vec<Example> {
    let words = words(&annotated.text);
    let document = Document::read([words.as_slice()]);
    let tags = align(&words, annotated);
    sentences(&words)
        .into_iter()
        .map(|sentence| Example {
            features: features(&words[sentence.clone()], &document),
            tags: tags[sentence].to_vec(),
        })
        .collect()
}

/// The tags of a document's words: where the longest of its names are written.
fn align(text: &[Word<'_>], annotated: &Annotated) -> Vec<Tag> {
    let mut names: HashMap<Vec<&str>, EntityKind> = HashMap::new();
    for (name, kind) in &annotated.names {
        let name = words(name).into_iter().map(|word| word.text).collect();
        names.entry(name).or_insert(*kind);
    }
    let longest = names.keys().map(Vec::len).max().unwrap_or(0);
    let mut tags = vec![OUTSIDE; text.len()];
    let mut start = 0;
    while start < text.len() {
        let found = (1..=longest.min(text.len() - start)).rev().find_map(|length| {
            let phrase: Vec<_> = text[start..start + length].iter().map(|word| word.text).collect();
            names.get(&phrase).map(|kind| (length, *kind))
        });
        let length = found.map_or(1, |(length, _)| length);
        if let Some((_, kind)) = found {
            let number = KINDS.iter().position(|known| *known == kind).expect("names are of these kinds");
            tags[start] = number * 2 + 1;
            tags[start + 1..start + length].fill(number * 2 + 2);
        }
        start += length;
    }
    tags
}

/// Weights, and the sums of their squared gradients, which set how far each may still move (Duchi
/// et al. 2011, "Adaptive Subgradient Methods").
struct Learner {
    weights: Vec<Scores>,
    squares: Vec<Scores>,
    transitions: [Scores; TAGS + 1],
    transition_squares: [Scores; TAGS + 1],
}

impl Learner {
    fn new() -> Self {
        Self {
            weights: vec![[0.0; TAGS]; 1 << BITS],
            squares: vec![[0.0; TAGS]; 1 << BITS],
            transitions: [[0.0; TAGS]; TAGS + 1],
            transition_squares: [[0.0; TAGS]; TAGS + 1],
        }
    }

    /// Moves the weights towards the right tags, by how far the model is from being sure of them.
    fn learn(&mut self, features: &[Vec<u32>], tags: &[Tag]) {
        let scores: Vec<_> = features.iter().map(|features| self.scores(features)).collect();
        let expected = expect(&scores, &self.transitions);
        let mut before = TAGS;
        let mut pairs = expected.pairs;
        for (index, (&tag, features)) in tags.iter().zip(features).enumerate() {
            let mut gradient = expected.tags[index];
            gradient[tag] -= 1.0;
            for &feature in features {
                let feature = feature as usize;
                descend(&mut self.weights[feature], &mut self.squares[feature], &gradient);
            }
            pairs[before][tag] -= 1.0;
            before = tag;
        }
        for (before, gradient) in pairs.iter().enumerate() {
            descend(&mut self.transitions[before], &mut self.transition_squares[before], gradient);
        }
    }

    fn scores(&self, features: &[u32]) -> Scores {
        let mut scores = [0.0; TAGS];
        for &feature in features {
            for (score, weight) in scores.iter_mut().zip(self.weights[feature as usize]) {
                *score += weight;
            }
        }
        scores
    }

    fn finish(self) -> Model {
        Model::new((0..).zip(self.weights.iter().copied()), self.transitions)
    }
}

/// One step down the gradient.
fn descend(weights: &mut Scores, squares: &mut Scores, gradient: &Scores) {
    for tag in 0..TAGS {
        squares[tag] += gradient[tag] * gradient[tag];
        weights[tag] -= RATE * gradient[tag] / (squares[tag].sqrt() + 1e-3);
    }
}
