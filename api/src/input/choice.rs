//! Preferences that a person sends. The views of preferences are separate types: fields may be added to a
//! view, but unknown fields in a request are refused.

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::preferences::Preferences;
use self_shared::domain::transcription::TranscriptionOptions;

use super::text::{Language, Text};

/// What a person chooses, once for everything.
#[derive(Object)]
#[oai(example)]
pub(crate) struct ChosenPreferences {
    /// Where they live, as a name of the time zone database (`Europe/Lisbon`): what "tomorrow at
    /// nine" means in what they say.
    #[oai(default = "utc", validator(max_length = 64))]
    time_zone: String,
    /// The language in which they want to be written to, as a BCP 47 tag.
    language: Option<Text<Language>>,
    /// How recordings are transcribed that say nothing else.
    #[oai(default)]
    transcription: ChosenTranscriptionOptions,
    /// After how many days conversations are deleted, counted from when they began; never when
    /// absent.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_days: Option<i32>,
    /// After how many days the sound of recordings is removed, counted from when their conversations
    /// began; what was heard stays. Never when absent.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_audio_days: Option<i32>,
}

/// How to transcribe.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ChosenTranscriptionOptions {
    /// The language spoken, as a BCP 47 tag; one that a model of `GET /api/v1/models` speaks. The
    /// transcriber's own choice when absent.
    pub language: Option<Text<Language>>,
    /// Whether the sound may be sent to a transcriber on another machine, where this server has one;
    /// allowed when absent.
    pub allow_remote: Option<bool>,
}

fn utc() -> String {
    Preferences::default().time_zone
}

impl From<ChosenPreferences> for Preferences {
    /// Converts the preferences. The database checks whether the time zone exists.
    fn from(chosen: ChosenPreferences) -> Self {
        let ChosenPreferences { time_zone, language, transcription, keep_days, keep_audio_days } = chosen;
        let language = language.map(|language| language.0);
        Self { time_zone, language, transcription: transcription.into(), keep_days, keep_audio_days }
    }
}

impl From<ChosenTranscriptionOptions> for TranscriptionOptions {
    fn from(chosen: ChosenTranscriptionOptions) -> Self {
        Self { language: chosen.language.map(|language| language.0), allow_remote: chosen.allow_remote }
    }
}

impl Example for ChosenPreferences {
    fn example() -> Self {
        Self {
            time_zone: "Europe/Lisbon".to_owned(),
            language: Some("en".into()),
            transcription: ChosenTranscriptionOptions {
                language: Some("en".into()),
                allow_remote: Some(false),
            },
            keep_days: Some(3650),
            keep_audio_days: Some(365),
        }
    }
}
