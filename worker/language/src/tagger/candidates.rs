//! Candidate words: words that may belong to a name, by their spelling. Other words are never tagged, and
//! a sentence without candidates is not read by the network: more than a quarter of the sentences of news
//! and interviews.

use std::ops::RangeInclusive;

use super::usage::Usages;
use crate::lexicon::{Lexicon, WordClasses};
use crate::words::Token;

/// The largest number of small words between two capitalised ones of a name: `Museum of the Arts`.
const LINKS: usize = 2;

/// The indices of the candidate words of a sentence.
pub(super) fn candidates(sentence: &[Token<'_>], usages: &Usages) -> Vec<usize> {
    let speaks = |index: usize| {
        let word = &sentence[index];
        word.is_capitalised() && word.text != "I" && !(index == 0 && is_plain(word, usages))
    };
    runs(sentence).into_iter().filter(|run| run.clone().any(speaks)).flatten().collect()
}

/// Runs of capitalised words, including the small words inside a name (`University of the Arts`).
pub(super) fn runs(sentence: &[Token<'_>]) -> Vec<RangeInclusive<usize>> {
    let is_link = |word: &Token<'_>| Lexicon::get().known(&word.text.to_lowercase()).has(WordClasses::LINK);
    let mut runs: Vec<RangeInclusive<usize>> = Vec::new();
    let mut index = 0;
    while index < sentence.len() {
        if !sentence[index].is_capitalised() {
            index += 1;
            continue;
        }
        let (first, mut last) = (index, index);
        index += 1;
        while index < sentence.len() && index - last <= LINKS + 1 {
            if sentence[index].is_capitalised() {
                last = index;
            } else if !is_link(&sentence[index]) {
                break;
            }
            index += 1;
        }
        runs.push(first..=last);
        index = last + 1;
    }
    runs
}

/// Whether the first word of a sentence is capitalised only because of its position: an ordinary word that
/// the document nowhere uses as a name.
fn is_plain(word: &Token<'_>, usages: &Usages) -> bool {
    let lower = word.text.to_lowercase();
    let known = Lexicon::get().known(&lower);
    let usage = usages.of(&lower);
    let may_be_a_name =
        known.has(WordClasses::GIVEN_NAME.and(WordClasses::PLACE).and(WordClasses::ORGANIZATION));
    known.has(WordClasses::COMMON) && !usage.is_capital_inside() && (!may_be_a_name || usage.is_lower())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    fn spoken(text: &str) -> Vec<&str> {
        let sentence = words(text);
        let mut usages = Usages::default();
        usages.add(&sentence);
        candidates(&sentence, &usages).into_iter().map(|index| sentence[index].text).collect()
    }

    #[test]
    fn a_sentence_of_ordinary_words_has_no_candidates() {
        assert_eq!(spoken("Well, I don't know."), <[&str; 0]>::default());
        assert_eq!(spoken("Okay."), <[&str; 0]>::default());
    }

    #[test]
    fn a_name_at_the_head_of_a_sentence_is_one() {
        assert_eq!(spoken("Susan, can you come?"), ["Susan"]);
        assert_eq!(spoken("Zygfryd said so."), ["Zygfryd"]);
        assert_eq!(spoken("Bill said that the bill of Bill was high."), ["Bill", "Bill"]);
    }

    #[test]
    fn what_stands_between_the_words_of_a_name_belongs_to_it() {
        assert_eq!(spoken("She left the Museum of the Arts in May."), ["Museum", "of", "the", "Arts", "May"]);
    }
}
