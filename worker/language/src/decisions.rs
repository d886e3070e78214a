//! Applies a person's decisions to the entities that were found.

use std::collections::HashMap;

use self_domain::entity::{Decision, EntityKind, Named, spelling};

use crate::extract::{Entity, Mention};

/// Decisions by kind, key, and, if a decision is about one spelling only, the spelling.
type Decided<'a> = HashMap<(EntityKind, &'a str, Option<&'a str>), Option<&'a Named>>;

/// Applies a person's decisions: entities are renamed, merged, split and forgotten. A decision about a
/// spelling has priority over one about a whole key. Entities and their mentions are in the order of the
/// text.
#[must_use]
pub fn apply_decisions(entities: Vec<Entity>, decisions: &[Decision]) -> Vec<Entity> {
    let decided: Decided<'_> = decisions
        .iter()
        .map(|one| ((one.kind, one.key.as_str(), one.spelling.as_deref()), one.becomes.as_ref()))
        .collect();
    let mut kept: Vec<Entity> = Vec::with_capacity(entities.len());
    for entity in entities {
        let Entity { kind, name, key, aliases, mentions } = entity;
        let as_found = Named { kind, key, name };
        let becomes = |text: &str| {
            let spelled = spelling(text);
            let of_spelling = decided.get(&(kind, as_found.key.as_str(), Some(spelled.as_str())));
            let decision = of_spelling.or_else(|| decided.get(&(kind, as_found.key.as_str(), None)));
            decision.copied().unwrap_or(Some(&as_found))
        };
        for mention in mentions {
            if let Some(named) = becomes(&mention.text) {
                mentioned(&mut kept, named, mention);
            }
        }
        for alias in std::iter::once(&as_found.name).chain(&aliases) {
            if let Some(named) = becomes(alias) {
                called(&mut kept, named, alias);
            }
        }
    }
    for entity in &mut kept {
        entity.mentions.sort_by_key(place);
    }
    kept.sort_by_key(|entity| entity.mentions.first().map(place));
    kept
}

fn place(mention: &Mention) -> (usize, usize) {
    (mention.segment, mention.start_char)
}

fn mentioned(kept: &mut Vec<Entity>, named: &Named, mention: Mention) {
    match kept.iter_mut().find(|entity| (entity.kind, &entity.key) == (named.kind, &named.key)) {
        Some(entity) => entity.mentions.push(mention),
        None => kept.push(Entity {
            kind: named.kind,
            name: named.name.clone(),
            key: named.key.clone(),
            aliases: Vec::new(),
            mentions: vec![mention],
        }),
    }
}

fn called(kept: &mut [Entity], named: &Named, alias: &str) {
    let same = kept.iter_mut().find(|entity| (entity.kind, &entity.key) == (named.kind, &named.key));
    if let Some(entity) = same
        && entity.name != alias
        && !entity.aliases.iter().any(|known| known == alias)
    {
        entity.aliases.push(alias.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(name: &str, aliases: &[&str], mentions: &[(usize, &str)]) -> Entity {
        Entity {
            kind: EntityKind::Person,
            name: name.to_owned(),
            key: spelling(name),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            mentions: mentions
                .iter()
                .map(|(segment, text)| Mention {
                    segment: *segment,
                    start_char: 0,
                    end_char: text.chars().count(),
                    text: (*text).to_owned(),
                })
                .collect(),
        }
    }

    fn decision(name: &str, spelled: Option<&str>, becomes: Option<&str>) -> Decision {
        let named =
            |name: &str| Named { kind: EntityKind::Person, key: spelling(name), name: name.to_owned() };
        Decision {
            kind: EntityKind::Person,
            key: spelling(name),
            spelling: spelled.map(spelling),
            becomes: becomes.map(named),
        }
    }

    #[test]
    fn without_decisions_everything_is_as_it_was_found() {
        let found = vec![
            entity("Maria Silva", &["Maria"], &[(0, "Maria"), (2, "Maria Silva")]),
            entity("Tom", &[], &[(1, "Tom")]),
        ];
        assert_eq!(apply_decisions(found.clone(), &[]), found);
    }

    #[test]
    fn two_that_were_merged_are_one_in_the_order_of_time() {
        let found = vec![entity("Bob", &[], &[(0, "Bob")]), entity("Robert", &[], &[(1, "Robert")])];
        let decided = apply_decisions(found, &[decision("Robert", None, Some("Bob"))]);
        assert_eq!(decided, [entity("Bob", &["Robert"], &[(0, "Bob"), (1, "Robert")])]);
    }

    #[test]
    fn a_spelling_that_was_split_off_is_another() {
        let found = vec![entity("Maria Silva", &["Maria"], &[(0, "Maria Silva"), (1, "Maria")])];
        let decided = apply_decisions(found, &[decision("Maria Silva", Some("Maria"), Some("Maria"))]);
        assert_eq!(
            decided,
            [entity("Maria Silva", &[], &[(0, "Maria Silva")]), entity("Maria", &[], &[(1, "Maria")])]
        );
    }

    #[test]
    fn what_was_forgotten_is_passed_over() {
        let found = vec![entity("Tom", &[], &[(0, "Tom")]), entity("Bob", &[], &[(1, "Bob")])];
        assert_eq!(
            apply_decisions(found, &[decision("Tom", None, None)]),
            [entity("Bob", &[], &[(1, "Bob")])]
        );
    }
}
