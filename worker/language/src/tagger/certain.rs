//! Names that are certain by the lists alone: `Toronto Star`, `Ohio`, but neither `Time` nor `Jordan`.

use crate::lexicon::{Lexicon, WordClasses};
use crate::words::Token;

/// The classes that make a single word doubtful.
const DOUBTFUL: WordClasses = WordClasses::COMMON
    .and(WordClasses::GIVEN_NAME)
    .and(WordClasses::SURNAME)
    .and(WordClasses::NATIONALITY)
    .and(WordClasses::PEOPLE)
    .and(WordClasses::PRODUCT);

/// For each word of a sentence, whether it is part of an unambiguous place or organization of the lists.
/// The longest phrases count, and only with capitals.
pub(super) fn certain(sentence: &[Token<'_>]) -> Vec<bool> {
    let lexicon = Lexicon::get();
    let lower: Vec<_> = sentence.iter().map(|word| word.text.to_lowercase()).collect();
    let in_a_name = |index: usize| {
        sentence[index].is_capitalised() || lexicon.known(&lower[index]).has(WordClasses::LINK)
    };
    let mut certain = vec![false; sentence.len()];
    let mut start = 0;
    while start < sentence.len() {
        let longest = lexicon.longest_phrase().min(sentence.len() - start);
        let length = (1..=longest).rev().filter(|_| sentence[start].is_capitalised()).find(|length| {
            let known = lexicon.known(&lower[start..start + length].join(" "));
            known.has(WordClasses::PLACE.and(WordClasses::ORGANIZATION))
                && (*length > 1 || !known.has(DOUBTFUL))
                && (start..start + length).all(in_a_name)
        });
        if let Some(length) = length {
            certain[start..start + length].fill(true);
        }
        start += length.unwrap_or(1);
    }
    certain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    #[test]
    fn what_can_be_a_word_or_a_person_is_left_open() {
        let sentence = words("Jordan read The Toronto Star in Ohio, and Time, and new york.");
        let sure = certain(&sentence);
        let names: Vec<_> =
            sentence.iter().zip(sure).filter(|(_, sure)| *sure).map(|(word, _)| word.text).collect();
        assert_eq!(names, ["Toronto", "Star", "Ohio"]);
    }
}
