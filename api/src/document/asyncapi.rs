//! The AsyncAPI document: the messages of the WebSocket, generated from the types of the events and of
//! the other messages, committed under `openapi/`.

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use self_shared::events::{Erased, EventKind, Room};
use serde_json::{Map, Value, json};

use crate::push::{ClientMessage, ServerMessage};

const SCHEMAS: &str = "/components/schemas";
const DESCRIPTION: &str = "\
The WebSocket of Self Backend: what happens, as it happens. `openapi/self-backend.json` describes the rest \
of the API; where both tell of the same thing, it has the same shape.

Messages are JSON objects with a `type`, one a text frame. Apps send the access token in `Authorization`; \
pages in browsers open the socket with `?ticket=`, which `POST /api/v1/auth/socket-ticket` gives.

Send `join_room` to hear a room: `user` for everything, `conversation:<id>`, `job:<id>` or `file:<id>` for \
one thing. With `after`, the last `seq` that you have, you first get what you missed. Events with a `seq` \
are numbered for each person without gaps and are never lost; `resync` says that some are no longer kept. \
The socket closes with 4401 when the session ends.";

/// The document as JSON, with a newline at its end.
#[must_use]
pub fn json() -> String {
    let document = serde_json::to_string_pretty(&document()).expect("a document is made of maps and texts");
    document + "\n"
}

/// A message, and the schema of its text frame.
struct Message {
    name: String,
    description: String,
    payload: Value,
}

fn document() -> Value {
    let (mut sent_schemas, mut received_schemas) =
        (generator(Contract::Serialize), generator(Contract::Deserialize));
    let events: Vec<Message> = EventKind::ALL.iter().map(|kind| event(*kind, &mut sent_schemas)).collect();
    let answers = variants::<ServerMessage>(&mut sent_schemas);
    let requests = variants::<ClientMessage>(&mut received_schemas);
    let mut schemas = received_schemas.take_definitions(true);
    schemas.extend(sent_schemas.take_definitions(true));

    let (mut messages, mut channel) = (Map::new(), Map::new());
    let mut send = |sent: Vec<Message>, operation: &str, union: &str| {
        let mut names = Vec::new();
        for Message { name, description, payload } in sent {
            let schema = format!("{}Message", pascal(&name));
            names.push(name.clone());
            messages.insert(
                name.clone(),
                json!({
                    "name": name,
                    "title": name,
                    "summary": description,
                    "contentType": "application/json",
                    "payload": {"$ref": format!("#{SCHEMAS}/{schema}")},
                }),
            );
            channel.insert(name.clone(), json!({"$ref": format!("#/components/messages/{name}")}));
            schemas.insert(schema, payload);
        }
        let one_of = |name: &String| json!({"$ref": format!("#{SCHEMAS}/{}Message", pascal(name))});
        schemas.insert(union.to_owned(), json!({"oneOf": names.iter().map(one_of).collect::<Vec<_>>()}));
        let of_channel = |name: &String| json!({"$ref": format!("#/channels/socket/messages/{name}")});
        json!({
            "action": operation,
            "channel": {"$ref": "#/channels/socket"},
            "messages": names.iter().map(of_channel).collect::<Vec<_>>(),
        })
    };
    let server_messages = send(events.into_iter().chain(answers).collect(), "send", "ServerMessage");
    let client_messages = send(requests, "receive", "ClientMessage");
    schemas.sort_keys();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Self Backend",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        },
        "defaultContentType": "application/json",
        "servers": {
            "own": {
                "host": "{host}",
                "protocol": "ws",
                "description": "This server; `wss` where it is behind TLS.",
                "variables": {"host": {"default": "127.0.0.1:8000", "description": "Host and port."}},
                "security": [
                    {"$ref": "#/components/securitySchemes/access_token"},
                    {"$ref": "#/components/securitySchemes/socket_ticket"},
                ],
            },
        },
        "channels": {
            "socket": {
                "address": "/api/v1/ws",
                "title": "The WebSocket",
                "messages": channel,
                "bindings": {"ws": {"method": "GET"}},
            },
        },
        "operations": {"tell": server_messages, "listen": client_messages},
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "socket_ticket": {"type": "httpApiKey", "name": "ticket", "in": "query"},
            },
        },
    })
}

/// A generator of JSON Schema draft 07, which the schemas of AsyncAPI extend.
fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
        settings.contract = contract;
    });
    if settings.contract.is_serialize() {
        return settings.with_transform(RecursiveTransform(absent_instead_of_null)).into_generator();
    }
    settings.into_generator()
}

/// Makes optional fields of sent messages absent instead of null; schemars allows both.
fn absent_instead_of_null(schema: &mut Schema) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let Some(property) = property.as_object_mut() else { continue };
        property.remove("default");
        if required.iter().any(|one| one == name) {
            continue;
        }
        if let Some(Value::Array(types)) = property.get("type") {
            let known = types.iter().find(|one| **one != "null").cloned();
            property.insert("type".to_owned(), known.unwrap_or_default());
        }
        if let Some(Value::Array(mut any_of)) = property.remove("anyOf") {
            any_of.retain(|one| *one != json!({"type": "null"}));
            property.insert("allOf".to_owned(), any_of.into());
        }
    }
}

/// An inline schema, transformed in the same way as the named ones.
fn finished(mut schema: Schema, generator: &mut SchemaGenerator) -> Value {
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    schema.to_value()
}

/// An event in the form that apps receive: see [`crate::push`].
fn event(kind: EventKind, generator: &mut SchemaGenerator) -> Message {
    let room = generator.subschema_for::<Room>();
    let data = kind.schema(generator);
    let mut data = finished(data, generator);
    if kind.is_erased_with_conversation() {
        data = json!({"anyOf": [data, generator.subschema_for::<Erased>()]});
    }
    let mut properties = json!({
        "type": {"type": "string", "const": kind.as_str()},
        "id": {"description": "The id of the event. It stays the same when the event is sent again.",
               "type": "string", "format": "uuid"},
        "rooms": {"description": "The rooms that receive the event, besides `user`.", "type": "array", "items": room},
        "at": {"description": "When it happened.", "type": "string", "format": "date-time"},
        "data": data,
    });
    let mut required = vec!["type", "id", "rooms", "at", "data"];
    if kind.is_durable() {
        properties["seq"] = json!({
            "description": "Its number among the person's events, without gaps from 1.",
            "type": "integer", "format": "int64", "minimum": 1,
        });
        required.push("seq");
    }
    let payload = json!({"type": "object", "properties": properties, "required": required});
    Message { name: kind.as_str().to_owned(), description: kind.description(), payload }
}

/// The messages of an enum that is tagged by `type`.
fn variants<T: JsonSchema>(generator: &mut SchemaGenerator) -> Vec<Message> {
    let schema = T::json_schema(generator);
    let schema = finished(schema, generator);
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let message = |mut payload: Value| {
        let name = payload["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
        let description = payload["description"].as_str().unwrap_or_default().to_owned();
        if let Some(schema) = payload.as_object_mut() {
            schema.remove("description");
        }
        Message { name, description, payload }
    };
    variants.into_iter().map(message).collect()
}

/// Converts a name: `job_update` to `JobUpdate`.
fn pascal(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests;
