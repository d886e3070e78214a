//! The passages that are compared with the vector of a query.

use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub enum Candidates {
    /// All passages of the person.
    All,
    /// Passages that the mirror found.
    Among {
        ids: Vec<Uuid>,
        /// An upper bound for the similarity of all other passages of the person; `None` if there are no
        /// others.
        others: Option<f64>,
    },
}

impl Candidates {
    /// Whether no passage outside of the candidates can be among the best `limit`. `similarities` are those
    /// of the candidates that were found in scope, best first.
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
