//! The tagger: which words of a sentence name a person, a place or an organization.
//!
//! A conditional random field (Lafferty, McCallum and Pereira 2001) over features of each word and
//! over pairs of neighbouring tags, decoded by Viterbi's algorithm.

mod document;
mod expect;
mod features;
mod invent;
mod model;
pub(super) mod train;

use std::ops::Range;

use self::document::Document;
use self::features::features;
pub(super) use self::model::Model;
pub use self::model::NotAModel;
use super::words::{Word, sentences};
use super::{EntityKind, words::words};

/// A tag is outside (0), or begins (odd) or continues (even) a name of one of three kinds.
const TAGS: usize = 7;
type Tag = usize;
const OUTSIDE: Tag = 0;
const KINDS: [EntityKind; 3] = [EntityKind::Person, EntityKind::Place, EntityKind::Organization];

/// The scores of the tags of one word.
type Scores = [f32; TAGS];

/// A name in a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) kind: EntityKind,
    pub(super) range: Range<usize>,
}

/// Finds the names in the texts of one document.
pub(super) fn find_names(model: &Model, texts: &[&str]) -> Vec<Vec<Name>> {
    let split: Vec<_> = texts.iter().map(|text| words(text)).collect();
    let document = Document::read(split.iter().map(Vec::as_slice));
    split.iter().map(|words| names_of(model, &document, words)).collect()
}

fn names_of(model: &Model, document: &Document, words: &[Word<'_>]) -> Vec<Name> {
    let mut names = Vec::new();
    for sentence in sentences(words) {
        let sentence = &words[sentence];
        let features = features(sentence, document);
        let scores: Vec<_> = features.iter().map(|features| model.scores(features)).collect();
        let tags = best_path(&scores, &model.transitions);
        names.extend(spans(&tags).map(|(kind, words)| Name {
            kind: KINDS[kind],
            range: sentence[words.start].start..sentence[words.end - 1].end(),
        }));
    }
    names
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
fn may_follow(before: Tag, tag: Tag) -> bool {
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
