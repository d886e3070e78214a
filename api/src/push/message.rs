//! The messages of a socket: JSON objects with a `type`, one in each text frame.

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_shared::domain::job::JobSnapshot;
use self_shared::events::{Event, EventKind, Room};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::problem::Code;

/// A message from the app to the server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ClientMessage {
    /// Join a room. The server sends first the stored events after `after`, if it is given, and then
    /// new events as they happen.
    JoinRoom {
        /// The room.
        room: Room,
        /// The highest `seq` that the app has.
        #[serde(default)]
        after: Option<i64>,
        /// Additional data that the app wants with the events of the room.
        #[serde(default)]
        include: Vec<Include>,
    },
    /// Leave a room. The server sends no more events of this room.
    LeaveRoom {
        /// The room.
        room: Room,
    },
    /// Check the connection. The server answers `pong`.
    Ping {},
}

/// Additional data with the events of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Include {
    /// The words of segments, with their times and confidence.
    Words,
}

/// A message from the server to the app.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// The app has joined the room. From now on it receives the events of the room as they happen.
    Joined {
        /// The room.
        room: Room,
        /// All events up to this `seq` have been sent.
        seq: i64,
        /// The current state of the job, in a `job:` room only.
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<Box<JobSnapshot>>,
    },
    /// The app has left the room.
    Left {
        /// The room.
        room: Room,
    },
    /// Events after `after` are no longer kept. Read the data that the app needs by REST, and continue
    /// from `seq`.
    Resync {
        /// The room.
        room: Room,
        /// The `seq` of the last event before the missing ones.
        after: i64,
        /// The `seq` of the last missing event.
        seq: i64,
    },
    /// The answer to `ping`.
    Pong,
    /// The server could not do what a message asked.
    Error {
        /// A stable code of the API's list of problem codes.
        #[schemars(schema_with = "problem_code")]
        code: &'static str,
        /// What is wrong, and what to do about it.
        detail: String,
    },
}

fn problem_code(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>()})
}

/// An event in the form that apps receive.
#[derive(Debug, Serialize)]
pub(super) struct EventMessage<'a> {
    #[serde(rename = "type")]
    kind: EventKind,
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    rooms: &'a [Room],
    at: DateTime<Utc>,
    data: Value,
}

impl<'a> EventMessage<'a> {
    /// Makes the message, with or without the words of segments. Events that an older version stored are
    /// converted to the present form.
    pub(super) fn new(event: &'a Event, with_words: bool) -> Self {
        let Event { id, user_id: _, seq, kind, rooms, data, at } = event;
        let mut data = kind.upgraded(data.clone());
        if *kind == EventKind::TranscriptionUpdate && !with_words {
            leave_words_out(&mut data);
        }
        Self { kind: *kind, id: *id, seq: *seq, rooms, at: *at, data }
    }
}

fn leave_words_out(data: &mut Value) {
    for segment in data.get_mut("segments").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(segment) = segment.as_object_mut() {
            segment.remove("words");
            segment.remove("timing");
        }
    }
}

#[cfg(test)]
mod tests {
    use self_shared::domain::UserId;
    use serde_json::json;

    use super::*;

    #[test]
    fn joining_says_a_room_and_perhaps_a_number() {
        let message = serde_json::from_str(r#"{"type":"join_room","room":"user","after":7}"#).unwrap();
        assert!(
            matches!(message, ClientMessage::JoinRoom { room: Room::User, after: Some(7), include } if include.is_empty())
        );
    }

    #[test]
    fn what_no_message_has_is_refused_by_its_name() {
        for (message, field) in [
            (r#"{"type":"join_room","room":"user","words":true}"#, "`words`"),
            (r#"{"type":"leave_room","room":"user","after":1}"#, "`after`"),
            (r#"{"type":"ping","at":1}"#, "`at`"),
        ] {
            let error = serde_json::from_str::<ClientMessage>(message).unwrap_err().to_string();
            assert!(error.contains("unknown field") && error.contains(field), "{error}");
        }
    }

    #[test]
    fn words_are_for_those_who_ask() {
        let event = Event {
            id: Uuid::nil(),
            user_id: UserId(Uuid::nil()),
            seq: Some(1),
            kind: EventKind::TranscriptionUpdate,
            rooms: Vec::new(),
            data: json!({"segments": [{"text": "Yes.", "words": [], "timing": "estimated"}]}),
            at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(EventMessage::new(&event, false).data, json!({"segments": [{"text": "Yes."}]}));
        assert_eq!(EventMessage::new(&event, true).data, event.data);
    }

    #[test]
    fn a_strange_room_is_named_in_the_error() {
        let error =
            serde_json::from_str::<ClientMessage>(r#"{"type":"join_room","room":"attic"}"#).unwrap_err();
        assert!(error.to_string().contains("`attic` is not a room"), "{error}");
    }
}
