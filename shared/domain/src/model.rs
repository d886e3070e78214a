//! The models of an installation, as people see them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::language::{is_same, speaks};
use super::wire_enum;

wire_enum! {
    /// The purpose of a model.
    pub enum ModelRole {
        /// Turns speech into text.
        Transcriber = "transcriber",
        /// Distinguishes speech from other sound.
        VoiceActivity = "voice_activity",
        /// Finds the people, places and organizations that are mentioned in texts.
        EntityFinder = "entity_finder",
        /// Turns text into vectors, for search.
        Embedder = "embedder",
        /// Summarizes conversations.
        Summarizer = "summarizer",
    }
}

wire_enum! {
    /// The kind of data that is sent to a model of another program.
    pub enum SentData as ("Sent") {
        /// Sound of recordings.
        Sound = "sound",
        /// Speech, as text.
        Text = "text",
    }
}

impl ModelRole {
    /// The data that a model of this role gets.
    #[must_use]
    pub const fn takes(self) -> SentData {
        match self {
            Self::Transcriber | Self::VoiceActivity => SentData::Sound,
            Self::EntityFinder | Self::Embedder | Self::Summarizer => SentData::Text,
        }
    }
}

/// The name and version of a model. They are stored with all of its results, so that results of another
/// model can be found and computed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelId {
    pub name: Cow<'static, str>,
    pub version: Cow<'static, str>,
}

impl ModelId {
    /// For a model whose name and version are constants of this program.
    #[must_use]
    pub const fn known(name: &'static str, version: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), version: Cow::Borrowed(version) }
    }
}

/// The properties of a model besides its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelDescription {
    /// Its languages, as BCP 47 tags; any language when empty.
    pub languages: Vec<String>,
    /// The source, if known.
    pub source: Option<String>,
    /// The licence as an SPDX expression, if known.
    pub licence: Option<String>,
}

/// A model and its properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCard {
    pub role: ModelRole,
    pub name: String,
    /// The version, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its languages, as BCP 47 tags; any language when empty.
    pub languages: Vec<String>,
    /// The source, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The licence as an SPDX expression, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// `host[:port]` of the program that serves it and gets its input; `None` for a model in a worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// The languages that can be transcribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupportedLanguages {
    Any,
    /// These languages, as BCP 47 tags in alphabetical order.
    These(Vec<String>),
}

impl SupportedLanguages {
    /// The languages of the transcribers among these models, with or without remote ones. A worker that has
    /// not reported its models yet counts as English, the language of the built-in model.
    #[must_use]
    pub fn of(models: &[ModelCard], with_remote: bool) -> Self {
        let mut transcribers = models.iter().filter(|model| model.role == ModelRole::Transcriber).peekable();
        if transcribers.peek().is_none() {
            return Self::These(vec!["en".to_owned()]);
        }
        let mut languages: Vec<String> = Vec::new();
        for model in transcribers.filter(|model| with_remote || model.host.is_none()) {
            if model.languages.is_empty() {
                return Self::Any;
            }
            for language in &model.languages {
                if !languages.iter().any(|known| known.eq_ignore_ascii_case(language)) {
                    languages.push(language.clone());
                }
            }
        }
        languages.sort_unstable();
        Self::These(languages)
    }

    /// Whether this language can be transcribed.
    #[must_use]
    pub fn includes(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(languages) => languages.iter().any(|spoken| is_same(spoken, tag)),
        }
    }
}

impl ModelCard {
    /// Whether the model supports this language.
    #[must_use]
    pub fn speaks(&self, tag: &str) -> bool {
        speaks(&self.languages, tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcriber(languages: &[&str], host: Option<&str>) -> ModelCard {
        ModelCard {
            role: ModelRole::Transcriber,
            name: "model".to_owned(),
            version: None,
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            source: None,
            licence: None,
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn the_supported_languages_are_those_of_all_transcribers() {
        let models = [transcriber(&["en"], None), transcriber(&["fr", "de", "EN"], Some("speech.example"))];
        let all = SupportedLanguages::of(&models, true);
        assert_eq!(all, SupportedLanguages::These(["de", "en", "fr"].map(str::to_owned).to_vec()));
        assert!(all.includes("de-CH") && !all.includes("nl"));
        let here = SupportedLanguages::of(&models, false);
        assert!(here.includes("en-GB") && !here.includes("de"));
    }

    #[test]
    fn a_model_that_names_no_language_speaks_any_but_only_where_sound_may_go() {
        let models = [transcriber(&["en"], None), transcriber(&[], Some("speech.example"))];
        assert_eq!(SupportedLanguages::of(&models, true), SupportedLanguages::Any);
        assert!(!SupportedLanguages::of(&models, false).includes("de"));
    }

    #[test]
    fn english_is_supported_before_any_worker_has_reported_its_models() {
        assert!(
            SupportedLanguages::of(&[], false).includes("en")
                && !SupportedLanguages::of(&[], true).includes("de")
        );
    }
}
