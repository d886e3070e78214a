//! Decisions about entities: list, events and undo.

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

const ENTITIES: &str = "/api/v1/entities";
const DECISIONS: &str = "/api/v1/entities/decisions";

/// Imports a text, waits until it is processed, and returns the conversation.
async fn says(person: &Person, text: &str) -> Uuid {
    let accepted = person.post("/api/v1/conversations", &json!({"text": text})).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    id_of(&accepted["conversation"]["id"])
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    person.get(path).await.good()["items"].as_array().unwrap().clone()
}

async fn named(person: &Person, name: &str) -> Option<Value> {
    items(person, &format!("{ENTITIES}?name={name}&limit=1")).await.pop()
}

async fn id_named(person: &Person, name: &str) -> Uuid {
    id_of(&named(person, name).await.unwrap()["id"])
}

async fn send(person: &Person, method: Method, path: &str, body: &Value) -> Answer {
    Answer::of(person.request(method, path).json(body)).await.unwrap()
}

/// Undoes a decision, waits until the affected conversations are processed again, and returns their number.
async fn takes_back(person: &Person, decision: &Value) -> usize {
    let path = format!("{DECISIONS}/{}", id_of(&decision["id"]));
    let work = send(person, Method::DELETE, &path, &json!({})).await.good();
    let jobs = work["jobs"].as_array().unwrap();
    for job in jobs {
        person.success(id_of(&job["id"])).await;
    }
    jobs.len()
}

#[tokio::test]
async fn what_was_forgotten_comes_back_when_that_is_taken_back() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says(&person, "Tom Miller moved to Berlin. His number is five five five oh one two three.").await;
    says(&person, "I went home. Then I slept.").await;
    for name in ["Berlin", "555"] {
        // The key of the number does not occur in the text, so a search by name does not find it.
        let found = match named(&person, name).await {
            Some(found) => found,
            None => items(&person, &format!("{ENTITIES}?kind=phone")).await.remove(0),
        };
        let path = format!("{ENTITIES}/{}", id_of(&found["id"]));
        assert_eq!(send(&person, Method::DELETE, &path, &json!({})).await.status, 204);
    }
    // A forgotten entity is not found in new text, but the text itself is kept.
    says(&person, "Tom Miller is still in Berlin. He likes it there.").await;
    assert!(named(&person, "Berlin").await.is_none());

    let decided = items(&person, DECISIONS).await;
    assert_eq!(decided.len(), 2);
    let (phone, berlin) = (&decided[0], &decided[1]);
    assert_eq!(
        (&berlin["kind"], &berlin["key"], berlin.get("becomes")),
        (&json!("place"), &json!("berlin"), None)
    );
    assert_eq!(takes_back(&person, berlin).await, 2);
    let back = named(&person, "Berlin").await.unwrap();
    assert_eq!((&back["mention_count"], &back["conversation_count"]), (&json!(2), &json!(2)));
    assert_eq!(takes_back(&person, phone).await, 1);
    assert_eq!(items(&person, &format!("{ENTITIES}?kind=phone")).await.len(), 1);

    assert_eq!(items(&person, DECISIONS).await, Vec::<Value>::new());
    let gone = format!("{DECISIONS}/{}", id_of(&berlin["id"]));
    assert_eq!(
        send(&person, Method::DELETE, &gone, &json!({})).await.refused(),
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn two_that_were_merged_are_two_again_when_that_is_taken_back() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says(&person, "I met Maria Silva in Lisbon. She is well.").await;
    says(&person, "Tom Miller moved to Berlin. He likes it there.").await;
    let (maria, tom) = (id_named(&person, "Silva").await, id_named(&person, "Miller").await);
    let path = format!("{ENTITIES}/{maria}/merge");
    send(&person, Method::POST, &path, &json!({"entity_id": tom})).await.good();
    let decided = items(&person, DECISIONS).await;
    let becomes = json!({"kind": "person", "name": "Maria Silva"});
    assert_eq!(
        (decided.len(), &decided[0]["key"], &decided[0]["becomes"]),
        (1, &json!("tom miller"), &becomes)
    );

    takes_back(&person, &decided[0]).await;
    let maria = person.get(&format!("{ENTITIES}/{maria}")).await.good();
    assert_eq!((&maria["aliases"], &maria["mention_count"]), (&json!([]), &json!(1)));
    let tom = named(&person, "Miller").await.unwrap();
    assert_eq!((&tom["name"], &tom["mention_count"]), (&json!("Tom Miller"), &json!(1)));
}

#[tokio::test]
async fn decisions_are_listed_page_by_page_and_only_to_whom_they_are() {
    let stack = Stack::start().await;
    let (person, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    says(&person, "I met Maria Silva in Lisbon. She wrote to maria@example.org and to tom@example.org.")
        .await;
    let all = items(&person, &format!("{ENTITIES}?limit=100")).await;
    assert!(all.len() >= 4, "{all:?}");
    for entity in &all {
        let path = format!("{ENTITIES}/{}", id_of(&entity["id"]));
        assert_eq!(send(&person, Method::DELETE, &path, &json!({})).await.status, 204);
    }
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("{DECISIONS}?limit=1{cursor}")).await.good();
        keys.extend(page["items"].as_array().unwrap().iter().map(|one| one["key"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let listed = items(&person, &format!("{DECISIONS}?limit=100")).await;
    assert_eq!(keys, listed.iter().map(|one| one["key"].clone()).collect::<Vec<_>>());
    assert_eq!(keys.len(), all.len());

    assert!(items(&stranger, DECISIONS).await.is_empty());
    let path = format!("{DECISIONS}/{}", id_of(&listed[0]["id"]));
    assert_eq!(
        send(&stranger, Method::DELETE, &path, &json!({})).await.refused(),
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn events_name_the_decision_and_never_the_name_of_an_entity() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says(&person, "I met Maria Silva and Tom Miller in Lisbon. They are well.").await;
    let (maria, tom) = (id_named(&person, "Silva").await, id_named(&person, "Miller").await);
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    let mut told = async || {
        let heard = socket.hear_until("the event", |frame| frame["type"] == "entity_update").await;
        let frame = heard.last().unwrap().clone();
        assert!(frame["seq"].is_i64() && !frame.to_string().contains("aria"), "{frame}");
        frame["data"].clone()
    };
    let path = format!("{ENTITIES}/{maria}");
    send(&person, Method::PATCH, &path, &json!({"name": "Maria da Silva"})).await.good();
    assert_eq!(told().await, json!({"change": "edited", "id": maria}));
    send(&person, Method::POST, &format!("{path}/merge"), &json!({"entity_id": tom})).await.good();
    assert_eq!(told().await, json!({"change": "merged", "id": maria, "other_id": tom}));
    let split =
        send(&person, Method::POST, &format!("{path}/split"), &json!({"names": ["Tom Miller"]})).await;
    assert_eq!(told().await, json!({"change": "split", "id": maria, "other_id": split.good()["id"]}));
    assert_eq!(send(&person, Method::DELETE, &path, &json!({})).await.status, 204);
    assert_eq!(told().await, json!({"change": "forgotten", "id": maria}));
    let decision = id_of(&items(&person, DECISIONS).await[0]["id"]);
    send(&person, Method::DELETE, &format!("{DECISIONS}/{decision}"), &json!({})).await.good();
    assert_eq!(told().await, json!({"change": "taken_back", "decision_id": decision}));
}
