//! An event as it travels.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{EventKind, Registered, Room};
use crate::domain::{UserId, new_id};

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
    /// The payload, as it was stored: perhaps by an older or a newer version.
    pub data: Value,
    /// When it happened.
    pub at: DateTime<Utc>,
}

impl Event {
    /// A volatile event: it is never stored and has no number.
    #[must_use]
    pub fn volatile<E: Registered>(user_id: UserId, payload: &E, at: DateTime<Utc>) -> Self {
        const { assert!(!E::DURABLE, "a durable event is told in a transaction") };
        let (id, rooms) = (new_id(), payload.rooms());
        Self { id, user_id, seq: None, kind: E::KIND, rooms, data: stored(payload), at }
    }

    /// Whether somebody in this room hears it.
    #[must_use]
    pub fn is_heard_in(&self, room: Room) -> bool {
        room == Room::User || self.rooms.contains(&room)
    }
}

/// The payload as it is stored and sent.
pub(crate) fn stored(payload: &impl Serialize) -> Value {
    serde_json::to_value(payload).expect("payloads are made of strings, numbers, times and ids")
}
