//! The models that made a transcript, the host that received its sound, and its language.

use std::collections::BTreeMap;

use self_shared::domain::model::ModelId;

/// The separator between the names of several models.
const AND: &str = " + ";

/// What is known about the origin of a transcript.
#[derive(Clone, Debug, Default)]
pub(super) struct TranscriptOrigin {
    /// Each model that transcribed a part, in the order of their first chunks. There are several when the
    /// remote transcriber was away for a while.
    models: Vec<ModelId>,
    /// The host that received sound.
    pub(super) endpoint: Option<String>,
    /// The number of words in each language, if the transcriber reports it.
    languages: BTreeMap<String, usize>,
}

impl TranscriptOrigin {
    /// The values that an earlier attempt has stored, and the number of its words.
    pub(super) fn stored(
        model: Option<String>,
        version: Option<String>,
        endpoint: Option<String>,
        language: Option<String>,
        words: usize,
    ) -> Self {
        let (names, versions) = (model.unwrap_or_default(), version.unwrap_or_default());
        let models = names.split(AND).zip(versions.split(AND)).filter(|(name, _)| !name.is_empty());
        let model = |(name, version): (&str, &str)| ModelId {
            name: name.to_owned().into(),
            version: version.to_owned().into(),
        };
        Self {
            models: models.map(model).collect(),
            endpoint,
            languages: language.map(|language| (language, words)).into_iter().collect(),
        }
    }

    /// Adds a model that transcribed a part.
    pub(super) fn add_model(&mut self, model: &ModelId) {
        if !self.models.contains(model) {
            self.models.push(model.clone());
        }
    }

    /// Adds the models of another value.
    pub(super) fn add_models(&mut self, other: &Self) {
        for model in &other.models {
            self.add_model(model);
        }
    }

    /// Adds words that were said in a language.
    pub(super) fn add_words(&mut self, language: &str, words: usize) {
        *self.languages.entry(language.to_owned()).or_default() += words;
    }

    /// The names of the models; none before anything was transcribed.
    pub(super) fn model(&self) -> Option<String> {
        self.joined(|model| &model.name)
    }

    /// The versions of the models, in the same order.
    pub(super) fn version(&self) -> Option<String> {
        self.joined(|model| &model.version)
    }

    /// The language of the most words, if the transcriber reports it.
    pub(super) fn language(&self) -> Option<&str> {
        self.languages.iter().max_by_key(|(_, words)| **words).map(|(language, _)| language.as_str())
    }

    fn joined(&self, part: impl Fn(&ModelId) -> &str) -> Option<String> {
        let parts: Vec<&str> = self.models.iter().map(part).collect();
        (!parts.is_empty()).then(|| parts.join(AND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back_and_goes_on() {
        let mut origin = TranscriptOrigin::default();
        assert_eq!((origin.model(), origin.language()), (None, None));
        origin.add_model(&ModelId::known("whisper-1", "unknown"));
        origin.add_words("de", 12);
        origin.add_words("en", 3);
        let language = origin.language().map(str::to_owned);
        let mut again = TranscriptOrigin::stored(origin.model(), origin.version(), None, language, 15);
        again.add_model(&ModelId::known("whisper-1", "unknown"));
        again.add_model(&ModelId::known("moonshine-tiny-en", "1"));
        again.add_words("en", 14);
        assert_eq!(again.model().as_deref(), Some("whisper-1 + moonshine-tiny-en"));
        assert_eq!(again.version().as_deref(), Some("unknown + 1"));
        assert_eq!(again.language(), Some("de"));
    }
}
