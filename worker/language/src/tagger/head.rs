//! The head of the tagger: one layer of rectified units, from the reader's numbers to scores of tags.

use super::{Scores, TAGS};

/// Trained units. They score each word separately.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// By input, then by unit.
    pub inward: Vec<f32>,
    /// By unit.
    pub bias: Vec<f32>,
    /// By unit.
    pub outward: Vec<Scores>,
}

impl Head {
    /// The score of each tag, for a word that the reader describes with these numbers.
    pub(super) fn scores(&self, word: &[f32]) -> Scores {
        self.out(&self.units(word))
    }

    /// Appends the units of another head.
    pub fn join(&mut self, other: Self) {
        let (mine, others) = (self.bias.len(), other.bias.len());
        let rows = other.inward.len() / others.max(1);
        let row = |input: usize| {
            let mine = self.inward.get(input * mine..(input + 1) * mine).unwrap_or_default();
            [mine, &other.inward[input * others..(input + 1) * others]].concat()
        };
        self.inward = (0..rows).flat_map(row).collect();
        self.bias.extend(other.bias);
        self.outward.extend(other.outward);
    }

    /// How strongly each unit responds to a word.
    #[must_use]
    pub fn units(&self, word: &[f32]) -> Vec<f32> {
        let mut units = self.bias.clone();
        for (input, weights) in word.iter().zip(self.inward.chunks_exact(self.bias.len().max(1))) {
            // A dropped input is 0.
            if *input != 0.0 {
                for (unit, weight) in units.iter_mut().zip(weights) {
                    *unit += input * weight;
                }
            }
        }
        for unit in &mut units {
            *unit = unit.max(0.0);
        }
        units
    }

    /// The scores of the tags, from the outputs of the units.
    #[must_use]
    pub fn out(&self, units: &[f32]) -> Scores {
        let mut scores = [0.0; TAGS];
        for (unit, weights) in units.iter().zip(&self.outward) {
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += unit * weight;
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(weight: f32) -> Head {
        Head {
            inward: vec![weight, -weight, 1.0, 0.5],
            bias: vec![0.5, 0.0],
            outward: vec![[weight; TAGS]; 2],
        }
    }

    #[test]
    fn a_unit_that_is_not_moved_says_nothing() {
        // Units: 0.5 + 2 × 1 + 1 × 1 = 3.5, and -2 × 1 + 0.5 × 1, which is below 0.
        assert_eq!(head(2.0).units(&[1.0, 1.0]), [3.5, 0.0]);
        assert_eq!(head(2.0).scores(&[1.0, 1.0]), [7.0; TAGS]);
    }

    #[test]
    fn heads_side_by_side_say_the_sum_of_what_each_says() {
        let mut both = Head::default();
        both.join(head(2.0));
        both.join(head(-1.0));
        let word = [1.0, 0.25];
        let sum = head(2.0).scores(&word)[0] + head(-1.0).scores(&word)[0];
        assert_eq!(both.scores(&word), [sum; TAGS]);
    }
}
