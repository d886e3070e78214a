use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Types of both REST and push: the name in the OpenAPI document, and in the AsyncAPI document.
const SHARED: [(&str, &str); 21] = [
    ("Job", "Job"),
    ("Failure", "Failure"),
    ("Conversation", "Conversation"),
    ("Segment", "SegmentUpdate"),
    ("Word", "Word"),
    ("Model", "Model"),
    ("Coverage", "Coverage"),
    ("Warning", "Warning"),
    ("File", "File"),
    ("FileContent", "FileContent"),
    ("Insight", "Insight"),
    ("InsightEvidence", "InsightEvidence"),
    ("Evidence", "Evidence"),
    ("JobState", "JobState"),
    ("FailureCode", "FailureCode"),
    ("ConversationSource", "ConversationSource"),
    ("WarningCode", "WarningCode"),
    ("CoverageKind", "CoverageKind"),
    ("FileState", "FileState"),
    ("FileContentKind", "FileContentKind"),
    ("InsightKind", "InsightKind"),
];
/// Fields that only the event of a segment has.
const OF_SEGMENT_EVENTS: [&str; 3] = ["position", "is_final", "speech_final"];

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/asyncapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == json(), "run `self-api openapi`, look at what changed, and commit it");
}

#[test]
fn what_rest_and_push_both_tell_of_has_one_shape() {
    let (pushed, rest): (Value, Value) = (document(), serde_json::from_str(&super::super::json()).unwrap());
    for (in_rest, in_push) in SHARED {
        let of_rest = &rest["components"]["schemas"][in_rest];
        let of_push = &pushed["components"]["schemas"][in_push];
        assert!(of_rest.is_object() && of_push.is_object(), "{in_rest} or {in_push} is missing");
        assert_eq!(of_rest["enum"], of_push["enum"], "{in_rest}");
        let (expected, mut shape) = (shape(of_rest), shape(of_push));
        if in_push == "SegmentUpdate" {
            shape.retain(|name, _| !OF_SEGMENT_EVENTS.contains(&name.as_str()));
        }
        assert_eq!(expected, shape, "{in_rest}");
    }
}

/// The fields, each with its type and whether it is required.
fn shape(schema: &Value) -> BTreeMap<String, (String, bool)> {
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, of)| (name.clone(), (kind(of), required.contains(name.as_str())))).collect()
}

/// A short name of a type: `integer int64`, `JobState`, `[Warning]`.
fn kind(schema: &Value) -> String {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    if let Some(reference) = reference {
        return reference.rsplit('/').next().unwrap().to_owned();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => format!("[{}]", kind(&schema["items"])),
        (Some("object"), _) => format!("{{{}}}", kind(&schema["additionalProperties"])),
        (Some(one), format) => format!("{one} {}", format.unwrap_or_default()),
        (None, _) => schema.to_string(),
    }
}

#[test]
fn every_message_of_the_socket_is_described() {
    let document = document();
    let messages = document["components"]["messages"].as_object().unwrap();
    let expected = [
        "job_update",
        "job_progress",
        "transcription_update",
        "conversation_update",
        "entity_update",
        "file_event",
        "insight_generated",
        "insight_update",
        "joined",
        "left",
        "resync",
        "pong",
        "error",
        "join_room",
        "leave_room",
        "ping",
    ];
    let (expected, known): (BTreeSet<&str>, BTreeSet<&str>) =
        (expected.into(), messages.keys().map(String::as_str).collect());
    assert_eq!(known, expected);
    for (name, message) in messages {
        let payload = message["payload"]["$ref"].as_str().unwrap();
        let payload = document.pointer(payload.trim_start_matches('#')).unwrap();
        assert_eq!(payload["properties"]["type"]["const"], **name, "{payload}");
        assert!(!message["summary"].as_str().unwrap().is_empty(), "{name} is not described");
    }
}

#[test]
fn no_message_has_a_null_and_every_reference_leads_somewhere() {
    let mut document = document();
    // An app may send null instead of omitting a field.
    document["components"]["schemas"]["JoinRoomMessage"]["properties"]["after"].take();
    look(&document, &document);
    fn look(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                }
                fields.values().for_each(|field| look(field, document));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, document)),
            value => assert_ne!(value, "null", "what is not known is absent"),
        }
    }
}
