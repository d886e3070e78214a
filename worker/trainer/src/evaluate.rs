//! Evaluation of the entity finder with annotated documents.

use std::collections::BTreeSet;
use std::fmt;

use self_domain::entity::EntityKind;
use self_language::extract::Entity;
use self_language::tagger::training::words;

use crate::corpus::{Annotated, normalise};

/// The kinds that are evaluated: those that a model finds.
const KINDS: [EntityKind; 3] = [EntityKind::Person, EntityKind::Place, EntityKind::Organization];

/// The condition for a found name to be right. Its kind must be right in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It equals the annotated text.
    Exact,
    /// It is contained in the annotated text, or contains it, in whole words: `Rasmus Rask` and
    /// `the Danish philologist Rasmus Rask`.
    Overlap,
}

/// The counts of names: each different text of each kind counts once in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    /// The found names, and the right ones among them.
    pub(crate) found: usize,
    pub(crate) right: usize,
    /// The annotated names, and the found ones among them.
    pub(crate) wanted: usize,
    pub(crate) met: usize,
}

/// A score for each kind, and for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) kinds: Vec<(EntityKind, Score)>,
    pub(crate) all: Score,
}

impl Score {
    /// Precision: the share of found names that are right, from 0 to 1.
    #[must_use]
    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// Recall: the share of annotated names that were found, from 0 to 1.
    #[must_use]
    pub(crate) fn recall(&self) -> f64 {
        self.met as f64 / self.wanted.max(1) as f64
    }

    /// The harmonic mean of precision and recall.
    #[must_use]
    pub(crate) fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE)
    }

    fn add(&mut self, other: Self) {
        self.found += other.found;
        self.right += other.right;
        self.wanted += other.wanted;
        self.met += other.met;
    }
}

/// Compares the found names with the annotated ones; both are in the order of the documents.
#[must_use]
pub(crate) fn evaluate<'a>(
    documents: impl IntoIterator<Item = (&'a Annotated, &'a Vec<Entity>)>,
    strictness: Strictness,
) -> Report {
    let mut report =
        Report { kinds: KINDS.map(|kind| (kind, Score::default())).to_vec(), all: Score::default() };
    for (document, entities) in documents {
        for (kind, total) in &mut report.kinds {
            let found: BTreeSet<_> = entities
                .iter()
                .filter(|entity| entity.kind == *kind)
                .flat_map(|entity| entity.mentions.iter().map(|mention| normalise(&mention.text)))
                .collect();
            let wanted: BTreeSet<_> = document
                .names
                .iter()
                .filter(|(_, known)| known == kind)
                .map(|(name, _)| name.clone())
                .collect();
            let score = Score {
                found: found.len(),
                right: found
                    .iter()
                    .filter(|name| wanted.iter().any(|other| strictness.accepts(name, other)))
                    .count(),
                wanted: wanted.len(),
                met: wanted
                    .iter()
                    .filter(|name| found.iter().any(|other| strictness.accepts(name, other)))
                    .count(),
            };
            total.add(score);
            report.all.add(score);
        }
    }
    report
}

impl Strictness {
    fn accepts(self, name: &str, other: &str) -> bool {
        name == other || self == Self::Overlap && (contains(name, other) || contains(other, name))
    }
}

/// Whether a text contains the words of another one in a row.
fn contains(long: &str, short: &str) -> bool {
    let [long, short] =
        [long, short].map(|text| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>());
    long.windows(short.len().max(1)).any(|window| window == short)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<14}{:>10}{:>8}{:>7}{:>7}{:>8}",
            "kind", "precision", "recall", "F1", "found", "wanted"
        )?;
        let kinds = self.kinds.iter().map(|(kind, score)| (kind.as_str(), score));
        for (kind, score) in kinds.chain([("all", &self.all)]) {
            let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
            writeln!(
                f,
                "{kind:<14}{precision:>10.3}{recall:>8.3}{f1:>7.3}{:>7}{:>8}",
                score.found, score.wanted
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use self_language::extract::Mention;

    use super::*;

    #[test]
    fn overlap_goes_by_whole_words() {
        assert!(Strictness::Overlap.accepts("Rask", "philologist Rasmus Rask"));
        assert!(!Strictness::Overlap.accepts("Ras", "Rasmus Rask"));
        assert!(!Strictness::Exact.accepts("Rask", "Rasmus Rask"));
    }

    #[test]
    fn a_report_counts_each_different_name_once_in_a_document() {
        let mention = |name: &str| Mention { segment: 0, start_char: 0, end_char: 0, text: name.to_owned() };
        let entity = |kind, name: &str| Entity {
            kind,
            name: name.to_owned(),
            key: name.to_lowercase(),
            aliases: Vec::new(),
            mentions: vec![mention(name), mention(name)],
        };
        let found = vec![entity(EntityKind::Person, "Susan Miller"), entity(EntityKind::Place, "London")];
        let names =
            vec![("Susan Miller".to_owned(), EntityKind::Person), ("Paris".to_owned(), EntityKind::Place)];
        let document = Annotated { doc: String::new(), text: String::new(), names };
        let report = evaluate([(&document, &found)], Strictness::Exact);
        assert_eq!(report.kinds[0].1, Score { found: 1, right: 1, wanted: 1, met: 1 });
        assert_eq!(report.kinds[1].1, Score { found: 1, right: 0, wanted: 1, met: 0 });
    }
}
