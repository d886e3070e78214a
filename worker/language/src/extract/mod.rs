//! Extract: finds the entities that a conversation mentions, and their mentions.
//!
//! A model finds the names of people, places and organizations. The default model is a small trained
//! tagger that uses lists of names. Patterns find dates, amounts and addresses. Several mentions of the
//! same thing become one entity, also when they are spelled differently.

mod merge;
mod patterns;

pub use self_domain::entity::EntityKind;

pub(crate) use self::patterns::dates;
use crate::models::{EntityFinder, FindError};

/// An entity of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub kind: EntityKind,
    /// The fullest form of the name, without titles.
    pub name: String,
    /// The same key for every spelling, also in another conversation.
    pub key: String,
    /// The other names, in order of appearance.
    pub aliases: Vec<String>,
    /// The mentions, in order of appearance; never empty.
    pub mentions: Vec<Mention>,
}

/// A mention of an entity in a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The segment, by its index in the transcript.
    pub segment: usize,
    /// The start and the end in the segment's text, in characters (Unicode scalar values).
    pub start_char: usize,
    pub end_char: usize,
    pub text: String,
}

/// A longer name, in bytes, is ignored: it would not fit into an index.
const LONGEST_NAME: usize = 800;

/// Finds the entities of a transcript: names by a model, the rest by patterns. `texts` are the texts of the
/// segments, in order; entities come in the order of their first mention. `awaited` returns false when
/// the result is no longer needed.
///
/// # Errors
/// [`FindError`] when the model fails, or when the result is no longer needed.
pub fn extract(
    texts: &[&str],
    finder: &dyn EntityFinder,
    awaited: &dyn Fn() -> bool,
) -> Result<Vec<Entity>, FindError> {
    let names = finder.find(texts, awaited)?;
    let mut found = Vec::new();
    for (segment, (text, names)) in texts.iter().zip(names).enumerate() {
        let patterns = patterns::find(text).into_iter().map(|pattern| EntityMatch {
            kind: pattern.kind,
            segment,
            range: pattern.range,
            key: Some(pattern.key),
        });
        let names = names.into_iter().map(|name| EntityMatch {
            kind: name.kind,
            segment,
            range: name.range,
            key: None,
        });
        let named = patterns.chain(names).filter(|found| found.range.len() <= LONGEST_NAME);
        found.extend(longest(named.collect()));
    }
    Ok(merge::merge(texts, found))
}

/// A match in one segment, as a range of bytes of its text.
#[derive(Clone, Debug)]
struct EntityMatch {
    kind: EntityKind,
    segment: usize,
    range: std::ops::Range<usize>,
    /// The key that a pattern gives; names get their key when they are merged.
    key: Option<String>,
}

/// Of overlapping matches, keeps only the longest; of the same length, the first.
fn longest(mut found: Vec<EntityMatch>) -> Vec<EntityMatch> {
    found.sort_by_key(|found| std::cmp::Reverse(found.range.len()));
    let mut kept: Vec<EntityMatch> = Vec::new();
    for candidate in found {
        let overlaps = |other: &EntityMatch| {
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
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::tagger::{SelfNames, self_names};
    use EntityKind::{Amount, Date, Email, Organization, Person, Place};

    #[test]
    fn what_is_longer_than_any_name_is_none() {
        let endless = format!("See https://example.org/{} and https://example.org/short", "a".repeat(5_000));
        let found = entities(&[&endless]);
        assert_eq!(found.iter().filter(|entity| entity.kind == EntityKind::Link).count(), 1, "{found:?}");
    }

    /// The entities of these texts, found by the models that set-up fetched.
    pub(crate) fn entities(texts: &[&str]) -> Vec<Entity> {
        static FINDER: LazyLock<SelfNames> = LazyLock::new(self_names);
        extract(texts, &*FINDER, &|| true).unwrap()
    }

    fn found(texts: &[&str]) -> Vec<(EntityKind, String)> {
        entities(texts).into_iter().map(|entity| (entity.kind, entity.name)).collect()
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
        for entity in entities(&texts) {
            for mention in entity.mentions {
                let text = texts[mention.segment].chars().skip(mention.start_char);
                let text: String = text.take(mention.end_char - mention.start_char).collect();
                assert_eq!(text, mention.text);
            }
        }
    }
}
