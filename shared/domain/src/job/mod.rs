//! Jobs: their kinds, lanes and states.
//!
//! A kind of job is a type with its arguments and its [`Contract`], in a file of its own, and one line in
//! the list below. `docs/add-a-job.md` describes step by step how to add one.

mod embed_file;
mod erase_user;
mod error;
mod expire_audio;
mod expire_conversations;
mod export_user;
mod forget_expired;
mod generate_insights;
mod lane;
mod refresh_insights;
mod snapshot;
mod state;
mod summarize_conversation;
mod sweep_objects;
mod transcribe_audio;
mod understand_conversation;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::UnknownValue;

pub use self::embed_file::EmbedFile;
pub use self::erase_user::EraseUser;
pub use self::error::JobError;
pub use self::expire_audio::ExpireAudio;
pub use self::expire_conversations::ExpireConversations;
pub use self::export_user::ExportUser;
pub use self::forget_expired::ForgetExpired;
pub use self::generate_insights::{GenerateInsights, InsightTrigger};
pub use self::lane::Lane;
pub use self::refresh_insights::RefreshInsights;
pub use self::snapshot::JobSnapshot;
pub use self::state::JobState;
pub use self::summarize_conversation::SummarizeConversation;
pub use self::sweep_objects::SweepObjects;
pub use self::transcribe_audio::TranscribeAudio;
pub use self::understand_conversation::UnderstandConversation;

/// The properties of a kind of job. The type that implements it holds the arguments.
pub trait Contract: Serialize + DeserializeOwned {
    /// The stable name, as stored.
    const NAME: &'static str;
    /// Names under which earlier versions stored it.
    const RETIRED_NAMES: &'static [&'static str] = &[];
    const LANE: Lane;

    /// The id of its subject, by which the job can be found.
    fn subject(&self) -> Option<Uuid> {
        None
    }

    /// For a periodic job of the system: the job, and the time after which it is enqueued again.
    fn periodic() -> Option<(Self, Duration)> {
        None
    }
}

macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        /// A job of any kind, with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Job {
            $(#[doc = concat!("See [`type@", stringify!($kind), "`].")] $kind($kind)),+
        }

        /// The kind of a job.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum JobKind {
            $(#[doc = concat!("See [`type@", stringify!($kind), "`].")] $kind),+
        }

        impl JobKind {
            /// Every kind, in the order of registration.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => <$kind as Contract>::NAME),+ }
            }

            /// See [`Contract::RETIRED_NAMES`].
            #[must_use]
            pub const fn retired_names(self) -> &'static [&'static str] {
                match self { $(Self::$kind => <$kind as Contract>::RETIRED_NAMES),+ }
            }
        }

        impl Job {
            #[must_use]
            pub const fn kind(&self) -> JobKind {
                match self { $(Self::$kind(_) => JobKind::$kind),+ }
            }

            /// See [`Contract::LANE`].
            #[must_use]
            pub const fn lane(&self) -> Lane {
                match self { $(Self::$kind(_) => <$kind as Contract>::LANE),+ }
            }

            /// See [`Contract::subject`].
            #[must_use]
            pub fn subject(&self) -> Option<Uuid> {
                match self { $(Self::$kind(job) => job.subject()),+ }
            }

            /// The arguments as stored beside [`Job::kind`].
            #[must_use]
            pub fn payload(&self) -> Value {
                let payload = match self { $(Self::$kind(job) => serde_json::to_value(job)),+ };
                payload.expect("a job is made of strings, numbers and ids")
            }

            /// Parses a stored job.
            ///
            /// # Errors
            /// When the arguments are not those of the kind.
            pub fn from_row(kind: JobKind, payload: Value) -> serde_json::Result<Self> {
                match kind { $(JobKind::$kind => serde_json::from_value(payload).map(Self::$kind)),+ }
            }

            /// The periodic jobs, with their intervals.
            pub fn periodic() -> impl Iterator<Item = (Self, Duration)> {
                let jobs = [$($kind::periodic().map(|(job, every)| (Self::$kind(job), every))),+];
                jobs.into_iter().flatten()
            }
        }
    };
}

kinds! {
    TranscribeAudio,
    UnderstandConversation,
    EmbedFile,
    SweepObjects,
    ForgetExpired,
    ExpireConversations,
    ExpireAudio,
    EraseUser,
    ExportUser,
    GenerateInsights,
    SummarizeConversation,
    RefreshInsights,
}

impl JobKind {
    /// All names under which jobs of this kind may be stored.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        [&[self.as_str()], self.retired_names()].concat()
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobKind {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|kind| kind.names().contains(&name));
        found.copied().ok_or_else(|| UnknownValue {
            value: name.to_owned(),
            known: Self::ALL.iter().map(|kind| kind.as_str()).collect(),
        })
    }
}

impl Serialize for JobKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for JobKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for JobKind {
    fn schema_name() -> Cow<'static, str> {
        "JobKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
        json_schema!({"type": "string", "enum": names})
    }
}

#[cfg(test)]
mod tests;
