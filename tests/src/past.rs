//! A person with data for every list. Tests of all routes start with them.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::person::id_of;
use crate::{Answer, Person, Sound, Stack};

/// Words in the data of this person.
pub const SAID: &str = "Analytical Engine";

/// Registers a person and creates one thing of each kind. A new kind of thing must be added here.
pub async fn somebody_with_a_past(stack: &Stack) -> Person {
    let person = Person::register(stack).await;
    let heard = person.upload(&Sound::short()).await.job;
    let said = json!({"title": "Tea in London", "tags": ["history"], "language": "en", "segments": [
        {"start_ms": 0, "end_ms": 2000, "text": "Ada Lovelace met Charles Babbage in London.", "speaker": "A"},
        {"start_ms": 2000, "end_ms": 4000, "text": format!("They spoke of the {SAID}."), "speaker": "B"},
        {"start_ms": 4000, "end_ms": 6000, "text": "I promise to write to Charles Babbage.", "speaker": "A"},
    ]});
    let imported = person.post("/api/v1/conversations", &said).await.good();
    let file = json!({"events": [{"id": Uuid::now_v7(), "kind": "created", "device": "laptop",
        "path": "/home/ada/engine.md", "happened_at": "2026-09-21T10:00:00Z",
        "content": format!("# The {SAID}\n\nIt calculates.")}]});
    let recorded = person.post("/api/v1/files/events", &file).await.good();
    for job in [&imported["job"]["id"], &recorded["events"][0]["job_id"]] {
        person.success(id_of(job)).await;
    }
    person.success(heard).await;
    rename(&person, "Mr. Babbage").await;
    let exported = person.post("/api/v1/users/me/export", &json!({})).await.good();
    person.success(id_of(&exported["job"]["id"])).await;
    person.settled().await;
    person
}

/// Renames one of the entities.
async fn rename(person: &Person, to: &str) {
    let found = person.get("/api/v1/entities?limit=100").await.good();
    let entity = found["items"].as_array().unwrap().first().unwrap();
    let path = format!("/api/v1/entities/{}", id_of(&entity["id"]));
    let request = person.request(Method::PATCH, &path).json(&json!({"name": to}));
    assert_eq!(Answer::of(request).await.unwrap().status, 200, "nobody is called {to}");
}
