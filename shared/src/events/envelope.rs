//! The common shape of all events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{EventKind, Registered, Room};
use crate::domain::{UserId, new_id};

/// An event of any kind, as it is stored, published and sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same for every delivery of the event.
    pub id: Uuid,
    pub user_id: UserId,
    /// The number among the person's durable events, from 1 and without gaps; `None` for a volatile event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The rooms in which it is sent, besides [`Room::User`].
    pub rooms: Vec<Room>,
    /// The payload as stored; an older or a newer version may have written it.
    pub data: Value,
    /// The time of the event.
    pub at: DateTime<Utc>,
}

impl Event {
    /// Makes a volatile event, which is never stored and has no number.
    #[must_use]
    pub fn volatile<E: Registered>(user_id: UserId, payload: &E, at: DateTime<Utc>) -> Self {
        const { assert!(!E::DURABLE, "a durable event is sent by a transaction") };
        let (id, rooms) = (new_id(), payload.rooms());
        Self { id, user_id, seq: None, kind: E::KIND, rooms, data: stored(payload), at }
    }

    /// Whether it is sent in this room.
    #[must_use]
    pub fn is_in_room(&self, room: Room) -> bool {
        room == Room::User || self.rooms.contains(&room)
    }
}

/// The payload as it is stored and sent.
pub(crate) fn stored(payload: &impl Serialize) -> Value {
    serde_json::to_value(payload).expect("payloads are made of strings, numbers, times and ids")
}
