//! Extract: whom and what a conversation mentions, and where.
//!
//! Names of people, places and organizations are found by a small trained tagger that knows lists
//! of names; dates, amounts and addresses by patterns. What is mentioned several times, under
//! several spellings, is one entity.

pub mod corpus;
pub mod evaluate;
mod lexicon;
mod merge;
mod patterns;
mod tagger;
mod words;

pub use self_shared::domain::entity::EntityKind;

use self::tagger::Model;
pub use self::tagger::NotAModel;
use crate::models::ModelId;

/// Something that a conversation mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub kind: EntityKind,
    /// The fullest form in which it was named, without titles.
    pub name: String,
    /// The same for every spelling, also in another conversation.
    pub key: String,
    /// How else it was named, in order of appearance.
    pub aliases: Vec<String>,
    /// Where, in order of appearance; never empty.
    pub mentions: Vec<Mention>,
}

/// A place in a transcript that names an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The segment, by its index in the transcript.
    pub segment: usize,
    /// Where it starts and ends in the segment's text, in characters (Unicode scalar values).
    pub start_char: usize,
    pub end_char: usize,
    pub text: String,
}

/// Finds entities, offline.
#[derive(Clone, Debug)]
pub struct Finder {
    model: Model,
}

impl Finder {
    /// The finder with the weights that this program carries.
    ///
    /// # Panics
    /// Never: a test reads the weights.
    #[must_use]
    pub fn built_in() -> Self {
        Self::with_weights(include_bytes!("model.bin")).expect("the weights that were built in")
    }

    /// A finder with weights that [`Self::train`] gave.
    ///
    /// # Errors
    /// [`NotAModel`] for anything else.
    pub fn with_weights(weights: &[u8]) -> Result<Self, NotAModel> {
        Ok(Self { model: Model::from_bytes(weights)? })
    }

    /// Learns from annotated documents, and gives the weights. The same documents give the same
    /// weights, byte for byte.
    #[must_use]
    pub fn train(documents: &[corpus::Annotated]) -> Vec<u8> {
        tagger::train::train(documents).to_bytes()
    }

    /// The name and version that are stored with what it finds.
    #[must_use]
    pub fn id(&self) -> ModelId {
        ModelId { name: "self-names", version: "1" }
    }

    /// Finds what the segments of a transcript mention. The texts are those of the segments, in
    /// order; entities come in the order of their first mention.
    #[must_use]
    pub fn find(&self, texts: &[&str]) -> Vec<Entity> {
        merge::merge(texts, self.find_mentions(texts))
    }

    /// Every mention by itself.
    fn find_mentions(&self, texts: &[&str]) -> Vec<Found> {
        let names = tagger::find_names(&self.model, texts);
        let mut found = Vec::new();
        for (segment, (text, names)) in texts.iter().zip(names).enumerate() {
            let patterns = patterns::find(text).into_iter().map(|pattern| Found {
                kind: pattern.kind,
                segment,
                range: pattern.range,
                key: Some(pattern.key),
            });
            let names = names.into_iter().map(|name| Found {
                kind: name.kind,
                segment,
                range: name.range,
                key: None,
            });
            found.extend(longest(patterns.chain(names).collect()));
        }
        found
    }
}

/// Something found in one segment, by bytes of its text.
#[derive(Clone, Debug)]
struct Found {
    kind: EntityKind,
    segment: usize,
    range: std::ops::Range<usize>,
    /// The key that a pattern gives; names get theirs when they are merged.
    key: Option<String>,
}

/// Of those that overlap only the longest; of the same length, the one that came first.
fn longest(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| std::cmp::Reverse(found.range.len()));
    let mut kept: Vec<Found> = Vec::new();
    for candidate in found {
        let overlaps = |other: &Found| {
            candidate.range.start < other.range.end && other.range.start < candidate.range.end
        };
        if !kept.iter().any(overlaps) {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|found| found.range.start);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntityKind::{Amount, Date, Email, Organization, Person, Place};

    fn found(texts: &[&str]) -> Vec<(EntityKind, String)> {
        Finder::built_in().find(texts).into_iter().map(|entity| (entity.kind, entity.name)).collect()
    }

    fn named(kind: EntityKind, name: &str) -> (EntityKind, String) {
        (kind, name.to_owned())
    }

    #[test]
    fn an_ordinary_conversation_gives_what_it_mentions() {
        let texts = [
            "Hi, this is Susan Miller from Google.",
            "I met Peter in Berlin last Tuesday, and he owes me twenty dollars.",
            "Susan, can you write to peter@example.com?",
        ];
        assert_eq!(
            found(&texts),
            [
                named(Person, "Susan Miller"),
                named(Organization, "Google"),
                named(Person, "Peter"),
                named(Place, "Berlin"),
                named(Date, "last Tuesday"),
                named(Amount, "twenty dollars"),
                named(Email, "peter@example.com"),
            ]
        );
    }

    #[test]
    fn talk_without_names_gives_nothing() {
        let texts = [
            "Well, I don't know.",
            "Okay. So what do you think? Right, let's go then.",
            "Yeah! Oh, fine.",
            "",
        ];
        assert_eq!(found(&texts), []);
    }

    #[test]
    fn mentions_point_at_their_text() {
        let texts = ["Für Zoë: Susan Miller’s flight to London.", "“Susan”, I said."];
        for entity in Finder::built_in().find(&texts) {
            for mention in entity.mentions {
                let text = texts[mention.segment].chars().skip(mention.start_char);
                let text: String = text.take(mention.end_char - mention.start_char).collect();
                assert_eq!(text, mention.text);
            }
        }
    }

    #[test]
    fn training_twice_gives_the_same_weights() {
        let documents = [corpus::Annotated {
            text: "Anna lives in Oslo.".to_owned(),
            names: vec![("Anna".to_owned(), Person), ("Oslo".to_owned(), Place)],
        }];
        let weights = Finder::train(&documents);
        assert_eq!(weights, Finder::train(&documents));
        assert!(Finder::with_weights(&weights[..weights.len() - 1]).is_err());
    }
}
