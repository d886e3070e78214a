//! Annotated documents, whose names are known: for training and for evaluation.

use std::path::Path;

use self_domain::entity::EntityKind;
use serde::Deserialize;

/// A document and the names in it.
#[derive(Clone, Debug)]
pub(crate) struct Annotated {
    /// The id of the document in its corpus.
    pub(crate) doc: String,
    pub(crate) text: String,
    pub(crate) names: Vec<(String, EntityKind)>,
}

impl Annotated {
    /// The genre of the text, if the id contains it: `interview` of `GUM_interview_ants`.
    #[must_use]
    pub(crate) fn genre(&self) -> &str {
        self.doc.split('_').nth(1).unwrap_or("")
    }
}

/// A file of documents that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CorpusError {
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
    #[error("{0}, line {1}: {2}")]
    Malformed(String, usize, serde_json::Error),
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    doc: String,
    text: String,
    entities: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    text: String,
    kind: EntityKind,
}

/// Reads a file with one JSON document a line: `{"doc": …, "text": …, "entities": [{"text": …, "kind": …}]}`.
///
/// # Errors
/// The file, the line and what is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Vec<Annotated>, CorpusError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| CorpusError::Unreadable(name.clone(), error))?;
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            let line: Line = serde_json::from_str(line)
                .map_err(|error| CorpusError::Malformed(name.clone(), index + 1, error))?;
            let names = line.entities.into_iter().map(|entry| (normalise(&entry.text), entry.kind)).collect();
            Ok(Annotated { doc: line.doc, text: line.text, names })
        })
        .collect()
}

/// Removes spaces before apostrophes, which some corpora write in names but not in texts.
pub(crate) fn normalise(name: &str) -> String {
    name.replace(" '", "'").replace(" ’", "’")
}
