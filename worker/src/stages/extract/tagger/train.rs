//! Training the tagger from documents whose names are known.

use std::collections::HashMap;

use super::document::Document;
use super::features::features;
use super::invent::invent;
use super::learner::{Learner, Trained};
use super::random::Random;
use super::{KINDS, Model, OUTSIDE, Tag, may_follow};
use crate::models::minilm::Asked;
use crate::stages::extract::EntityKind;
use crate::stages::extract::corpus::Annotated;
use crate::stages::extract::words::{Word, words};

/// How often the examples are gone through.
const ROUNDS: usize = 6;

/// How many documents are made up beside those that are given.
const INVENTED: usize = 400;

/// So many learners go through the examples, each in its own order; what is kept is their mean.
const LEARNERS: usize = 10;

/// A sentence: the words in it that may belong to a name, by their index, with their features and the
/// reader's numbers, and the right tags of all words.
pub(super) struct Example {
    pub(super) candidates: Vec<usize>,
    pub(super) features: Vec<Vec<u32>>,
    pub(super) states: Vec<f32>,
    pub(super) tags: Vec<Tag>,
}

impl Example {
    /// How many numbers describe a word.
    pub(super) fn width(&self) -> usize {
        self.states.len() / self.candidates.len().max(1)
    }
}

/// Learns from annotated documents. The same documents give the same model, byte for byte.
pub(super) fn train<E>(
    documents: &[Annotated],
    mut read: impl FnMut(&[Asked<'_>]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Model, E> {
    let mut random = Random::new();
    let invented = invent(INVENTED, &mut random);
    let mut examples = Vec::new();
    for document in documents.iter().chain(&invented) {
        examples.extend(self::examples(document, &mut read)?);
    }
    let width = examples.first().map_or(0, Example::width);
    let mut trained = Trained::default();
    for _ in 0..LEARNERS {
        let mut learner = Learner::new(width, &mut random);
        for _ in 0..ROUNDS {
            // Fisher and Yates's shuffle.
            for index in (1..examples.len()).rev() {
                examples.swap(index, random.below(index + 1));
            }
            for example in &examples {
                learner.learn(example, &mut random);
            }
        }
        trained.add(learner, LEARNERS);
    }
    Ok(Model::new(trained))
}

fn examples<E>(
    annotated: &Annotated,
    read: &mut impl FnMut(&[Asked<'_>]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Vec<Example>, E> {
    let document = Document::read(&[&annotated.text]);
    let sentences = document.sentences();
    let mut tags = align(&words(&annotated.text), annotated).into_iter();
    let asked: Vec<_> = sentences.iter().map(|sentence| document.asked(sentence)).collect();
    let states = read(&asked)?;
    let examples = sentences.iter().zip(asked).zip(states).map(|((sentence, asked), states)| {
        let mut tags: Vec<_> = tags.by_ref().take(asked.words.len()).collect();
        keep(&mut tags, &asked.about);
        let features = features(document.split(sentence), &document.usages, &asked.about);
        Example { candidates: asked.about, features, states, tags }
    });
    Ok(examples.filter(|example| !example.candidates.is_empty()).collect())
}

/// Tags none but the candidates: what is left of a name begins with the first of them.
fn keep(tags: &mut [Tag], candidates: &[usize]) {
    let mut before = OUTSIDE;
    for (index, tag) in tags.iter_mut().enumerate() {
        if candidates.binary_search(&index).is_err() {
            *tag = OUTSIDE;
        } else if !may_follow(before, *tag) {
            *tag -= 1;
        }
        before = *tag;
    }
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
