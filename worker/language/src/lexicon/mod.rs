//! Knowledge about words without context: names, places, organizations, words that stand beside them, and
//! groups of similar words. The lists name their sources.

use std::collections::HashMap;
use std::sync::OnceLock;

const GIVEN_NAMES: &str = include_str!("lists/given_names.txt");
const GIVEN_NAMES_OF_THE_WORLD: &str = include_str!("lists/given_names_world.txt");
const GIVEN_NAMES_OF_LOCALES: &str = include_str!("lists/given_names_locales.txt");
const SURNAMES: &str = include_str!("lists/surnames.txt");
const SURNAMES_OF_LOCALES: &str = include_str!("lists/surnames_locales.txt");
const PLACES: &str = include_str!("lists/places.txt");
const ORGANIZATIONS: &str = include_str!("lists/organizations.txt");
const COMPANIES: &str = include_str!("lists/companies.txt");

/// The classes of a word: a set of the constants below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordClasses(u32);

/// The lists, and the classes of `classes.txt`.
impl WordClasses {
    /// An ordinary word.
    pub const COMMON: Self = Self(1);
    pub(super) const GIVEN_NAME: Self = Self(1 << 1);
    pub(super) const SURNAME: Self = Self(1 << 2);
    pub(super) const PLACE: Self = Self(1 << 3);
    pub(super) const ORGANIZATION: Self = Self(1 << 4);
    pub(super) const TITLE: Self = Self(1 << 5);
    pub(super) const ROLE: Self = Self(1 << 6);
    pub(super) const SPEECH: Self = Self(1 << 7);
    pub(super) const ORG_HEAD: Self = Self(1 << 8);
    pub(super) const PLACE_HEAD: Self = Self(1 << 9);
    pub(super) const PLACE_PREP: Self = Self(1 << 10);
    pub(super) const MONTH: Self = Self(1 << 11);
    pub(super) const WEEKDAY: Self = Self(1 << 12);
    pub(super) const NATIONALITY: Self = Self(1 << 13);
    /// A small word that may be inside a name: `University of the Arts`.
    pub const LINK: Self = Self(1 << 14);
    const KIN: Self = Self(1 << 15);
    const PERSON_PREP: Self = Self(1 << 16);
    const OTHER_HEAD: Self = Self(1 << 17);
    const BELIEF: Self = Self(1 << 18);
    pub(super) const PRODUCT: Self = Self(1 << 19);
    /// A people, or the followers of a belief or a person: `Germans`, `Buddhists`.
    pub const PEOPLE: Self = Self(1 << 20);
    /// Written in capitals: an abbreviation, or a word that was once one.
    pub const LETTERS: Self = Self(1 << 21);

    const CLASSES: &[(&str, Self)] = &[
        ("title", Self::TITLE),
        ("role", Self::ROLE),
        ("kin", Self::KIN),
        ("speech", Self::SPEECH),
        ("orghead", Self::ORG_HEAD),
        ("placehead", Self::PLACE_HEAD),
        ("placeprep", Self::PLACE_PREP),
        ("personprep", Self::PERSON_PREP),
        ("otherhead", Self::OTHER_HEAD),
        ("belief", Self::BELIEF),
        ("product", Self::PRODUCT),
        ("month", Self::MONTH),
        ("weekday", Self::WEEKDAY),
        ("nationality", Self::NATIONALITY),
        ("link", Self::LINK),
        ("people", Self::PEOPLE),
        ("letters", Self::LETTERS),
    ];

    /// Whether both sets share a member.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members, by number, without [`Self::LETTERS`], which is only about spelling.
    pub(super) fn members(self) -> impl Iterator<Item = u8> {
        (0_u8..21).filter(move |bit| self.0 >> bit & 1 == 1)
    }
}

/// The groups of a word: one of 600, and one of 64 larger ones. Similar words have the same groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) small: u16,
    pub(super) large: u16,
}

/// The classes and groups of all known words and phrases, in lower case.
pub struct Lexicon {
    known: HashMap<&'static str, WordClasses>,
    groups: HashMap<&'static str, Groups>,
    longest_phrase: usize,
}

impl Lexicon {
    /// The lexicon of this program, built at first use.
    #[must_use]
    pub fn get() -> &'static Self {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut known: HashMap<&str, WordClasses> = HashMap::new();
        let mut add = |phrase: &'static str, class| {
            let entry = known.entry(phrase).or_default();
            *entry = entry.and(class);
        };
        let lists = [
            (include_str!("lists/common_words.txt"), WordClasses::COMMON),
            (GIVEN_NAMES, WordClasses::GIVEN_NAME),
            (GIVEN_NAMES_OF_THE_WORLD, WordClasses::GIVEN_NAME),
            (GIVEN_NAMES_OF_LOCALES, WordClasses::GIVEN_NAME),
            (SURNAMES, WordClasses::SURNAME),
            (SURNAMES_OF_LOCALES, WordClasses::SURNAME),
            (PLACES, WordClasses::PLACE),
            (ORGANIZATIONS, WordClasses::ORGANIZATION),
            (COMPANIES, WordClasses::ORGANIZATION),
        ];
        for (list, class) in lists {
            entries(list).for_each(|phrase| add(phrase, class));
        }
        for line in entries(include_str!("lists/classes.txt")) {
            let (name, members) = line.split_once(": ").expect("`class: words`");
            let (_, class) = WordClasses::CLASSES.iter().find(|(known, _)| *known == name).expect("a class");
            members.split(' ').for_each(|word| add(word, *class));
        }
        let mut groups = HashMap::new();
        for line in entries(include_str!("lists/clusters.txt")) {
            let mut fields = line.split(' ');
            let mut number = || fields.next().and_then(|field| field.parse().ok()).expect("a group's number");
            let group = Groups { small: number(), large: number() };
            groups.extend(fields.map(|word| (word, group)));
        }
        let longest_phrase = known.keys().map(|phrase| phrase.split(' ').count()).max().unwrap_or(1);
        Self { known, groups, longest_phrase }
    }

    /// All known words and phrases with a class, in alphabetical order.
    #[must_use]
    pub fn all(&self, class: WordClasses) -> Vec<&'static str> {
        let mut all: Vec<_> =
            self.known.iter().filter(|(_, known)| known.has(class)).map(|(phrase, _)| *phrase).collect();
        all.sort_unstable();
        all
    }

    /// The classes of a word or phrase in lower case.
    #[must_use]
    pub fn known(&self, phrase: &str) -> WordClasses {
        self.known.get(phrase).copied().unwrap_or_default()
    }

    /// The groups of a word in lower case, if it has any.
    pub(super) fn groups(&self, word: &str) -> Option<Groups> {
        self.groups.get(word).copied()
    }

    /// The number of words in the longest known phrase.
    pub(super) fn longest_phrase(&self) -> usize {
        self.longest_phrase
    }
}

/// Given names, in lower case like all lists; of the United States first, then of the world.
pub fn given_names() -> impl Iterator<Item = &'static str> {
    [GIVEN_NAMES, GIVEN_NAMES_OF_THE_WORLD, GIVEN_NAMES_OF_LOCALES].into_iter().flat_map(entries)
}

/// Surnames; of the United States first, then of the world.
pub fn surnames() -> impl Iterator<Item = &'static str> {
    [SURNAMES, SURNAMES_OF_LOCALES].into_iter().flat_map(entries)
}

/// Countries, cities, regions, rivers.
pub fn places() -> impl Iterator<Item = &'static str> {
    entries(PLACES)
}

/// Organizations other than companies of stock indices.
pub fn organizations() -> impl Iterator<Item = &'static str> {
    entries(ORGANIZATIONS)
}

/// Companies of stock indices.
pub fn companies() -> impl Iterator<Item = &'static str> {
    entries(COMPANIES)
}

/// The lines of a list without its comments.
pub fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_as_everything_that_it_is() {
        let lexicon = Lexicon::get();
        let jordan = lexicon.known("jordan");
        assert!(
            jordan.has(WordClasses::GIVEN_NAME)
                && jordan.has(WordClasses::SURNAME)
                && jordan.has(WordClasses::PLACE)
        );
        assert!(!jordan.has(WordClasses::COMMON));
        assert!(lexicon.known("new york times").has(WordClasses::ORGANIZATION));
        assert_eq!(lexicon.known("qwertz"), WordClasses::default());
    }

    #[test]
    fn alike_words_share_a_group() {
        let lexicon = Lexicon::get();
        assert_eq!(lexicon.groups("susan"), lexicon.groups("sarah"));
        assert_ne!(lexicon.groups("susan"), lexicon.groups("river"));
    }
}
