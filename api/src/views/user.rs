use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::erasures::Erasure;
use self_shared::database::sessions::Session;
use self_shared::database::users::User;
use self_shared::domain::preferences::Preferences;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::input::text::{Language, Text};
use crate::time::Time;

/// A user.
#[derive(Object)]
#[oai(rename = "User", example)]
pub(crate) struct UserView {
    /// The id of the user.
    pub id: Uuid,
    /// The e-mail address, with which the user logs in.
    pub email: String,
    /// The name of the user.
    pub name: String,
    /// The preferences of the user.
    pub preferences: PreferencesView,
    /// When the user registered.
    pub created_at: Time,
    /// When the account last changed.
    pub updated_at: Time,
}

/// The preferences of the user. They apply to everything.
#[derive(Object)]
#[oai(rename = "Preferences", skip_serializing_if_is_none, example)]
pub(crate) struct PreferencesView {
    /// The time zone of the user, as a name of the time zone database (`Europe/Lisbon`). It decides
    /// what "tomorrow at nine" in a recording means.
    pub time_zone: String,
    /// The language for texts that are written to the user, as a BCP 47 tag.
    pub language: Option<Text<Language>>,
    /// The options for recordings that are uploaded without their own options.
    pub transcription: TranscriptionOptionsView,
    /// The number of days after which conversations are deleted, counted from their beginning. When
    /// absent, they are never deleted.
    pub keep_days: Option<i32>,
    /// The number of days after which the sound of recordings is deleted, counted from the beginning of
    /// their conversations. The transcripts are kept. When absent, the sound is never deleted.
    pub keep_audio_days: Option<i32>,
}

/// Options of a transcription.
#[derive(Object)]
#[oai(rename = "TranscriptionOptions", skip_serializing_if_is_none)]
pub(crate) struct TranscriptionOptionsView {
    /// The language spoken, as a BCP 47 tag. A model of `GET /api/v1/models` must support it. When
    /// absent, the transcriber chooses the language.
    pub language: Option<Text<Language>>,
    /// Whether the sound may be sent to a transcriber on another machine, if this server uses one. When
    /// absent, this is allowed.
    pub allow_remote: Option<bool>,
}

/// A session: a login on one device.
#[derive(Object)]
#[oai(rename = "Session", example)]
pub(crate) struct SessionView {
    /// The id of the session.
    pub id: Uuid,
    /// The `User-Agent` of the client that logged in.
    pub user_agent: String,
    /// Whether it is the session of this request.
    pub is_current: bool,
    /// When the user logged in.
    pub created_at: Time,
    /// When the session last received new tokens.
    pub last_used_at: Time,
    /// When the session ends, if it is not used before.
    pub expires_at: Time,
}

/// The sessions of the user. The session that was used last comes first.
#[derive(Object)]
#[oai(rename = "SessionList", example)]
pub(crate) struct SessionListView {
    /// The sessions.
    pub items: Vec<SessionView>,
}

/// The receipt of an erasure. It can be read without a token by anybody who knows its id, because
/// nobody can log in any more. It contains nothing that identifies the erased user.
#[derive(Object)]
#[oai(rename = "Erasure", skip_serializing_if_is_none, example)]
pub(crate) struct ErasureView {
    /// The id of the receipt. Store it: it is needed to read the receipt.
    pub id: Uuid,
    /// When the erasure was requested.
    pub requested_at: Time,
    /// When all data was deleted. Absent until then.
    pub completed_at: Option<Time>,
    /// The number of rows deleted so far. Rows that were deleted together with these are not counted.
    pub rows_erased: i64,
    /// The number of recordings and other objects deleted so far.
    pub objects_erased: i64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User { id, email, name, preferences, version: _, created_at, updated_at } = user;
        let (created_at, updated_at) = (created_at.into(), updated_at.into());
        Self { id, email, name, preferences: preferences.0.into(), created_at, updated_at }
    }
}

impl From<Preferences> for PreferencesView {
    fn from(preferences: Preferences) -> Self {
        let Preferences { time_zone, language, transcription, keep_days, keep_audio_days } = preferences;
        let tag = |language: Option<String>| language.map(|language| language.as_str().into());
        let transcription = TranscriptionOptionsView {
            language: tag(transcription.language),
            allow_remote: transcription.allow_remote,
        };
        Self { time_zone, language: tag(language), transcription, keep_days, keep_audio_days }
    }
}

impl SessionView {
    /// The session, marked if it is the session `current`.
    pub(crate) fn seen_from(current: Uuid, session: Session) -> Self {
        let Session { id, user_agent, created_at, last_used_at, expires_at } = session;
        Self {
            id,
            user_agent,
            is_current: id == current,
            created_at: created_at.into(),
            last_used_at: last_used_at.into(),
            expires_at: expires_at.into(),
        }
    }
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        let Erasure { id, requested_at, completed_at, rows_erased, objects_erased } = erasure;
        let (requested_at, completed_at) = (requested_at.into(), completed_at.map(Into::into));
        Self { id, requested_at, completed_at, rows_erased, objects_erased }
    }
}

impl Example for UserView {
    fn example() -> Self {
        Self {
            id: example_id(9),
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            preferences: PreferencesView::example(),
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

impl Example for PreferencesView {
    fn example() -> Self {
        Self {
            time_zone: "Europe/Lisbon".to_owned(),
            language: Some("en".into()),
            transcription: TranscriptionOptionsView {
                language: Some("en".into()),
                allow_remote: Some(false),
            },
            keep_days: Some(3650),
            keep_audio_days: Some(365),
        }
    }
}

impl Example for SessionView {
    fn example() -> Self {
        Self {
            id: example_id(10),
            user_agent: "Notes/2.1 (Android 16)".to_owned(),
            is_current: true,
            created_at: example_time(),
            last_used_at: example_time(),
            expires_at: Time(example_time::<DateTime<Utc>>() + TimeDelta::days(30)),
        }
    }
}

impl Example for SessionListView {
    fn example() -> Self {
        Self { items: vec![SessionView::example()] }
    }
}

impl Example for ErasureView {
    fn example() -> Self {
        Self {
            id: example_id(11),
            requested_at: example_time(),
            completed_at: None,
            rows_erased: 5_000,
            objects_erased: 0,
        }
    }
}
