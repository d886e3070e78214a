//! Rooms: the subjects whose events a client can receive.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The subjects whose events a client can receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// All events of the user.
    User,
    /// One conversation, with its transcription and its jobs.
    Conversation(Uuid),
    /// One job.
    Job(Uuid),
    /// One file, with its jobs.
    File(Uuid),
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => f.write_str("user"),
            Self::Conversation(id) => write!(f, "conversation:{id}"),
            Self::Job(id) => write!(f, "job:{id}"),
            Self::File(id) => write!(f, "file:{id}"),
        }
    }
}

/// A name that is not the name of a room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a room; rooms are `user`, `conversation:<id>`, `job:<id>` and `file:<id>`")]
pub struct UnknownRoom(pub String);

impl FromStr for Room {
    type Err = UnknownRoom;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownRoom(name.to_owned());
        let id = |id: &str| Uuid::parse_str(id).map_err(|_| unknown());
        match name.split_once(':') {
            None if name == "user" => Ok(Self::User),
            Some(("conversation", rest)) => Ok(Self::Conversation(id(rest)?)),
            Some(("job", rest)) => Ok(Self::Job(id(rest)?)),
            Some(("file", rest)) => Ok(Self::File(id(rest)?)),
            _ => Err(unknown()),
        }
    }
}

impl Serialize for Room {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Room {
    fn schema_name() -> Cow<'static, str> {
        "Room".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What can be listened to: `user`, `conversation:<id>`, `job:<id>` or `file:<id>`.",
            "type": "string",
            "pattern": "^(user|(conversation|job|file):[0-9a-fA-F-]{32,36})$",
        })
    }
}
