//! Agreement within a document: the scores of a word influence the other occurrences of the same word
//! (after the skip chains of Sutton and McCallum 2004, "Collective Segmentation and Labeling of
//! Distant Entities in Information Extraction").

use std::collections::HashMap;

use super::document::{Document, Sentence};
use super::{KINDS, OUTSIDE, Scores};

/// The weight of the mean evidence of all other occurrences, relative to a word's own scores.
const WEIGHT: f32 = 0.3;

/// The limit of the evidence of one occurrence, for or against a name.
const LOUDEST: f32 = 4.0;

/// A sentence, and the scores of its candidate words.
#[derive(Debug)]
pub(super) struct Scored {
    pub(super) sentence: Sentence,
    /// The indices of the candidate words.
    pub(super) about: Vec<usize>,
    pub(super) scores: Vec<Scores>,
}

/// The evidence for each kind of name, relative to no name.
type Evidence = [f32; KINDS.len()];

/// Adds to each capitalised word the mean evidence of its other occurrences.
pub(super) fn agree(document: &Document<'_>, scored: &mut [Scored]) {
    let mut said: HashMap<&str, (Evidence, f32)> = HashMap::new();
    for (word, scores) in scored.iter_mut().flat_map(|sentence| capitalised(document, sentence)) {
        let (sums, places) = said.entry(word).or_default();
        add(sums, evidence(scores), 1.0);
        *places += 1.0;
    }
    for (word, scores) in scored.iter_mut().flat_map(|sentence| capitalised(document, sentence)) {
        let (mut others, places) = said[word];
        if places > 1.0 {
            add(&mut others, evidence(scores), -1.0);
            for (kind, sum) in others.iter().enumerate() {
                // The other occurrences do not say whether the name begins or continues here.
                for tag in [kind * 2 + 1, kind * 2 + 2] {
                    scores[tag] += WEIGHT * sum / (places - 1.0);
                }
            }
        }
    }
}

/// The capitalised words of a sentence, with their scores.
fn capitalised<'a, 'text>(
    document: &'a Document<'text>,
    scored: &'a mut Scored,
) -> impl Iterator<Item = (&'text str, &'a mut Scores)> {
    let words = document.split(&scored.sentence);
    let words = scored.about.iter().map(|index| words[*index]);
    words.zip(&mut scored.scores).filter(|(word, _)| word.is_capitalised()).map(|(word, of)| (word.text, of))
}

fn evidence(scores: &Scores) -> Evidence {
    std::array::from_fn(|kind| {
        let best = scores[kind * 2 + 1].max(scores[kind * 2 + 2]);
        (best - scores[OUTSIDE]).clamp(-LOUDEST, LOUDEST)
    })
}

fn add(sums: &mut Evidence, evidence: Evidence, times: f32) {
    for (sum, evidence) in sums.iter_mut().zip(evidence) {
        *sum += times * evidence;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagger::TAGS;

    /// The text with the score of each capitalised word for a place, after agreement.
    fn agreed(text: &str, places: &[f32]) -> Vec<f32> {
        let document = Document::read(&[text]);
        let mut places = places.iter();
        let scored = document.sentences().iter().map(|sentence| {
            let words = document.split(sentence).iter().enumerate();
            let about: Vec<_> =
                words.filter(|(_, word)| word.is_capitalised()).map(|(index, _)| index).collect();
            let scores = about.iter().map(|_| {
                let mut scores = [0.0; TAGS];
                scores[3] = *places.next().unwrap();
                scores
            });
            Scored { sentence: sentence.clone(), scores: scores.collect(), about }
        });
        let mut scored: Vec<_> = scored.collect();
        agree(&document, &mut scored);
        scored.iter().flat_map(|sentence| sentence.scores.iter().map(|scores| scores[3])).collect()
    }

    #[test]
    fn a_word_gets_the_mean_of_its_other_places() {
        // The first and the second receive the 1 and the 3 of the others.
        assert_eq!(agreed("Ulm is far. Ulm is Ulm.", &[1.0, 1.0, 3.0]), [1.6, 1.6, 3.3]);
    }

    #[test]
    fn one_place_that_is_sure_does_not_drown_the_others() {
        assert_eq!(agreed("Ulm is far. Bonn is Ulm.", &[100.0, 1.0, 0.0]), [100.0, 1.0, 1.2]);
    }
}
