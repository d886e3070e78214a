//! The default entity finder: the tagger of this program, with the reader made of the lower layers of
//! MiniLM.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use self_domain::model::{About, ModelId};
use self_onnx::Runtime;

use super::Tagger;
use super::document::Document;
use crate::models::{EmbedError, EntityFinder, FindError, MiniLmReader, Name};

/// The number of sentences that are read together. Only a few numbers for each candidate word are kept
/// until all are read, so a long conversation takes little more memory than a short one.
const ROUND: usize = 64;

/// The loaded finder.
pub struct SelfNames {
    /// Single-threaded. Locked for one round of sentences.
    reader: Mutex<MiniLmReader>,
    tagger: Tagger,
}

impl SelfNames {
    /// Combines a tagger with the reader with which it was trained.
    #[must_use]
    pub fn new(reader: MiniLmReader, tagger: Tagger) -> Self {
        Self { reader: Mutex::new(reader), tagger }
    }

    /// Loads the reader; the tagger's weights are part of this program.
    pub fn load(runtime: &Runtime, models: &Path) -> Result<Self, EmbedError> {
        Ok(Self::new(MiniLmReader::load(runtime, models)?, Tagger::built_in()))
    }
}

impl EntityFinder for SelfNames {
    fn id(&self) -> ModelId {
        ModelId::known("self-names", "4")
    }

    fn about(&self) -> About {
        About {
            languages: vec!["en".to_owned()],
            source: Some("this project, over all-MiniLM-L6-v2".to_owned()),
            licence: Some(env!("CARGO_PKG_LICENSE").to_owned()),
        }
    }

    fn find(&self, texts: &[&str], awaited: &dyn Fn() -> bool) -> Result<Vec<Vec<Name>>, FindError> {
        let document = Document::read(texts);
        let mut scored = Vec::new();
        for round in document.sentences().chunks(ROUND) {
            if !awaited() {
                return Err(FindError::Abandoned);
            }
            let asked: Vec<_> = round.iter().map(|sentence| document.asked(sentence)).collect();
            let states = self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(&asked)?;
            for ((sentence, asked), states) in round.iter().zip(asked).zip(&states) {
                scored.push(self.tagger.score(&document, sentence, asked.about, states));
            }
        }
        let mut found = vec![Vec::new(); texts.len()];
        for (text, name) in self.tagger.names(&document, scored) {
            found[text].push(name);
        }
        Ok(found)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::models::fetched;

    /// The finder with the models that set-up fetched.
    pub(crate) fn self_names() -> SelfNames {
        let models = fetched();
        SelfNames::load(&Runtime::load(&models).unwrap(), &models).unwrap()
    }

    #[test]
    fn weights_that_are_cut_short_are_refused() {
        let weights = include_bytes!("model.bin");
        assert!(Tagger::with_weights(weights).is_ok());
        assert!(Tagger::with_weights(&weights[..weights.len() - 1]).is_err());
    }
}
