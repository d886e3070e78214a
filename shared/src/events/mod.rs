//! The events that are sent to apps: one file for each kind.
//!
//! A kind is a type for the data of its events ([`Payload`]), and one line in the list that makes
//! [`EventKind`]. Only typed events are sent: durable ones in a transaction
//! ([`crate::database::UserTx::tell`]), volatile ones over NATS ([`Event::volatile`]).
//! `openapi/asyncapi.json` is generated from these types.

mod conversation_update;
mod entity_update;
mod envelope;
mod erased;
mod file_event;
mod insight_generated;
mod insight_update;
mod job_progress;
mod job_update;
mod room;
mod transcription_update;
mod warning;

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::domain::UnknownValue;

pub use self::conversation_update::{Conversation, ConversationUpdate};
pub use self::entity_update::EntityUpdate;
pub use self::envelope::Event;
pub(crate) use self::envelope::stored;
pub use self::erased::Erased;
pub use self::file_event::{File, FileContent, FileEvent};
pub use self::insight_generated::{Evidence, Insight, InsightEvidence, InsightGenerated};
pub use self::insight_update::{InsightChange, InsightUpdate};
pub use self::job_progress::JobProgress;
pub use self::job_update::JobUpdate;
pub use self::room::{Room, UnknownRoom};
pub use self::transcription_update::{Coverage, Model, Segment, TranscriptionUpdate, Word};
pub use self::warning::Warning;
pub(crate) use self::warning::warnings;

/// The data of events of one kind, and how these events are sent.
pub trait Payload: Serialize + DeserializeOwned + JsonSchema {
    /// The stable name of the kind.
    const NAME: &'static str;
    /// Names under which earlier versions stored this kind.
    const FORMER_NAMES: &'static [&'static str] = &[];
    /// Whether its events are rows with numbers. Volatile events are only published.
    const DURABLE: bool = true;
    /// Whether its events lose their payload when a conversation is deleted in whose room they are sent.
    const ERASED_WITH_CONVERSATION: bool = false;

    /// The rooms in which the event is sent, besides [`Room::User`].
    fn rooms(&self) -> Vec<Room>;
}

/// A payload whose kind is in the list of kinds. Only such payloads can be sent.
pub trait Registered: Payload {
    const KIND: EventKind;
}

macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = concat!("See [`type@", stringify!($kind), "`].")] $kind),+
        }

        $(impl Registered for $kind {
            const KIND: EventKind = EventKind::$kind;
        })+

        impl EventKind {
            /// Every kind, in the order of registration.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => <$kind as Payload>::NAME),+ }
            }

            /// Names under which earlier versions stored it.
            #[must_use]
            pub const fn former_names(self) -> &'static [&'static str] {
                match self { $(Self::$kind => <$kind as Payload>::FORMER_NAMES),+ }
            }

            /// See [`Payload::DURABLE`].
            #[must_use]
            pub const fn is_durable(self) -> bool {
                match self { $(Self::$kind => <$kind as Payload>::DURABLE),+ }
            }

            /// See [`Payload::ERASED_WITH_CONVERSATION`].
            #[must_use]
            pub const fn is_erased_with_conversation(self) -> bool {
                match self { $(Self::$kind => <$kind as Payload>::ERASED_WITH_CONVERSATION),+ }
            }

            /// The schema of the payload.
            pub fn schema(self, generator: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$kind => generator.subschema_for::<$kind>()),+ }
            }

            /// One or two sentences about the kind.
            #[must_use]
            pub fn description(self) -> String {
                match self { $(Self::$kind => description::<$kind>()),+ }
            }

            /// Converts a stored payload to the current shape. A payload that cannot be read stays as it is:
            /// its row lost the data, or a newer version wrote it.
            #[must_use]
            pub fn upgraded(self, data: Value) -> Value {
                match self { $(Self::$kind => upgraded::<$kind>(data)),+ }
            }
        }
    };
}

kinds! {
    JobUpdate,
    JobProgress,
    TranscriptionUpdate,
    ConversationUpdate,
    EntityUpdate,
    FileEvent,
    InsightGenerated,
    InsightUpdate,
}

impl EventKind {
    /// Every name under which rows of this kind may be stored.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        [&[self.as_str()], self.former_names()].concat()
    }
}

/// The doc comment of the type.
fn description<P: Payload>() -> String {
    let schema = P::json_schema(&mut SchemaGenerator::default());
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn upgraded<P: Payload>(data: Value) -> Value {
    match P::deserialize(&data) {
        Ok(payload) => stored(&payload),
        Err(_) => data,
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found =
            Self::ALL.iter().find(|kind| kind.as_str() == name || kind.former_names().contains(&name));
        found.copied().ok_or_else(|| UnknownValue {
            value: name.to_owned(),
            known: Self::ALL.iter().map(|kind| kind.as_str()).collect(),
        })
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
