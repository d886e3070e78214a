//! What is said over a socket: JSON objects with a `type`, one a text frame.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use self_shared::domain::event::{Event, EventKind, Room};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What an app says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromApp {
    /// Begin to hear a room: first everything durable after `after`, if given, then what happens.
    JoinRoom {
        room: Room,
        #[serde(default)]
        after: Option<i64>,
        #[serde(default)]
        include: Vec<Include>,
    },
    /// Hear it no longer.
    LeaveRoom { room: Room },
    /// Is anybody there?
    Ping {},
}

/// What an app can have beside the events of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Include {
    /// The words of segments, each with its times and confidence.
    Words,
}

/// What an app is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToApp {
    /// The room is heard from now on. `seq` is the number up to which everything was told, `job`
    /// how the job of a `job:` room stands.
    Joined {
        room: Room,
        seq: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<Value>,
    },
    /// The room is heard no longer.
    Left { room: Room },
    /// Events after `after` cannot be given any more: read by REST what matters, and go on from
    /// `seq`.
    Resync { room: Room, after: i64, seq: i64 },
    /// Somebody is.
    Pong,
    /// What was said cannot be done; `code` is one of the API's own table.
    Error { code: &'static str, detail: String },
}

/// An event as an app gets it.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    #[serde(rename = "type")]
    kind: EventKind,
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    rooms: &'a [Room],
    at: DateTime<Utc>,
    data: Cow<'a, Value>,
}

impl<'a> Told<'a> {
    /// An event as an app gets it that asked for the words of segments, or did not.
    pub(super) fn new(event: &'a Event, with_words: bool) -> Self {
        let Event { id, user_id: _, seq, kind, rooms, data, at } = event;
        let data = match kind {
            EventKind::TranscriptionUpdate if !with_words => Cow::Owned(without_words(data.clone())),
            _ => Cow::Borrowed(data),
        };
        Self { kind: *kind, id: *id, seq: *seq, rooms, at: *at, data }
    }
}

fn without_words(mut data: Value) -> Value {
    for segment in data.get_mut("segments").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(segment) = segment.as_object_mut() {
            segment.remove("words");
            segment.remove("timing");
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use self_shared::domain::UserId;
    use serde_json::json;

    use super::*;

    #[test]
    fn joining_says_a_room_and_perhaps_a_number() {
        let said = serde_json::from_str(r#"{"type":"join_room","room":"user","after":7}"#).unwrap();
        assert!(
            matches!(said, FromApp::JoinRoom { room: Room::User, after: Some(7), include } if include.is_empty())
        );
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
        assert_eq!(*Told::new(&event, false).data, json!({"segments": [{"text": "Yes."}]}));
        assert_eq!(*Told::new(&event, true).data, event.data);
    }

    #[test]
    fn a_strange_room_is_named_in_the_error() {
        let error = serde_json::from_str::<FromApp>(r#"{"type":"join_room","room":"attic"}"#).unwrap_err();
        assert!(error.to_string().contains("`attic` is not a room"), "{error}");
    }
}
