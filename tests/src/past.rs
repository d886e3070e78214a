//! Somebody for whom every list has something in it: what tests of every route begin with.

use serde_json::json;

use crate::person::id_of;
use crate::{Person, Sound, Stack};

/// Words that were said in the past of everybody here.
pub const SAID: &str = "Analytical Engine";

/// Registers somebody, and does everything once. Whoever adds things of a new kind adds one here.
pub async fn somebody_with_a_past(stack: &Stack) -> Person {
    let person = Person::register(stack).await;
    let heard = person.upload(&Sound::short()).await.job;
    let said = json!({"title": "Tea in London", "tags": ["history"], "language": "en", "segments": [
        {"start_ms": 0, "end_ms": 2000, "text": "Ada Lovelace met Charles Babbage in London.", "speaker": "A"},
        {"start_ms": 2000, "end_ms": 4000, "text": format!("They spoke of the {SAID}."), "speaker": "B"},
    ]});
    let imported = person.post("/api/v1/conversations", &said).await.good();
    person.success(id_of(&imported["job"]["id"])).await;
    person.success(heard).await;
    person
}
