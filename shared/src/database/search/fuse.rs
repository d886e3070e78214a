//! One order out of several: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). It
//! needs no measure that both ways of searching share, only their orders.

use std::collections::HashMap;

use uuid::Uuid;

use super::Hit;

/// How little the first ranks differ from the next: the constant of the paper.
const FLATNESS: f64 = 60.0;

/// A passage in the common order, and where it stood in each of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// The passage.
    pub id: Uuid,
    /// The sum over the ways that found it of 1 / (60 + its rank there).
    pub score: f64,
    /// Its rank by words, from 1, and what was found there.
    pub words: Option<(usize, Hit)>,
    /// Its rank by meaning, from 1, and what was found there.
    pub meaning: Option<(usize, Hit)>,
}

/// Fuses two orders, best first; equals by id, so that the order is always the same.
#[must_use]
pub fn fuse(words: Vec<Hit>, meaning: Vec<Hit>) -> Vec<Fused> {
    let mut all: HashMap<Uuid, Fused> = HashMap::new();
    let mut add = |rank: usize, hit: Hit, by_words: bool| {
        let empty = Fused { id: hit.id, score: 0.0, words: None, meaning: None };
        let fused = all.entry(hit.id).or_insert(empty);
        fused.score += 1.0 / (FLATNESS + rank as f64);
        *(if by_words { &mut fused.words } else { &mut fused.meaning }) = Some((rank, hit));
    };
    for (index, hit) in words.into_iter().enumerate() {
        add(index + 1, hit, true);
    }
    for (index, hit) in meaning.into_iter().enumerate() {
        add(index + 1, hit, false);
    }
    let mut order: Vec<Fused> = all.into_values().collect();
    order.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.id.cmp(&other.id)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(ids: &[u128]) -> Vec<Hit> {
        ids.iter().map(|id| Hit { id: Uuid::from_u128(*id), score: 1.0, terms: Vec::new() }).collect()
    }

    fn order(fused: &[Fused]) -> Vec<u128> {
        fused.iter().map(|one| one.id.as_u128()).collect()
    }

    #[test]
    fn what_both_ways_found_comes_before_what_one_found_as_well() {
        assert_eq!(order(&fuse(hits(&[1, 2]), hits(&[3, 2]))), [2, 1, 3]);
    }

    #[test]
    fn one_way_alone_keeps_its_order() {
        assert_eq!(order(&fuse(hits(&[7, 5, 6]), Vec::new())), [7, 5, 6]);
    }

    #[test]
    fn each_tells_where_it_stood() {
        let fused = fuse(hits(&[1]), hits(&[2, 1]));
        let ranks = |one: &Fused| (one.words.as_ref().map(|at| at.0), one.meaning.as_ref().map(|at| at.0));
        assert_eq!(ranks(&fused[0]), (Some(1), Some(2)));
        assert_eq!(ranks(&fused[1]), (None, Some(1)));
        assert!((fused[0].score - (1.0 / 61.0 + 1.0 / 62.0)).abs() < 1e-12);
    }
}
