//! A document: its words, its sentences, and the usage of each word in the whole document.

use std::ops::Range;

use super::candidates::candidates;
use super::features::features;
use super::usage::Usages;
use crate::models::ReaderInput;
use crate::words::{Token, sentences, words};

/// A document, split and read once.
#[derive(Debug)]
pub struct Document<'text> {
    texts: Vec<Vec<Token<'text>>>,
    sentences: Vec<Sentence>,
    usages: Usages,
}

/// A sentence of a document.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// The index of its text.
    pub text: usize,
    /// The range of its words in the text.
    words: Range<usize>,
}

impl<'text> Document<'text> {
    /// Splits the texts of one document.
    #[must_use]
    pub fn read(texts: &[&'text str]) -> Self {
        let mut document = Self { texts: Vec::new(), sentences: Vec::new(), usages: Usages::default() };
        for (text, words) in texts.iter().map(|text| words(text)).enumerate() {
            for range in sentences(&words) {
                document.usages.add(&words[range.clone()]);
                document.sentences.push(Sentence { text, words: range });
            }
            document.texts.push(words);
        }
        document
    }

    /// All sentences, in order.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The input of the reader for a sentence: its words, and the indices of the candidate words.
    #[must_use]
    pub fn reader_input(&self, sentence: &Sentence) -> ReaderInput<'text> {
        let words = self.split(sentence);
        ReaderInput {
            words: words.iter().map(|word| word.text).collect(),
            about: candidates(words, &self.usages),
        }
    }

    /// The features of some words of a sentence, given by their index: for each word the numbers of its
    /// features, below [`super::training::FEATURES`].
    #[must_use]
    pub fn features(&self, sentence: &Sentence, some: &[usize]) -> Vec<Vec<u32>> {
        features(self.split(sentence), &self.usages, some)
    }

    /// The words of a sentence.
    pub(super) fn split(&self, sentence: &Sentence) -> &[Token<'text>] {
        &self.texts[sentence.text][sentence.words.clone()]
    }
}
