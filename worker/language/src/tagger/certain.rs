//! Which words are names by the lists alone: `Toronto Star`, `Ohio`, and neither `Time` nor `Jordan`.

use crate::lexicon::{Known, Lexicon};
use crate::words::Word;

/// What makes a single word doubtful.
const DOUBTFUL: Known = Known::COMMON
    .and(Known::GIVEN_NAME)
    .and(Known::SURNAME)
    .and(Known::NATIONALITY)
    .and(Known::PEOPLE)
    .and(Known::PRODUCT);

/// For each word of a sentence, whether it is part of a place or an organization of the lists that
/// is hardly anything else: the longest phrases, with capitals.
pub(super) fn certain(sentence: &[Word<'_>]) -> Vec<bool> {
    let lexicon = Lexicon::get();
    let lower: Vec<_> = sentence.iter().map(|word| word.text.to_lowercase()).collect();
    let in_a_name =
        |index: usize| sentence[index].is_capitalised() || lexicon.known(&lower[index]).has(Known::LINK);
    let mut certain = vec![false; sentence.len()];
    let mut start = 0;
    while start < sentence.len() {
        let longest = lexicon.longest_phrase().min(sentence.len() - start);
        let length = (1..=longest).rev().filter(|_| sentence[start].is_capitalised()).find(|length| {
            let known = lexicon.known(&lower[start..start + length].join(" "));
            known.has(Known::PLACE.and(Known::ORGANIZATION))
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
