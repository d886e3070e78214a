//! The OpenAPI document: generated from the routes, committed under `openapi/`, shown at `/docs`. Also the
//! [AsyncAPI document](asyncapi) of the WebSocket.

mod asyncapi;
mod shape;

use std::fmt::Write as _;

use poem_openapi::{LicenseObject, OpenApi, OpenApiService, ServerObject};

pub use self::asyncapi::json as asyncapi;
use self::shape::CorrectedApi;
use crate::problem::Code;
use crate::routes;

/// The routes as a service that also generates their document.
pub(crate) fn service() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(CorrectedApi(routes::all()), "Self Backend", env!("CARGO_PKG_VERSION"))
        .description(description())
        .license(LicenseObject::new(env!("CARGO_PKG_LICENSE")))
        .server(ServerObject::new("/").description("This server"))
}

/// The document as JSON, with a newline at its end.
#[must_use]
pub fn json() -> String {
    shape::closed(&service().spec()) + "\n"
}

/// The page at `/docs`: Scalar, with its script inline. The page loads nothing from elsewhere.
pub(crate) fn page() -> String {
    shape::closed(&service().scalar_html())
}

fn description() -> String {
    let mut text = String::from(
        "The backend of a digital memory assistant: send it recordings of conversations, and read, hear \
         and search what was said.\n\n\
         **Life of an upload.** `POST /api/v1/audio/upload` answers 202 with a job once the recording is \
         safe. Follow the job at its `Location`, or over the WebSocket; then read the transcript, the \
         conversation with who and what it mentions, and search it by meaning.\n\n\
         **Conventions.** Ids are UUIDv7. Times are RFC 3339 in UTC; positions and lengths in sound are \
         milliseconds. What is not known yet is absent. Lists give `items` and, where there is more, \
         `next_cursor`. What belongs to somebody else does not exist. Every answer carries `X-Request-Id`; \
         yours is used when you send one.\n\n\
         **Push.** `GET /api/v1/ws` is a WebSocket. It takes the access token in `Authorization`, or, \
         from browsers, a ticket (see *Get a ticket for a socket*). Send \
         `{\"type\": \"join_room\", \"room\": \"user\"}` (or `conversation:<id>`, `job:<id>`, `file:<id>`), with `after` as the \
         last `seq` that you have, and get `job_update`, `job_progress`, `transcription_update`, \
         `conversation_update`, `insight_generated`, `insight_update`, `file_event` and `entity_update`. \
         `/asyncapi.json` describes them all, as AsyncAPI. Events with a `seq` are never lost: after a break you get what you missed; \
         `resync` says that it is too much, and that you should read anew.\n\n\
         **Problems** are `application/problem+json` (RFC 9457). Match on `code`:\n\n\
         | code | status | what it means |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let (word, status, title) = (code.as_str(), code.status().as_u16(), code.title());
        writeln!(text, "| `{word}` | {status} | {title} |").expect("a string takes all that is written");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn operations() -> Vec<(String, Value)> {
        let document: Value = serde_json::from_str(&json()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        paths
            .into_iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().clone();
                methods.into_iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
            })
            .collect()
    }

    #[test]
    fn the_committed_document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/self-backend.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == json(), "run `self-api openapi`, look at what changed, and commit it");
    }

    #[test]
    fn every_code_is_in_the_table_and_in_some_route() {
        let described = description();
        let routes: String =
            operations().iter().map(|(_, operation)| operation["responses"].to_string()).collect();
        // Codes outside the routes: of the router and of the socket.
        let elsewhere = [Code::NoSuchRoute, Code::MethodNotAllowed, Code::BadMessage];
        for code in Code::ALL {
            let word = format!("`{}`", code.as_str());
            assert!(described.contains(&word), "{word} is not in the table");
            assert!(elsewhere.contains(code) || routes.contains(&word), "{word} is in no route");
        }
    }

    #[test]
    fn every_operation_has_an_id_a_summary_and_its_problems() {
        let mut ids = BTreeSet::new();
        for (name, operation) in operations() {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{name} does not say 500");
            if operation["security"].is_array() {
                assert!(responses.contains_key("401") && responses.contains_key("503"), "{name}");
            }
            for (status, response) in responses {
                let is_problem = status.starts_with('4') || status.starts_with('5');
                let content = &response["content"];
                let has_body = content.get("application/problem+json").is_some()
                    || content.get("application/json").is_some();
                assert!(!is_problem || has_body, "{name} {status} has no body");
            }
        }
    }

    #[test]
    fn all_but_the_open_routes_want_a_token() {
        let open = [
            "register",
            "login",
            "refresh",
            "get_erasure",
            "get_health",
            "get_liveness",
            "get_readiness",
            "get_metrics",
        ];
        for (name, operation) in operations() {
            let id = operation["operationId"].as_str().unwrap();
            assert_eq!(operation["security"].is_array(), !open.contains(&id), "{name}");
        }
    }
}
