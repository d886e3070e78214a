//! The usage of words in a whole document. A name is often clear in one place and unclear in
//! another: `Dr. Bos said …`, and later `Bos agreed`.

use std::collections::HashMap;

use crate::lexicon::{Lexicon, WordClasses};
use crate::words::Token;

/// The ways in which the document uses a word: a set of the constants below.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage(u16);

impl Usage {
    const LOWER: Self = Self(1);
    const CAPITAL_INSIDE: Self = Self(1 << 1);
    const AFTER_TITLE: Self = Self(1 << 2);
    const AFTER_PLACE_PREP: Self = Self(1 << 3);
    const BEFORE_SPEECH: Self = Self(1 << 4);
    const AFTER_GIVEN_NAME: Self = Self(1 << 5);
    const BEFORE_ORG_HEAD: Self = Self(1 << 6);
    const BEFORE_PLACE_HEAD: Self = Self(1 << 7);
    const AFTER_THE: Self = Self(1 << 8);
    const BEFORE_CAPITAL: Self = Self(1 << 9);
    const AFTER_CAPITAL: Self = Self(1 << 10);
    const AFTER_ROLE: Self = Self(1 << 11);

    /// The members, by number.
    pub(super) fn members(self) -> impl Iterator<Item = u8> {
        (0_u8..12).filter(move |bit| self.0 >> bit & 1 == 1)
    }

    /// Written in lower case somewhere.
    pub(super) fn is_lower(self) -> bool {
        self.0 & Self::LOWER.0 != 0
    }

    /// Written with a capital somewhere after the first word of a sentence.
    pub(super) fn is_capital_inside(self) -> bool {
        self.0 & Self::CAPITAL_INSIDE.0 != 0
    }

    fn insert(&mut self, other: Self, holds: bool) {
        if holds {
            self.0 |= other.0;
        }
    }
}

/// The usage of each word of a document, by the word in lower case.
#[derive(Debug, Default)]
pub(super) struct Usages(HashMap<String, Usage>);

impl Usages {
    pub(super) fn of(&self, word: &str) -> Usage {
        self.0.get(word).copied().unwrap_or_default()
    }

    /// Adds a sentence.
    pub(super) fn add(&mut self, sentence: &[Token<'_>]) {
        let lexicon = Lexicon::get();
        let lower: Vec<_> = sentence.iter().map(|word| word.text.to_lowercase()).collect();
        let known: Vec<_> = lower.iter().map(|word| lexicon.known(word)).collect();
        for (index, word) in sentence.iter().enumerate() {
            let usage = self.0.entry(lower[index].clone()).or_default();
            if !word.is_capitalised() {
                usage.insert(Usage::LOWER, true);
                continue;
            }
            if let Some(before) = index.checked_sub(1) {
                let capital = sentence[before].is_capitalised();
                usage.insert(Usage::CAPITAL_INSIDE, true);
                usage.insert(Usage::AFTER_TITLE, capital && known[before].has(WordClasses::TITLE));
                usage.insert(Usage::AFTER_ROLE, known[before].has(WordClasses::ROLE));
                usage.insert(Usage::AFTER_PLACE_PREP, known[before].has(WordClasses::PLACE_PREP));
                usage.insert(Usage::AFTER_GIVEN_NAME, capital && known[before].has(WordClasses::GIVEN_NAME));
                usage.insert(Usage::AFTER_THE, lower[before] == "the");
                usage.insert(Usage::AFTER_CAPITAL, capital);
            }
            if let Some(after) = known.get(index + 1) {
                let capital = sentence[index + 1].is_capitalised();
                usage.insert(Usage::BEFORE_SPEECH, !capital && after.has(WordClasses::SPEECH));
                usage.insert(Usage::BEFORE_ORG_HEAD, capital && after.has(WordClasses::ORG_HEAD));
                usage.insert(Usage::BEFORE_PLACE_HEAD, capital && after.has(WordClasses::PLACE_HEAD));
                usage.insert(Usage::BEFORE_CAPITAL, capital);
            }
        }
    }
}
