//! The features of the tagger: for each word of a sentence, the numbers of the features that it has.
//!
//! The templates are the customary ones of named-entity taggers (Ratinov and Roth 2009, "Design
//! Challenges and Misconceptions in Named Entity Recognition"): words and shapes around, affixes,
//! word groups, lists, and how the same word is used elsewhere in the document.

use super::candidates::runs;
use super::usage::{Usage, Usages};
use crate::lexicon::{Groups, Lexicon, WordClasses};
use crate::words::Token;

/// The number of bits of a feature's hash. Collisions are rare and harmless.
const BITS: u32 = 21;
/// The number of possible features.
pub const FEATURES: usize = 1 << BITS;

/// The features of some words of a sentence, given by their index.
pub(super) fn features(sentence: &[Token<'_>], usages: &Usages, some: &[usize]) -> Vec<Vec<u32>> {
    let traits = read(sentence, usages);
    let window = |index: &usize| Window { traits: &traits, index: *index, features: Vec::new() };
    some.iter().map(|index| window(index).collect()).collect()
}

/// The properties of a word without its neighbours.
struct Traits {
    lower: String,
    shape: String,
    known: WordClasses,
    groups: Option<Groups>,
    usage: Usage,
    capitalised: bool,
    /// Its position in a known place name of several words.
    place: NamePart,
    organization: NamePart,
    /// The first and the last index of its run of capitalised words.
    run: Option<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NamePart {
    None = 0,
    Whole = 1,
    First = 2,
    Later = 3,
}

fn read(sentence: &[Token<'_>], usages: &Usages) -> Vec<Traits> {
    let lexicon = Lexicon::get();
    let mut traits: Vec<_> = sentence
        .iter()
        .map(|word| {
            let lower = word.text.to_lowercase();
            Traits {
                shape: shape(word.text),
                known: lexicon.known(&lower),
                groups: lexicon.groups(&lower),
                usage: usages.of(&lower),
                capitalised: word.is_capitalised(),
                place: NamePart::None,
                organization: NamePart::None,
                run: None,
                lower,
            }
        })
        .collect();
    mark_phrases(&mut traits, WordClasses::PLACE, |traits| &mut traits.place);
    mark_phrases(&mut traits, WordClasses::ORGANIZATION, |traits| &mut traits.organization);
    for run in runs(sentence) {
        for word in &mut traits[run.clone()] {
            word.run = Some((*run.start(), *run.end()));
        }
    }
    traits
}

/// Marks the longest phrases of a list that are written with a capital.
fn mark_phrases(traits: &mut [Traits], list: WordClasses, part: impl Fn(&mut Traits) -> &mut NamePart) {
    let lexicon = Lexicon::get();
    let mut start = 0;
    while start < traits.len() {
        let longest = lexicon.longest_phrase().min(traits.len() - start);
        let length = (1..=longest).rev().filter(|_| traits[start].capitalised).find(|length| {
            let words: Vec<_> =
                traits[start..start + length].iter().map(|word| word.lower.as_str()).collect();
            lexicon.known(&words.join(" ")).has(list)
        });
        match length {
            Some(1) => *part(&mut traits[start]) = NamePart::Whole,
            Some(length) => {
                for (offset, word) in traits[start..start + length].iter_mut().enumerate() {
                    *part(word) = if offset == 0 { NamePart::First } else { NamePart::Later };
                }
            }
            None => {}
        }
        start += length.unwrap_or(1);
    }
}

/// `McDonald` → `XxXx`, `U.S.` → `X.X.`, `2019` → `d`.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for letter in word.chars() {
        let class = match letter {
            letter if letter.is_uppercase() => 'X',
            letter if letter.is_alphabetic() => 'x',
            letter if letter.is_numeric() => 'd',
            other => other,
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    // `A` and `AB` have the same shape here, and must not.
    if shape == "X" && word.chars().count() > 1 {
        shape.push('X');
    }
    shape
}

/// Collects the features of a word and its neighbours.
struct Window<'sentence> {
    traits: &'sentence [Traits],
    index: usize,
    features: Vec<u32>,
}

impl Window<'_> {
    fn collect(mut self) -> Vec<u32> {
        let (traits, index) = (self.traits, self.index);
        let here = &traits[index];
        self.add(0, &[]);
        for offset in -2..=2 {
            self.neighbour(offset);
        }
        let at = |offset| index.checked_add_signed(offset).and_then(|index| traits.get(index));
        let lower = |offset| at(offset).map_or("", |word| &word.lower);
        let shape = |offset| at(offset).map_or("", |word| &word.shape);
        let [before, word, after] = [-1, 0, 1].map(lower);
        let shapes = [-1, 0, 1].map(shape);
        self.add(1, &[before, word]);
        self.add(2, &[word, after]);
        self.add(3, &[before, after]);
        self.add(4, &shapes);
        self.add(5, &shapes[..2]);
        self.add(6, &shapes[1..]);
        if here.capitalised {
            self.affixes(&here.lower);
            self.run(here);
        }
        self.document(here);
        self.features
    }

    /// Adds the features of the word or of a neighbour.
    fn neighbour(&mut self, offset: isize) {
        let at = offset.to_string();
        let Some(index) = self.index.checked_add_signed(offset).filter(|index| *index < self.traits.len())
        else {
            return self.add(10, &[&at]);
        };
        let word = &self.traits[index];
        self.add(11, &[&at, &word.lower]);
        if let Some(groups) = word.groups {
            self.add(12, &[&at, &groups.small.to_string()]);
            self.add(13, &[&at, &groups.large.to_string(), &word.shape]);
        }
        for class in word.known.members() {
            self.add(14, &[&at, &class.to_string(), if word.capitalised { "X" } else { "x" }]);
        }
        if offset.abs() <= 1 {
            self.add(15, &[&at, &word.shape]);
            self.add(16, &[&at, &(word.place as u8).to_string(), &(word.organization as u8).to_string()]);
        }
    }

    fn affixes(&mut self, word: &str) {
        let letters: Vec<_> = word.char_indices().map(|(at, _)| at).collect();
        for length in 1..=4.min(letters.len().saturating_sub(1)) {
            self.add(20, &[&word[letters[letters.len() - length]..]]);
            self.add(21, &[&word[..letters[length]]]);
        }
    }

    /// Adds the features around the whole run of capitalised words, and of its end: `University` says
    /// something about `Ohio` and `State` before it.
    fn run(&mut self, here: &Traits) {
        let Some((first, last)) = here.run else { return };
        let length = (last - first + 1).min(5).to_string();
        let place = format!("{} {}", (self.index - first).min(3), (last - self.index).min(3));
        let traits = self.traits;
        self.add(30, &[&place]);
        self.add(31, &[&traits[last].lower]);
        self.add(32, &[&traits[first].lower]);
        for (template, edge) in [(33, first), (34, last)] {
            for class in traits[edge].known.members() {
                self.add(template, &[&class.to_string(), &length]);
            }
        }
        let outside = [(35, first.checked_sub(1)), (36, Some(last + 1))];
        for (template, index) in outside {
            let word = index.and_then(|index| traits.get(index));
            self.add(template, &[word.map_or("", |word| &word.lower)]);
            for class in word.into_iter().flat_map(|word| word.known.members()) {
                self.add(template + 2, &[&class.to_string(), &length]);
            }
            if let Some(groups) = word.and_then(|word| word.groups) {
                self.add(template + 4, &[&groups.small.to_string()]);
            }
        }
        let names = traits[first..=last].iter().any(|word| word.known.has(WordClasses::GIVEN_NAME));
        self.add(41, &[&length, if names { "name" } else { "" }, &place]);
    }

    /// Adds the usage of the word in the rest of the document.
    fn document(&mut self, here: &Traits) {
        let first = if self.index == 0 { "first" } else { "" };
        let common = if here.known.has(WordClasses::COMMON) { "common" } else { "" };
        self.add(50, &[first, common, &here.shape]);
        for usage in here.usage.members() {
            let usage = usage.to_string();
            self.add(51, &[&usage, &here.shape]);
            self.add(52, &[&usage, &here.shape, first, common]);
        }
    }

    /// FNV-1a over the template and its values, folded.
    fn add(&mut self, template: u8, values: &[&str]) {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut mix = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        mix(template);
        for value in values {
            value.bytes().for_each(&mut mix);
            mix(0xff);
        }
        let folded = (hash >> 32) ^ hash;
        self.features.push((folded & ((1 << BITS) - 1)) as u32);
    }
}
