//! Which passages are compared with a question.

use uuid::Uuid;

/// What is to be compared with a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Candidates {
    /// Everything.
    All,
    /// These passages.
    Among {
        /// The passages.
        ids: Vec<Uuid>,
        /// What no other passage of the person is more similar than; none when there are no others.
        others: Option<f64>,
    },
}

impl Candidates {
    /// Whether nothing else can be among the best `limit`, given the similarities of the candidates
    /// that were left, best first.
    #[must_use]
    pub fn suffice(&self, mut similarities: impl Iterator<Item = f64>, limit: usize) -> bool {
        match self {
            Self::All | Self::Among { others: None, .. } => true,
            Self::Among { others: Some(most), .. } => {
                limit == 0 || similarities.nth(limit - 1).is_some_and(|worst| worst > *most)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suffices(others: Option<f64>, left: &[f64], limit: usize) -> bool {
        Candidates::Among { ids: Vec::new(), others }.suffice(left.iter().copied(), limit)
    }

    #[test]
    fn candidates_suffice_when_no_other_could_be_better_than_the_last_that_is_wanted() {
        assert!(suffices(Some(0.5), &[0.9, 0.6, 0.4], 2));
        assert!(!suffices(Some(0.5), &[0.9, 0.6, 0.4], 3));
        assert!(!suffices(Some(0.5), &[0.9], 2));
        assert!(suffices(None, &[], 2));
        assert!(Candidates::All.suffice([].into_iter(), 2));
    }
}
