//! Merges all names of one entity: `Mr. Darcy`, `Darcy` and `Fitzwilliam Darcy`.

use std::collections::HashMap;

use super::{Entity, EntityKind, EntityMatch, Mention};
use crate::lexicon::{Lexicon, WordClasses};
use crate::words::words;

/// Short forms of places, with the long form that replaces them. They mean the same for every speaker.
const SAME_PLACE: &[(&str, &[&str])] = &[
    ("united states", &["us", "usa", "united states of america", "america", "the states"]),
    ("united kingdom", &["uk", "britain", "great britain"]),
    ("new york", &["nyc", "ny", "new york city"]),
    ("los angeles", &["la"]),
    ("washington dc", &["dc", "washington d c"]),
    ("soviet union", &["ussr"]),
];

const MALE_TITLES: &[&str] = &[
    "mr", "mister", "sir", "lord", "king", "prince", "uncle", "father", "brother", "herr", "monsieur",
    "señor",
];
const FEMALE_TITLES: &[&str] = &[
    "mrs", "ms", "miss", "missus", "dame", "lady", "queen", "princess", "aunt", "auntie", "mother", "sister",
    "frau", "madame", "señora",
];

/// Merges the matches into entities, in the order of their first mention.
pub(super) fn merge(texts: &[&str], mut found: Vec<EntityMatch>) -> Vec<Entity> {
    settle_kinds(texts, &mut found);
    let mut builders: Vec<EntityBuilder> = Vec::new();
    for found in found {
        let text = &texts[found.segment][found.range.clone()];
        let name = Name::read(text, &found);
        // When several entities fit, the one that was mentioned last is chosen.
        let same = builders
            .iter_mut()
            .filter(|entity| {
                entity.names.iter().any(|known| known.is(&name)) || entity.name.is_short_or_long_of(&name)
            })
            .max_by_key(|entity| {
                (entity.name == name, entity.mentions.last().map(|mention| mention.segment))
            });
        let mention = mention(texts[found.segment], text, found.segment, found.range.start);
        match same {
            Some(entity) => entity.add(name, mention),
            None => builders.push(EntityBuilder {
                name: name.clone(),
                names: vec![name],
                mentions: vec![mention],
            }),
        }
    }
    builders.into_iter().map(EntityBuilder::finish).collect()
}

/// Gives a name that was found with several kinds its most frequent kind: two mentions in a clear context
/// say more than one in a poor context.
fn settle_kinds(texts: &[&str], found: &mut [EntityMatch]) {
    let mut votes: HashMap<String, Vec<(EntityKind, usize)>> = HashMap::new();
    let key = |found: &EntityMatch| texts[found.segment][found.range.clone()].to_lowercase();
    for name in found.iter().filter(|found| found.key.is_none()) {
        let votes = votes.entry(key(name)).or_default();
        match votes.iter_mut().find(|(kind, _)| *kind == name.kind) {
            Some((_, count)) => *count += 1,
            None => votes.push((name.kind, 1)),
        }
    }
    for name in found.iter_mut().filter(|found| found.key.is_none()) {
        let votes = &votes[&key(name)];
        let most = votes.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let own = votes.iter().find(|(kind, _)| *kind == name.kind).map_or(0, |(_, count)| *count);
        if own * 2 <= most
            && let Some((kind, _)) = votes.iter().find(|(_, count)| *count == most)
        {
            name.kind = *kind;
        }
    }
}

fn mention(segment_text: &str, text: &str, segment: usize, start: usize) -> Mention {
    let start_char = segment_text[..start].chars().count();
    Mention { segment, start_char, end_char: start_char + text.chars().count(), text: text.to_owned() }
}

/// A parsed name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    kind: EntityKind,
    /// The name as it was written, without titles and articles.
    core: String,
    /// The core in lower case, or the key that the pattern gave.
    key: String,
    gender: Option<Gender>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gender {
    Male,
    Female,
}

impl Name {
    fn read(text: &str, found: &EntityMatch) -> Self {
        if let Some(key) = &found.key {
            return Self { kind: found.kind, core: text.to_owned(), key: key.clone(), gender: None };
        }
        let words = words(text);
        let lower: Vec<_> = words.iter().map(|word| word.text.trim_end_matches('.').to_lowercase()).collect();
        let skipped = match found.kind {
            EntityKind::Person => {
                lower[..lower.len() - 1].iter().take_while(|word| is_before_a_name(word)).count()
            }
            _ => usize::from(lower.len() > 1 && lower[0] == "the"),
        };
        let gender = lower[..skipped].iter().find_map(|title| {
            let male = MALE_TITLES.contains(&title.as_str()).then_some(Gender::Male);
            male.or_else(|| FEMALE_TITLES.contains(&title.as_str()).then_some(Gender::Female))
        });
        let key = lower[skipped..].join(" ").replace('.', "");
        let same = SAME_PLACE
            .iter()
            .find(|(_, short)| found.kind == EntityKind::Place && short.contains(&key.as_str()));
        Self {
            kind: found.kind,
            core: text[words[skipped].start..].to_owned(),
            key: same.map_or(key, |(long, _)| (*long).to_owned()),
            gender,
        }
    }

    /// Whether both names are written alike and can mean the same entity.
    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key == other.key && self.agrees(other)
    }

    /// Whether one name is a short form of the other: `Darcy` for `Fitzwilliam Darcy`, `WHO` for
    /// `World Health Organization`.
    fn is_short_or_long_of(&self, other: &Self) -> bool {
        let (short, long) = if self.key.len() < other.key.len() { (self, other) } else { (other, self) };
        let mut parts = long.key.split(' ');
        let fits = match self.kind {
            EntityKind::Person => {
                !short.key.contains(' ')
                    && long.key.contains(' ')
                    && (parts.next() == Some(&short.key) || parts.next_back() == Some(&short.key))
            }
            EntityKind::Organization => {
                let initials: String = parts
                    .filter(|part| !matches!(*part, "of" | "the" | "for" | "and"))
                    .filter_map(|part| part.chars().next())
                    .collect();
                initials.chars().count() >= 2
                    && initials == short.key
                    && short.core.chars().all(|letter| !letter.is_lowercase())
            }
            _ => false,
        };
        self.kind == other.kind && fits && self.agrees(other)
    }

    /// Whether the genders do not contradict: `Mr. Bennet` is not `Mrs. Bennet`.
    fn agrees(&self, other: &Self) -> bool {
        self.gender.is_none() || other.gender.is_none() || self.gender == other.gender
    }
}

/// Whether a word comes before a name and is no part of the name: `Dr.`, `biologist`, `French`.
fn is_before_a_name(word: &str) -> bool {
    let known = Lexicon::get().known(word);
    let dotted = Lexicon::get().known(&format!("{word}."));
    let only_before = known.has(WordClasses::ROLE)
        || known.has(WordClasses::NATIONALITY) && !known.has(WordClasses::GIVEN_NAME);
    word != "st"
        && word != "saint"
        && (known.has(WordClasses::TITLE) || dotted.has(WordClasses::TITLE) || only_before || word == "the")
}

/// An entity to which mentions are still added.
struct EntityBuilder {
    /// The fullest name so far.
    name: Name,
    /// All names so far.
    names: Vec<Name>,
    mentions: Vec<Mention>,
}

impl EntityBuilder {
    fn add(&mut self, name: Name, mention: Mention) {
        if name.key.len() > self.name.key.len() {
            self.name = Name { gender: name.gender.or(self.name.gender), ..name.clone() };
        } else {
            self.name.gender = self.name.gender.or(name.gender);
        }
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        self.mentions.push(mention);
    }

    fn finish(self) -> Entity {
        let mut aliases: Vec<String> = Vec::new();
        for mention in &self.mentions {
            if mention.text != self.name.core && !aliases.contains(&mention.text) {
                aliases.push(mention.text.clone());
            }
        }
        Entity {
            kind: self.name.kind,
            name: self.name.core,
            key: self.name.key,
            aliases,
            mentions: self.mentions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntityKind::{Date, Organization, Person, Place};

    /// Merges the names that are marked in the texts: `[Anna] met [Bo]`.
    fn merged(texts: &[(&str, &[(&str, EntityKind)])]) -> Vec<Entity> {
        let found = texts.iter().enumerate().flat_map(|(segment, (text, names))| {
            names.iter().map(move |(name, kind)| {
                let start = text.find(name).unwrap();
                let key = (*kind == Date).then(|| name.to_lowercase());
                EntityMatch { kind: *kind, segment, range: start..start + name.len(), key }
            })
        });
        let plain: Vec<_> = texts.iter().map(|(text, _)| *text).collect();
        merge(&plain, found.collect())
    }

    fn names(entities: &[Entity]) -> Vec<&str> {
        entities.iter().map(|entity| entity.name.as_str()).collect()
    }

    #[test]
    fn a_person_is_one_under_title_surname_and_full_name() {
        let entities = merged(&[
            ("Mr. Darcy danced.", &[("Mr. Darcy", Person)]),
            ("Darcy smiled.", &[("Darcy", Person)]),
            ("That was Fitzwilliam Darcy.", &[("Fitzwilliam Darcy", Person)]),
            ("Oh, Fitzwilliam!", &[("Fitzwilliam", Person)]),
        ]);
        assert_eq!(names(&entities), ["Fitzwilliam Darcy"]);
        assert_eq!(entities[0].key, "fitzwilliam darcy");
        assert_eq!(entities[0].aliases, ["Mr. Darcy", "Darcy", "Fitzwilliam"]);
        assert_eq!(entities[0].mentions.len(), 4);
    }

    #[test]
    fn husband_and_wife_stay_two() {
        let entities =
            merged(&[("Mr. Bennet and Mrs. Bennet", &[("Mr. Bennet", Person), ("Mrs. Bennet", Person)])]);
        assert_eq!(entities.len(), 2);
    }

    #[test]
    fn a_bare_surname_is_who_was_spoken_of_last() {
        let entities = merged(&[
            ("John Smith came.", &[("John Smith", Person)]),
            ("Mary Smith came.", &[("Mary Smith", Person)]),
            ("Smith left.", &[("Smith", Person)]),
        ]);
        assert_eq!(entities[1].mentions.len(), 2);
    }

    #[test]
    fn short_forms_join_the_long_ones() {
        let entities = merged(&[
            (
                "The World Health Organization in the U.S.",
                &[("World Health Organization", Organization), ("U.S.", Place)],
            ),
            ("The WHO in America", &[("WHO", Organization), ("America", Place)]),
        ]);
        assert_eq!(names(&entities), ["World Health Organization", "U.S."]);
        assert_eq!(entities[1].key, "united states");
    }

    #[test]
    fn positions_are_characters_of_the_segment() {
        let entities = merged(&[("Für Zoë", &[("Zoë", Person)])]);
        let mention = &entities[0].mentions[0];
        assert_eq!((mention.start_char, mention.end_char), (4, 7));
    }

    #[test]
    fn one_kind_wins_where_a_name_was_taken_for_several() {
        let entities = merged(&[
            ("in Hamilton", &[("Hamilton", Place)]),
            ("to Hamilton", &[("Hamilton", Place)]),
            ("Hamilton again", &[("Hamilton", Person)]),
        ]);
        assert_eq!(entities.len(), 1);
        assert_eq!(entities[0].kind, Place);
    }
}
