//! One order out of several: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). It
//! needs no measure that both ways of searching share, only their orders.
//!
//! Passages are short, and what is asked for is often in several of one conversation or file: one has
//! the words, its neighbour the meaning. So a passage has two ranks in each order, its own and that of
//! what it is from, where only the best passage of each counts, and both are fused. Measured with
//! `make eval` on queries of 8, 5 and 3 words, MRR@10 was 0.932, 0.849 and 0.727; with the passages'
//! own ranks alone 0.927, 0.845 and 0.719, by words alone 0.889, 0.803 and 0.719.
//!
//! Where one way alone found anything there is nothing to fuse, and its order stays as it is.

use std::collections::HashMap;

use uuid::Uuid;

use super::Hit;

/// How little the first ranks differ from the next: the constant of the paper.
const FLATNESS: f64 = 60.0;

/// Ranks in both orders, from 1; none where it was not found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranks {
    /// By words.
    pub words: Option<usize>,
    /// By meaning.
    pub meaning: Option<usize>,
}

/// A passage in the common order, and where it stood in each of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// The passage.
    pub id: Uuid,
    /// The sum over all its ranks of 1 / (60 + rank).
    pub score: f64,
    /// Its rank by words, from 1, and what was found there.
    pub words: Option<(usize, Hit)>,
    /// Its rank by meaning, from 1, and what was found there.
    pub meaning: Option<(usize, Hit)>,
    /// The ranks of the conversation or file that it is from, among conversations and files; none
    /// where there was nothing to fuse.
    pub source: Ranks,
}

/// Fuses two orders, best first; equals by id, so that the order is always the same.
#[must_use]
pub fn fuse(words: Vec<Hit>, meaning: Vec<Hit>) -> Vec<Fused> {
    let (words_of, meaning_of) = if words.is_empty() || meaning.is_empty() {
        <(HashMap<_, _>, HashMap<_, _>)>::default()
    } else {
        (ranks_of_sources(&words), ranks_of_sources(&meaning))
    };
    let mut all: HashMap<Uuid, Fused> = HashMap::new();
    let sources = |hit: &Hit| Ranks {
        words: words_of.get(&hit.source).copied(),
        meaning: meaning_of.get(&hit.source).copied(),
    };
    for (index, hit) in words.into_iter().enumerate() {
        let fused = all.entry(hit.id).or_insert_with(|| Fused::new(hit.id, sources(&hit)));
        fused.words = Some((index + 1, hit));
    }
    for (index, hit) in meaning.into_iter().enumerate() {
        let fused = all.entry(hit.id).or_insert_with(|| Fused::new(hit.id, sources(&hit)));
        fused.meaning = Some((index + 1, hit));
    }
    let mut order: Vec<Fused> = all.into_values().collect();
    for fused in &mut order {
        let rank = |found: &Option<(usize, Hit)>| found.as_ref().map(|(rank, _)| *rank);
        let ranks = [rank(&fused.words), rank(&fused.meaning), fused.source.words, fused.source.meaning];
        fused.score = ranks.into_iter().flatten().map(|rank| 1.0 / (FLATNESS + rank as f64)).sum();
    }
    order.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.id.cmp(&other.id)));
    order
}

/// Where each conversation and file stands in an order of passages: where its best one does, and one
/// of each counted.
fn ranks_of_sources(hits: &[Hit]) -> HashMap<Uuid, usize> {
    let mut ranks = HashMap::new();
    for hit in hits {
        let next = ranks.len() + 1;
        ranks.entry(hit.source).or_insert(next);
    }
    ranks
}

impl Fused {
    fn new(id: Uuid, source: Ranks) -> Self {
        Self { id, score: 0.0, words: None, meaning: None, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passages by their number; the tens tell the source.
    fn hits(ids: &[u128]) -> Vec<Hit> {
        let hit = |id: &u128| Hit {
            id: Uuid::from_u128(*id),
            source: Uuid::from_u128(*id / 10),
            score: 1.0,
            terms: Vec::new(),
        };
        ids.iter().map(hit).collect()
    }

    fn order(fused: &[Fused]) -> Vec<u128> {
        fused.iter().map(|one| one.id.as_u128()).collect()
    }

    #[test]
    fn what_both_ways_found_comes_before_what_one_found_as_well() {
        assert_eq!(order(&fuse(hits(&[10, 20]), hits(&[30, 20]))), [20, 10, 30]);
    }

    #[test]
    fn passages_of_one_source_speak_for_one_another() {
        assert_eq!(order(&fuse(hits(&[10, 20, 30]), hits(&[40, 31, 50])))[..2], [31, 30]);
    }

    #[test]
    fn one_way_alone_keeps_its_order() {
        assert_eq!(order(&fuse(hits(&[70, 50, 51, 60, 71]), Vec::new())), [70, 50, 51, 60, 71]);
        assert_eq!(order(&fuse(Vec::new(), hits(&[70, 50, 51, 60, 71]))), [70, 50, 51, 60, 71]);
    }

    #[test]
    fn each_tells_where_it_stood() {
        let fused = fuse(hits(&[10]), hits(&[20, 21, 10]));
        let ten = fused.iter().find(|one| one.id.as_u128() == 10).unwrap();
        let ranks = (ten.words.as_ref().map(|at| at.0), ten.meaning.as_ref().map(|at| at.0));
        assert_eq!(ranks, (Some(1), Some(3)));
        assert_eq!(ten.source, Ranks { words: Some(1), meaning: Some(2) });
        assert!((ten.score - (2.0 / 61.0 + 1.0 / 63.0 + 1.0 / 62.0)).abs() < 1e-12);
        let one = fused.iter().find(|one| one.id.as_u128() == 21).unwrap();
        assert_eq!(one.source, Ranks { words: None, meaning: Some(1) });
    }
}
