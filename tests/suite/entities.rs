//! Who and what was mentioned, in all conversations together, and how it hangs together.

use std::collections::BTreeSet;

use self_tests::person::id_of;
use self_tests::{Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

const ENTITIES: &str = "/api/v1/entities";

/// Somebody who has spoken of Maria Silva twice, of Lisbon with her, and of Tom with Berlin only.
async fn who_remembers(stack: &Stack) -> Person {
    let person = Person::register(stack).await;
    for (title, started_at, text) in [
        (
            "Journey",
            "2024-06-01T10:00:00Z",
            "Last summer we took the train to Lisbon and met Maria Silva there.",
        ),
        (
            "Call",
            "2024-09-01T10:00:00Z",
            "I called Maria Silva yesterday. She will write to maria@example.org.",
        ),
        ("Work", "2024-09-02T10:00:00Z", "Tom Miller moved to Berlin and works for Siemens now."),
    ] {
        let body = json!({"title": title, "started_at": started_at,
                          "segments": [{"start_ms": 500, "end_ms": 5_000, "text": text}]});
        let accepted = person.post("/api/v1/conversations", &body).await.good();
        person.success(id_of(&accepted["job"]["id"])).await;
    }
    person
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    person.get(path).await.good()["items"].as_array().unwrap().clone()
}

fn names(entities: &[Value]) -> Vec<&str> {
    entities.iter().filter_map(|entity| entity["name"].as_str()).collect()
}

async fn id_named(person: &Person, name: &str) -> Uuid {
    let found = items(person, &format!("{ENTITIES}?name={name}&limit=1")).await;
    id_of(&found[0]["id"])
}

#[tokio::test]
async fn entities_are_listed_with_when_and_how_often_they_were_mentioned() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let people = items(&person, &format!("{ENTITIES}?kind=person")).await;
    assert_eq!(names(&people), ["Tom Miller", "Maria Silva"]);
    let maria = &people[1];
    assert_eq!((&maria["mention_count"], &maria["conversation_count"]), (&json!(2), &json!(2)));
    assert!(maria["first_seen_at"].as_str().unwrap().starts_with("2024-06-01"), "{maria}");
    assert!(maria["last_seen_at"].as_str().unwrap().starts_with("2024-09-01"), "{maria}");

    assert_eq!(names(&items(&person, &format!("{ENTITIES}?name=silv")).await), ["Maria Silva"]);
    let later = items(&person, &format!("{ENTITIES}?from=2024-09-02T00:00:00Z")).await;
    assert!(names(&later).contains(&"Berlin") && !names(&later).contains(&"Lisbon"), "{later:?}");

    let all = names(&items(&person, &format!("{ENTITIES}?limit=100")).await).len();
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = person.get(&format!("{ENTITIES}?limit=2{cursor}")).await.good();
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| id_of(&one["id"])));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), all);
}

#[tokio::test]
async fn a_timeline_leads_to_every_place_where_somebody_was_mentioned() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let maria = person.get(&format!("{ENTITIES}/{}", id_named(&person, "Silva").await)).await.good();
    let timeline = maria["timeline"].as_array().unwrap();
    let titles: Vec<_> = timeline.iter().map(|one| one["title"].clone()).collect();
    assert_eq!(titles, ["Call", "Journey"]);
    let mention = &timeline[1]["mentions"][0];
    assert_eq!((&mention["text"], &mention["start_ms"]), (&json!("Maria Silva"), &json!(500)));
    assert!(timeline[1]["text"].as_str().unwrap().contains("train to Lisbon"), "{maria}");
}

#[tokio::test]
async fn a_connection_shows_what_speaks_for_it() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let maria = id_named(&person, "Silva").await;
    let connections = items(&person, &format!("{ENTITIES}/{maria}/connections")).await;
    let lisbon = connections.iter().find(|one| one["entity"]["name"] == "Lisbon").unwrap();
    assert!(lisbon["strength"].as_f64().is_some_and(|strength| strength > 0.0), "{lisbon}");
    assert!(lisbon["evidence"][0]["text"].as_str().unwrap().contains("train to Lisbon"), "{lisbon}");
    assert!(!connections.iter().any(|one| one["entity"]["name"] == "Berlin"), "{connections:?}");
    // It is the same connection from the other end.
    let back = items(&person, &format!("{ENTITIES}/{}/connections", id_of(&lisbon["entity"]["id"]))).await;
    assert!(back.iter().any(|one| one["id"] == lisbon["id"] && one["entity"]["id"] == maria.to_string()));
}

#[tokio::test]
async fn a_graph_goes_as_far_as_was_asked_and_no_farther() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let lisbon = id_named(&person, "Lisbon").await;
    let graph = async |query: &str| person.get(&format!("{ENTITIES}/{lisbon}/graph?{query}")).await.good();
    let near = graph("depth=1").await;
    let entities = near["entities"].as_array().unwrap().clone();
    assert_eq!(names(&entities)[0], "Lisbon");
    assert!(names(&entities).contains(&"Maria Silva"), "{near}");
    assert!(!names(&entities).iter().any(|name| name.contains("maria@")), "{near}");
    let far = graph("depth=3&limit=100").await;
    let reached: BTreeSet<Uuid> =
        far["entities"].as_array().unwrap().iter().map(|one| id_of(&one["id"])).collect();
    assert!(!names(far["entities"].as_array().unwrap()).contains(&"Berlin"), "{far}");
    for connection in far["connections"].as_array().unwrap() {
        for end in ["from_entity_id", "to_entity_id"] {
            assert!(reached.contains(&id_of(&connection[end])), "{connection}");
        }
    }
    assert_eq!(graph("depth=3&limit=1").await["entities"].as_array().unwrap().len(), 1);
    let refused = person.get(&format!("{ENTITIES}/{lisbon}/graph?depth=9")).await.refused();
    assert_eq!(refused, (400, "invalid_input".to_owned()));
}
