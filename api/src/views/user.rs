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

/// A person.
#[derive(Object)]
#[oai(rename = "User", example)]
pub(crate) struct UserView {
    /// Names them.
    pub id: Uuid,
    /// How they log in.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they have chosen.
    pub preferences: PreferencesView,
    /// When they registered.
    pub created_at: Time,
    /// When they last changed something about themselves.
    pub updated_at: Time,
}

/// What a person has chosen, once for everything.
#[derive(Object)]
#[oai(rename = "Preferences", skip_serializing_if_is_none, example)]
pub(crate) struct PreferencesView {
    /// Where they live, as a name of the time zone database (`Europe/Lisbon`): what "tomorrow at
    /// nine" means in what they say.
    pub time_zone: String,
    /// The language in which they want to be written to, as a BCP 47 tag.
    pub language: Option<Text<Language>>,
    /// How recordings are transcribed that say nothing else.
    pub transcription: TranscriptionOptionsView,
    /// After how many days conversations are deleted, counted from when they began; never when
    /// absent.
    pub keep_days: Option<i32>,
    /// After how many days the sound of recordings is removed, counted from when their conversations
    /// began; what was heard stays. Never when absent.
    pub keep_audio_days: Option<i32>,
}

/// How recordings are transcribed.
#[derive(Object)]
#[oai(rename = "TranscriptionOptions", skip_serializing_if_is_none)]
pub(crate) struct TranscriptionOptionsView {
    /// The language spoken, as a BCP 47 tag; one that a model of `GET /api/v1/models` speaks. The
    /// transcriber's own choice when absent.
    pub language: Option<Text<Language>>,
    /// Whether the sound may be sent to a transcriber on another machine, where this server has one;
    /// allowed when absent.
    pub allow_remote: Option<bool>,
}

/// A login on one device.
#[derive(Object)]
#[oai(rename = "Session", example)]
pub(crate) struct SessionView {
    /// Names it.
    pub id: Uuid,
    /// The program that opened it, as it called itself.
    pub user_agent: String,
    /// Whether this very request was made in it.
    pub is_current: bool,
    /// When it was opened.
    pub created_at: Time,
    /// When it last got new tokens.
    pub last_used_at: Time,
    /// When it ends, unless it is used before.
    pub expires_at: Time,
}

/// The sessions of a person, the last used first.
#[derive(Object)]
#[oai(rename = "SessionList", example)]
pub(crate) struct SessionListView {
    /// The sessions.
    pub items: Vec<SessionView>,
}

/// The receipt of an erasure. It can be read without a token by whoever knows its id, since nobody
/// is left who could log in, and tells nothing of whom it was.
#[derive(Object)]
#[oai(rename = "Erasure", skip_serializing_if_is_none, example)]
pub(crate) struct ErasureView {
    /// Names it. Keep it.
    pub id: Uuid,
    /// When it was asked for.
    pub requested_at: Time,
    /// When nothing was left; absent until then.
    pub completed_at: Option<Time>,
    /// Rows that were removed so far, not counting what went along with them.
    pub rows_erased: i64,
    /// Recordings and other objects that were removed.
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
    /// As it looks from the session `current`.
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
