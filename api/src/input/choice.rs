//! Preferences that a person sends. The views of preferences are separate types: fields may be added to a
//! view, but unknown fields in a request are refused.

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::preferences::Preferences;
use self_shared::domain::transcription::TranscriptionOptions;

use super::text::{Language, Text};

/// The preferences of the user. They apply to everything.
#[derive(Object)]
#[oai(example)]
pub(crate) struct ChosenPreferences {
    /// The time zone of the user, as a name of the time zone database (`Europe/Lisbon`). It decides
    /// what "tomorrow at nine" in a recording means.
    #[oai(default = "utc", validator(max_length = 64))]
    time_zone: String,
    /// The language for texts that are written to the user, as a BCP 47 tag.
    language: Option<Text<Language>>,
    /// The options for recordings that are uploaded without their own options.
    #[oai(default)]
    transcription: ChosenTranscriptionOptions,
    /// The number of days after which conversations are deleted, counted from their beginning. When
    /// absent, they are never deleted.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_days: Option<i32>,
    /// The number of days after which the sound of recordings is deleted, counted from the beginning of
    /// their conversations. The transcripts are kept. When absent, the sound is never deleted.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    keep_audio_days: Option<i32>,
}

/// Options of a transcription.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ChosenTranscriptionOptions {
    /// The language spoken, as a BCP 47 tag. A model of `GET /api/v1/models` must support it. When
    /// absent, the transcriber chooses the language.
    pub language: Option<Text<Language>>,
    /// Whether the sound may be sent to a transcriber on another machine, if this server uses one. When
    /// absent, this is allowed.
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
