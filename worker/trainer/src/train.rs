//! Training of the tagger with annotated documents.

use std::collections::HashMap;

use self_domain::entity::EntityKind;
use self_language::models::ReaderInput;
use self_language::tagger::training::{Document, KINDS, OUTSIDE, Tag, Token, Weights, may_follow, words};

use crate::corpus::Annotated;
use crate::example::Example;
use crate::invent::invent;
use crate::learner::Learner;
use crate::random::Random;

/// The number of passes over the examples.
const ROUNDS: usize = 6;

/// The number of generated documents that are added.
const INVENTED: usize = 400;

/// The number of learners. Each passes over the examples in its own order; the result is their mean.
const LEARNERS: usize = 10;

/// Trains on annotated documents. `read` returns the numbers of the candidate words of neighbouring
/// sentences; its errors are passed on. The same documents give the same weights, byte for byte.
pub(crate) fn train<E>(
    documents: &[Annotated],
    mut read: impl FnMut(&[ReaderInput<'_>]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Weights, E> {
    let mut random = Random::new();
    let invented = invent(INVENTED, &mut random);
    let mut examples = Vec::new();
    for document in documents.iter().chain(&invented) {
        examples.extend(self::examples(document, &mut read)?);
    }
    let width = examples.first().map_or(0, Example::width);
    let mut trained = Weights::default();
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
        learner.add_to(&mut trained, LEARNERS);
    }
    Ok(trained)
}

fn examples<E>(
    annotated: &Annotated,
    read: &mut impl FnMut(&[ReaderInput<'_>]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Vec<Example>, E> {
    let document = Document::read(&[&annotated.text]);
    let sentences = document.sentences();
    let mut tags = align(&words(&annotated.text), annotated).into_iter();
    let inputs: Vec<_> = sentences.iter().map(|sentence| document.reader_input(sentence)).collect();
    let states = read(&inputs)?;
    let examples = sentences.iter().zip(inputs).zip(states).map(|((sentence, input), states)| {
        let mut tags: Vec<_> = tags.by_ref().take(input.words.len()).collect();
        keep(&mut tags, &input.about);
        let features = document.features(sentence, &input.about);
        Example { candidates: input.about, features, states, tags }
    });
    Ok(examples.filter(|example| !example.candidates.is_empty()).collect())
}

/// Removes the tags of all words but the candidates; a shortened name begins with its first candidate.
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

/// Tags the words of a document, at the occurrences of its annotated names, the longest first.
fn align(text: &[Token<'_>], annotated: &Annotated) -> Vec<Tag> {
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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use EntityKind::{Person, Place};
    use self_language::models::MiniLmReader;
    use self_language::tagger::Tagger;
    use self_onnx::Runtime;

    use super::*;

    /// The folder in which set-up has put the models.
    fn fetched() -> PathBuf {
        std::env::var_os("SELF_TEST_MODELS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.self/models"), Into::into)
    }

    #[test]
    fn training_twice_gives_the_same_weights() {
        let models = fetched();
        let mut reader = MiniLmReader::load(&Runtime::load(&models).unwrap(), &models).unwrap();
        let documents = [Annotated {
            doc: String::new(),
            text: "Anna lives in Oslo.".to_owned(),
            names: vec![("Anna".to_owned(), Person), ("Oslo".to_owned(), Place)],
        }];
        let mut train = || train(&documents, |sentences| reader.read(sentences)).unwrap().to_bytes();
        let weights = train();
        assert_eq!(weights, train());
        assert!(Tagger::with_weights(&weights).is_ok());
    }
}
