//! Connect: finds the entities of a conversation that belong together.

use std::collections::{BTreeMap, BTreeSet};

use self_domain::entity::{ConnectionKind, EntityKind};

use crate::extract::Entity;

/// Two entities of a conversation and the strength of their connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// The indices of the entities; the first is the lower.
    pub entities: (usize, usize),
    pub kind: ConnectionKind,
    /// The sum of the weights of the evidence. It grows with each conversation that adds evidence.
    pub strength: f32,
    /// The evidence, by segment.
    pub evidence: Vec<Evidence>,
}

/// A segment that mentions both entities, or the first of two neighbouring segments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    pub segment: usize,
    pub weight: f32,
}

/// The weight of a mention in the next segment, relative to one in the same segment.
const NEIGHBOUR: f32 = 0.5;

/// Connects the entities that are mentioned in the same segment or in neighbouring ones.
///
/// In a segment that mentions n entities, each pair has the weight 1 / (n − 1), like a paper with n authors
/// in Newman's networks of collaboration (2001, "Scientific collaboration networks. II", Phys. Rev. E 64,
/// 016132): two names alone together say more than two in a long list. For a pair with one entity in each
/// of two neighbouring segments, the weight is half of that.
#[must_use]
pub fn connect(entities: &[Entity]) -> Vec<Connection> {
    let mut segments: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (index, entity) in entities.iter().enumerate().filter(|(_, entity)| is_connected(entity.kind)) {
        for mention in &entity.mentions {
            segments.entry(mention.segment).or_default().insert(index);
        }
    }
    let mut pairs: BTreeMap<(usize, usize), Vec<Evidence>> = BTreeMap::new();
    for (&segment, here) in &segments {
        let weight = 1.0 / (here.len() as f32 - 1.0);
        for pair in pairs_of(here) {
            pairs.entry(pair).or_default().push(Evidence { segment, weight });
        }
        let Some(next) = segments.get(&(segment + 1)) else { continue };
        let both: BTreeSet<_> = here.union(next).copied().collect();
        let weight = NEIGHBOUR / (both.len() as f32 - 1.0);
        let divided = |(first, second): &(usize, usize)| {
            [here, next].iter().all(|side| side.contains(first) != side.contains(second))
                && here.contains(first) != next.contains(first)
        };
        for pair in pairs_of(&both).filter(divided) {
            pairs.entry(pair).or_default().push(Evidence { segment, weight });
        }
    }
    pairs
        .into_iter()
        .map(|(entities, evidence)| Connection {
            entities,
            kind: ConnectionKind::MentionedTogether,
            strength: evidence.iter().map(|evidence| evidence.weight).sum(),
            evidence,
        })
        .collect()
}

/// Whether entities of this kind connect. A shared date or sum of money says little.
fn is_connected(kind: EntityKind) -> bool {
    !matches!(kind, EntityKind::Date | EntityKind::Amount)
}

fn pairs_of(entities: &BTreeSet<usize>) -> impl Iterator<Item = (usize, usize)> {
    entities.iter().flat_map(|&first| entities.range(first + 1..).map(move |&second| (first, second)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Mention;

    fn entity(kind: EntityKind, segments: &[usize]) -> Entity {
        let mentions = segments.iter().map(|&segment| Mention {
            segment,
            start_char: 0,
            end_char: 1,
            text: "A".to_owned(),
        });
        Entity {
            kind,
            name: "A".to_owned(),
            key: "a".to_owned(),
            aliases: Vec::new(),
            mentions: mentions.collect(),
        }
    }

    fn person(segments: &[usize]) -> Entity {
        entity(EntityKind::Person, segments)
    }

    #[test]
    fn two_alone_together_weigh_more_than_two_of_three() {
        let connections = connect(&[person(&[0, 5]), person(&[0, 5]), person(&[5])]);
        let strengths: Vec<_> =
            connections.iter().map(|connection| (connection.entities, connection.strength)).collect();
        assert_eq!(strengths, [((0, 1), 1.5), ((0, 2), 0.5), ((1, 2), 0.5)]);
        assert_eq!(
            connections[0].evidence.iter().map(|evidence| evidence.segment).collect::<Vec<_>>(),
            [0, 5]
        );
    }

    #[test]
    fn neighbouring_segments_connect_at_half_the_weight() {
        let connections = connect(&[person(&[0]), person(&[1]), person(&[3])]);
        assert_eq!(connections.len(), 1);
        assert_eq!(connections[0].evidence, [Evidence { segment: 0, weight: 0.5 }]);
    }

    #[test]
    fn a_pair_that_shares_a_segment_gains_nothing_from_its_neighbour() {
        let connections = connect(&[person(&[0, 1]), person(&[0])]);
        assert_eq!(connections[0].strength, 1.0);
    }

    #[test]
    fn dates_and_amounts_do_not_connect() {
        assert_eq!(
            connect(&[person(&[0]), entity(EntityKind::Date, &[0]), entity(EntityKind::Amount, &[0])]),
            []
        );
    }
}
