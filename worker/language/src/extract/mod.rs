//! Extract: whom and what a conversation mentions, and where.
//!
//! Names of people, places and organizations are found by a model (the one that is always there is
//! a small trained tagger that knows lists of names); dates, amounts and addresses by patterns. What is
//! mentioned several times, under several spellings, is one entity.

mod merge;
mod patterns;

pub use self_domain::entity::EntityKind;

pub(crate) use self::patterns::dates;
use crate::models::{EntityFinder, FindError};

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

/// What is longer, in bytes, is no name: no index would hold it.
const LONGEST_NAME: usize = 800;

/// Finds what the segments of a transcript mention: names by a model, the rest by patterns. The
/// texts are those of the segments, in order; entities come in the order of their first mention.
/// `awaited` says whether anybody still waits for them.
///
/// # Errors
/// [`FindError`] when the model fails, or when nobody waits.
pub fn extract(
    texts: &[&str],
    finder: &mut dyn EntityFinder,
    awaited: &dyn Fn() -> bool,
) -> Result<Vec<Entity>, FindError> {
    let names = finder.find(texts, awaited)?;
    let mut found = Vec::new();
    for (segment, (text, names)) in texts.iter().zip(names).enumerate() {
        let patterns = patterns::find(text).into_iter().map(|pattern| Found {
            kind: pattern.kind,
            segment,
            range: pattern.range,
            key: Some(pattern.key),
        });
        let names =
            names.into_iter().map(|name| Found { kind: name.kind, segment, range: name.range, key: None });
        let named = patterns.chain(names).filter(|found| found.range.len() <= LONGEST_NAME);
        found.extend(longest(named.collect()));
    }
    Ok(merge::merge(texts, found))
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
pub(crate) mod tests {
    use std::sync::{LazyLock, Mutex, PoisonError};

    use super::*;
    use crate::tagger::{SelfNames, self_names};
    use EntityKind::{Amount, Date, Email, Organization, Person, Place};

    #[test]
    fn what_is_longer_than_any_name_is_none() {
        let endless = format!("See https://example.org/{} and https://example.org/short", "a".repeat(5_000));
        let found = entities(&[&endless]);
        assert_eq!(found.iter().filter(|entity| entity.kind == EntityKind::Link).count(), 1, "{found:?}");
    }

    /// What these texts mention, found by the models that set-up fetched.
    pub(crate) fn entities(texts: &[&str]) -> Vec<Entity> {
        static FINDER: LazyLock<Mutex<SelfNames>> = LazyLock::new(|| Mutex::new(self_names()));
        let mut finder = FINDER.lock().unwrap_or_else(PoisonError::into_inner);
        extract(texts, &mut *finder, &|| true).unwrap()
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
