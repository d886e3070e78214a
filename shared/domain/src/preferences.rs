//! The preferences of a person.

use serde::{Deserialize, Serialize};

use super::transcription::TranscriptionOptions;

/// The preferences of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The time zone where they live, as a name of the time zone database. It decides what "tomorrow at
    /// nine" means.
    pub time_zone: String,
    /// The language in which they want to be written to, as a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The options of recordings for which none are given.
    pub transcription: TranscriptionOptions,
    /// The number of days after which conversations are deleted; never if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<i32>,
    /// The number of days after which the sound of recordings is removed while the text stays; never if
    /// `None`.
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
