//! The expectation of the model for a sentence: the forward-backward algorithm (Rabiner 1989, "A Tutorial
//! on Hidden Markov Models").

use self_language::tagger::training::{OUTSIDE, Scores, TAGS, Tag, may_follow};

/// The expected counts of each tag and of each pair of tags in a sentence.
pub(crate) struct Expected {
    pub(crate) tags: Vec<Scores>,
    /// By previous tag and tag; the last row is for the start of the sentence.
    pub(crate) pairs: [Scores; TAGS + 1],
}

/// Computes the expectation from the scores of each word's tags and of each pair of tags. Probabilities are
/// scaled at each word, so that they do not underflow in a long sentence.
pub(crate) fn expect(scores: &[Scores], transitions: &[Scores; TAGS + 1]) -> Expected {
    let step = |before: Tag, tag: Tag| {
        let follows = if before == TAGS { may_follow(OUTSIDE, tag) } else { may_follow(before, tag) };
        if follows { transitions[before][tag].exp() } else { 0.0 }
    };
    let steps: [Scores; TAGS + 1] =
        std::array::from_fn(|before| std::array::from_fn(|tag| step(before, tag)));
    let local: Vec<Scores> = scores
        .iter()
        .map(|scores| {
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.map(|score| (score - most).exp())
        })
        .collect();
    let mut forward: Vec<Scores> = Vec::with_capacity(scores.len());
    for (index, local) in local.iter().enumerate() {
        forward.push(scaled(std::array::from_fn(|tag| {
            let into: f32 = match index {
                0 => steps[TAGS][tag],
                _ => (0..TAGS).map(|before| forward[index - 1][before] * steps[before][tag]).sum(),
            };
            into * local[tag]
        })));
    }
    let mut backward = vec![[1.0; TAGS]; scores.len()];
    for index in (1..scores.len()).rev() {
        let after = backward[index];
        backward[index - 1] = scaled(std::array::from_fn(|before| {
            (0..TAGS).map(|tag| steps[before][tag] * local[index][tag] * after[tag]).sum()
        }));
    }
    let tags: Vec<Scores> = forward
        .iter()
        .zip(&backward)
        .map(|(forward, backward)| scaled(std::array::from_fn(|tag| forward[tag] * backward[tag])))
        .collect();
    let mut pairs = [[0.0; TAGS]; TAGS + 1];
    if let Some(first) = tags.first() {
        pairs[TAGS] = *first;
    }
    for index in 1..scores.len() {
        let joint = |before: Tag, tag: Tag| {
            forward[index - 1][before] * steps[before][tag] * local[index][tag] * backward[index][tag]
        };
        let sum: f32 = (0..TAGS * TAGS).map(|pair| joint(pair / TAGS, pair % TAGS)).sum();
        for pair in 0..TAGS * TAGS {
            pairs[pair / TAGS][pair % TAGS] += joint(pair / TAGS, pair % TAGS) / sum.max(f32::MIN_POSITIVE);
        }
    }
    Expected { tags, pairs }
}

/// The values, scaled to a sum of one.
fn scaled(values: Scores) -> Scores {
    let sum: f32 = values.iter().sum();
    values.map(|value| value / sum.max(f32::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_are_those_of_all_paths_counted_one_by_one() {
        let scores = [[0.3, 1.0, 0.0, -0.5, 0.2, 0.0, 0.1], [0.0, 0.4, 1.5, 0.0, -1.0, 0.3, 0.0]];
        let mut transitions = [[0.1; TAGS]; TAGS + 1];
        transitions[1][2] = 0.9;
        let mut sums = [[0.0_f32; TAGS]; 2];
        let mut all = 0.0;
        for first in (0..TAGS).filter(|tag| may_follow(OUTSIDE, *tag)) {
            for second in (0..TAGS).filter(|tag| may_follow(first, *tag)) {
                let score: f32 = transitions[TAGS][first]
                    + scores[0][first]
                    + transitions[first][second]
                    + scores[1][second];
                sums[0][first] += score.exp();
                sums[1][second] += score.exp();
                all += score.exp();
            }
        }
        let expected = expect(&scores, &transitions);
        for (sums, tags) in sums.iter().zip(&expected.tags) {
            for (sum, tag) in sums.iter().zip(tags) {
                assert!((sum / all - tag).abs() < 1e-5);
            }
        }
        let pairs: f32 = expected.pairs[..TAGS].iter().flatten().sum();
        assert!((pairs - 1.0).abs() < 1e-5);
    }
}
