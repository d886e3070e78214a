//! What apps are told. Durable events are rows with a number; volatile ones only pass by.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{UserId, words};

words! {
    /// The stable kind of an event, durable or volatile.
    pub enum EventKind {
        /// A job changed its state. Durable.
        JobUpdate = "job_update",
        /// A running job got further. Volatile: never stored, never numbered.
        JobProgress = "job_progress",
        /// Segments of a transcription were added or replaced, or it was completed. Durable.
        TranscriptionUpdate = "transcription_update",
        /// A conversation was created, changed or deleted. Durable.
        ConversationUpdate = "conversation_update",
        /// A person decided something about an entity, or took it back. Durable.
        EntityUpdate = "entity_update",
        /// A file was created, changed, moved, understood or forgotten. Durable.
        FileUpdate = "file_update",
        /// Something deserves attention, for the first time or anew. Durable.
        InsightGenerated = "insight_generated",
        /// An insight was dismissed, restored, or is not so any more. Durable.
        InsightUpdate = "insight_update",
    }
}

/// What a client can listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// Everything of the person.
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

/// A room's name that is none.
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

/// An event as it travels: from the row, over NATS, to the socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Names the event across retries of its delivery.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: UserId,
    /// Its number among the person's durable events, without gaps from 1; none when volatile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// Where it is heard, besides [`Room::User`].
    pub rooms: Vec<Room>,
    /// The particulars, in the shape of the API's own views.
    pub data: serde_json::Value,
    /// When it happened.
    pub at: DateTime<Utc>,
}

impl Event {
    /// Whether somebody in this room hears it.
    #[must_use]
    pub fn is_heard_in(&self, room: Room) -> bool {
        room == Room::User || self.rooms.contains(&room)
    }
}
