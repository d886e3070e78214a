//! What a person has chosen, once for everything.

use serde::{Deserialize, Serialize};

use super::transcription::TranscriptionOptions;

/// A person's choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Where they live, as a name of the time zone database: what "tomorrow at nine" means.
    pub time_zone: String,
    /// The language in which they want to be written to, as a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How recordings are transcribed that say nothing else.
    pub transcription: TranscriptionOptions,
    /// After how many days conversations are deleted; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<i32>,
    /// After how many days the sound of recordings is removed while their text stays; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_audio_days: Option<i32>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            language: None,
            transcription: TranscriptionOptions::default(),
            keep_days: None,
            keep_audio_days: None,
        }
    }
}
