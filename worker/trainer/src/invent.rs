//! Generated documents: sentences of ordinary talk with names, some from the lists and some from no list,
//! so that the tagger also learns the context of names.

use self_domain::entity::EntityKind;
use self_language::tagger::training::{
    Lexicon, WordClasses, companies, entries, given_names, organizations, places, surnames,
};

use crate::corpus::Annotated;
use crate::random::Random;

const SENTENCES: &str = include_str!("sentences.txt");

const PLACE_HEADS: &[&str] = &[
    "Street", "Avenue", "Road", "Park", "Bridge", "Square", "County", "Island", "Beach", "River", "Bay",
    "Valley", "Hills", "Airport", "Station", "Forest", "Lake", "Creek", "Castle", "Stadium", "Hotel",
    "Palace", "Tower",
];
const PLACE_FRONTS: &[&str] = &[
    "Lake", "Mount", "Fort", "Port", "Cape", "San", "Santa", "Saint", "St.", "New", "North", "South", "East",
    "West",
];
const ORG_HEADS: &[&str] = &[
    "University",
    "College",
    "Institute",
    "School",
    "Hospital",
    "Bank",
    "Group",
    "Corporation",
    "Company",
    "Inc.",
    "Ltd.",
    "Foundation",
    "Airlines",
    "Airways",
    "Motors",
    "Records",
    "Press",
    "Times",
    "Post",
    "Tribune",
    "Museum",
    "Church",
    "Club",
    "United",
    "City Council",
    "Police Department",
    "Department of Health",
    "Orchestra",
    "Society",
    "Association",
    "Studios",
    "Systems",
    "Technologies",
    "Insurance",
    "Energy",
    "Party",
    "Union",
    "League",
    "Rovers",
];
const ORG_FRONTS: &[&str] = &[
    "University of",
    "Bank of",
    "National Bank of",
    "Ministry of Health of",
    "Royal Society of",
    "Museum of",
    "Church of",
    "Republic Bank of",
    "Medical College of",
    "Institute of Technology of",
    "Port Authority of",
];
const ORG_ENDS: &[&str] = &[
    "news", "soft", "tech", "net", "ware", "bank", "media", "press", "wire", "cast", "tube", "book", "pedia",
    "corp", "labs", "works", "air", "mart",
];
const ORG_TOPICS: &[&str] = &[
    "Ministry of Defence",
    "Ministry of Education",
    "Department of Justice",
    "Department of Transportation",
    "National Science Foundation",
    "Royal Academy of Music",
    "Institute of Physics",
    "Society of Engineers",
    "Federation of Teachers",
    "Council on Foreign Relations",
    "Committee on Ethics",
    "Bureau of Statistics",
    "Academy of Arts and Sciences",
    "Association of Nurses",
    "Centre for Climate Research",
    "League of Voters",
];
const OTHER_HEADS: &[&str] = &[
    "Prize",
    "Award",
    "Cup",
    "Festival",
    "Fair",
    "Marathon",
    "Championship",
    "War",
    "Battle",
    "Revolution",
    "Treaty",
    "Act",
    "Theory",
    "Effect",
    "Syndrome",
    "Symphony",
    "Show",
    "Hurricane",
    "Mission",
    "Conference",
    "Chronicles",
];
const TITLES: &[&str] = &[
    "Mr.",
    "Mrs.",
    "Ms.",
    "Dr.",
    "Professor",
    "Judge",
    "President",
    "Senator",
    "Captain",
    "Sir",
    "Uncle",
    "Aunt",
];

/// Generates this many documents.
pub(crate) fn invent(count: usize, random: &mut Random) -> Vec<Annotated> {
    let mut inventor = Inventor::new(random);
    (0..count).map(|_| inventor.document()).collect()
}

struct Inventor<'random> {
    random: &'random mut Random,
    given: Vec<String>,
    surnames: Vec<String>,
    places: Vec<String>,
    organizations: Vec<String>,
    companies: Vec<String>,
    peoples: Vec<String>,
    sentences: Vec<&'static str>,
}

impl<'random> Inventor<'random> {
    fn new(random: &'random mut Random) -> Self {
        let is_no_word = |name: &String| !Lexicon::get().known(&name.to_lowercase()).has(WordClasses::COMMON);
        Self {
            random,
            given: given_names().map(capitalised).filter(is_no_word).collect(),
            surnames: surnames().map(capitalised).filter(is_no_word).collect(),
            places: places().map(capitalised).collect(),
            peoples: Lexicon::get().all(WordClasses::PEOPLE).into_iter().map(capitalised).collect(),
            organizations: organizations().map(capitalised).collect(),
            companies: companies().map(capitalised).collect(),
            sentences: entries(SENTENCES).collect(),
        }
    }

    /// A dozen sentences about a few people, places and organizations.
    fn document(&mut self) -> Annotated {
        let people: Vec<_> = (0..4).map(|_| self.person()).collect();
        let places: Vec<_> = (0..4).map(|_| self.place()).collect();
        let organizations: Vec<_> = (0..3).map(|_| self.organization()).collect();
        let mut annotated = Annotated { doc: String::new(), text: String::new(), names: Vec::new() };
        for _ in 0..12 {
            let sentence = self.sentences[self.random.below(self.sentences.len())];
            let mut parts = sentence.split(['{', '}']);
            // The odd parts are those between braces.
            while let Some(plain) = parts.next() {
                annotated.text.push_str(plain);
                let Some(wanted) = parts.next() else { continue };
                let (before, sort) = wanted.rsplit_once(' ').unwrap_or(("", wanted));
                let (name, kind) = match sort {
                    "p" => {
                        let forms = &people[self.random.below(people.len())];
                        (self.random.of(forms), EntityKind::Person)
                    }
                    "g" => (self.random.of(&self.peoples), EntityKind::Person),
                    "l" => (self.random.of(&places), EntityKind::Place),
                    "o" => (self.random.of(&organizations), EntityKind::Organization),
                    _ => {
                        let other = self.something_else();
                        annotated.text.push_str(&other);
                        continue;
                    }
                };
                let name = if before.is_empty() { name } else { format!("{before} {name}") };
                annotated.text.push_str(&name);
                annotated.names.push((name, kind));
            }
            annotated.text.push(' ');
        }
        annotated
    }

    /// The forms of a person's name.
    fn person(&mut self) -> Vec<String> {
        let given = if self.random.below(5) == 0 { self.made_up() } else { self.random.of(&self.given) };
        let surname = if self.random.below(3) == 0 { self.made_up() } else { self.random.of(&self.surnames) };
        let title = TITLES[self.random.below(TITLES.len())];
        let initial = char::from(b'A' + self.random.below(26) as u8);
        let full = match self.random.below(6) {
            0 => format!("{given} {initial}. {surname}"),
            1 => format!("{given} {} {surname}", self.random.of(&self.given)),
            _ => format!("{given} {surname}"),
        };
        match self.random.below(4) {
            0 => vec![given],
            1 => vec![full, surname.clone(), format!("{title} {surname}")],
            2 => vec![full.clone(), given, full],
            _ => vec![full, surname],
        }
    }

    fn place(&mut self) -> String {
        let surname = self.random.of(&self.surnames);
        match self.random.below(10) {
            0 => format!("{surname} {}", PLACE_HEADS[self.random.below(PLACE_HEADS.len())]),
            1 => format!("{} {surname}", PLACE_FRONTS[self.random.below(PLACE_FRONTS.len())]),
            2 | 3 => self.made_up(),
            _ => self.random.of(&self.places),
        }
    }

    fn organization(&mut self) -> String {
        let head = ORG_HEADS[self.random.below(ORG_HEADS.len())];
        match self.random.below(13) {
            0 => format!("{} {head}", self.random.of(&self.places)),
            1 => format!("{} {head}", self.random.of(&self.surnames)),
            2 => format!(
                "{} {}",
                ORG_FRONTS[self.random.below(ORG_FRONTS.len())],
                self.random.of(&self.places)
            ),
            3 => ORG_TOPICS[self.random.below(ORG_TOPICS.len())].to_owned(),
            4 => format!("{} & {}", self.random.of(&self.surnames), self.random.of(&self.surnames)),
            5 => (0..3 + self.random.below(2))
                .map(|_| char::from(b'A' + self.random.below(26) as u8))
                .collect(),
            6 => format!("{} {head}", self.made_up()),
            7 => self.made_up(),
            8 => format!("{}{}", self.made_up(), ORG_ENDS[self.random.below(ORG_ENDS.len())]),
            9 => self.random.of(&self.companies),
            _ => self.random.of(&self.organizations),
        }
    }

    /// A name of another kind, such as a prize, a war or a show.
    fn something_else(&mut self) -> String {
        let head = OTHER_HEADS[self.random.below(OTHER_HEADS.len())];
        match self.random.below(4) {
            0 => format!("{} {head}", self.random.of(&self.surnames)),
            1 => format!("{} {head}", self.random.of(&self.places)),
            2 => format!("{} {head}", self.made_up()),
            _ => format!("{head} of {}", self.random.of(&self.places)),
        }
    }

    /// A word that sounds like a name and is in no list.
    fn made_up(&mut self) -> String {
        const STARTS: &[&str] = &[
            "b", "br", "ch", "d", "f", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "r", "s", "sh",
            "st", "t", "tr", "v", "w", "z",
        ];
        const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "ai", "ei", "ou"];
        const ENDS: &[&str] =
            &["", "n", "r", "l", "s", "k", "m", "nd", "rt", "sky", "berg", "va", "ti", "son"];
        let mut word = String::new();
        for _ in 0..1 + self.random.below(2) {
            word.push_str(STARTS[self.random.below(STARTS.len())]);
            word.push_str(VOWELS[self.random.below(VOWELS.len())]);
        }
        word.push_str(STARTS[self.random.below(STARTS.len())]);
        word.push_str(VOWELS[self.random.below(VOWELS.len())]);
        word.push_str(ENDS[self.random.below(ENDS.len())]);
        capitalised(&word)
    }
}

/// Capitalises a name: `new york` → `New York`, `u.k.` → `U.K.`, `nasa` → `NASA`, `university of x` →
/// `University of X`.
fn capitalised(phrase: &str) -> String {
    let words = phrase.split(' ').map(|word| {
        let known = Lexicon::get().known(word);
        // Short names of organizations and countries are abbreviations.
        if word.contains('.') || known.has(WordClasses::LETTERS) || phrase.chars().count() <= 3 {
            return word.to_uppercase();
        }
        if known.has(WordClasses::LINK) {
            return word.to_owned();
        }
        let mut letters = word.chars();
        letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
    });
    words.collect::<Vec<String>>().join(" ")
}
