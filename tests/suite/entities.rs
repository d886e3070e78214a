//! Entities across all conversations, and their connections.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

const ENTITIES: &str = "/api/v1/entities";

/// A person who has mentioned Maria Silva twice, Lisbon together with her, and Tom only with Berlin.
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
    // The same connection from its other end.
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

/// Imports a text, waits until it is processed, and returns the conversation.
async fn says(person: &Person, text: &str) -> Uuid {
    let accepted = person.post("/api/v1/conversations", &json!({"text": text})).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    id_of(&accepted["conversation"]["id"])
}

async fn corrects(person: &Person, method: Method, path: &str, body: &Value) -> Answer {
    Answer::of(person.request(method, &format!("{ENTITIES}/{path}")).json(body)).await.unwrap()
}

#[tokio::test]
async fn a_name_that_a_person_gave_stays_when_the_old_one_is_mentioned_again() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let maria = id_named(&person, "Silva").await;
    let renamed =
        corrects(&person, Method::PATCH, &maria.to_string(), &json!({"name": "Maria da Silva"})).await;
    assert_eq!(renamed.good()["aliases"], json!(["Maria Silva"]));
    says(&person, "I met Maria Silva in Porto. Then I went home.").await;
    let people = items(&person, &format!("{ENTITIES}?name=silva")).await;
    assert_eq!(names(&people), ["Maria da Silva"]);
    assert_eq!((&people[0]["mention_count"], id_of(&people[0]["id"])), (&json!(3), maria));

    // When all conversations with her are processed again, she returns under the new name.
    for conversation in items(&person, "/api/v1/conversations").await {
        let path = format!("/api/v1/conversations/{}", id_of(&conversation["id"]));
        assert_eq!(Answer::of(person.request(Method::DELETE, &path)).await.unwrap().status, 204);
    }
    assert_eq!(items(&person, ENTITIES).await, Vec::<Value>::new());
    says(&person, "I met Maria Silva in Porto again. Then I went home.").await;
    assert_eq!(names(&items(&person, &format!("{ENTITIES}?kind=person")).await), ["Maria da Silva"]);
}

#[tokio::test]
async fn a_name_of_another_is_refused_and_names_whose_it_is() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let (maria, tom) = (id_named(&person, "Silva").await, id_named(&person, "Miller").await);
    let refused = corrects(&person, Method::PATCH, &maria.to_string(), &json!({"name": "tom miller"})).await;
    assert_eq!(refused.refused(), (409, "entity_exists".to_owned()));
    assert!(refused.text().contains(&tom.to_string()), "{}", refused.text());
    for (path, body) in
        [(maria.to_string(), json!({"kind": "ghost"})), (maria.to_string(), json!({"name": " "}))]
    {
        let refused = corrects(&person, Method::PATCH, &path, &body).await.refused();
        assert_eq!(refused, (400, "invalid_input".to_owned()), "{body}");
    }
    for (path, body) in [
        (format!("{maria}/merge"), json!({"entity_id": maria})),
        (format!("{maria}/split"), json!({"names": []})),
        (format!("{maria}/split"), json!({"names": ["Nobody"]})),
        (format!("{maria}/split"), json!({"names": ["maria silva"]})),
    ] {
        let refused = corrects(&person, Method::POST, &path, &body).await.refused();
        assert_eq!(refused, (400, "invalid_input".to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_correction_of_what_has_changed_since_is_refused() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let maria = id_named(&person, "Silva").await;
    let read = person.get(&format!("{ENTITIES}/{maria}")).await;
    let rename = async |name: &str| {
        let request = person.request(Method::PATCH, &format!("{ENTITIES}/{maria}"));
        let request = request.header("If-Match", read.header("etag")).json(&json!({"name": name}));
        Answer::of(request).await.unwrap()
    };
    assert_eq!(rename("Maria S.").await.good()["name"], "Maria S.");
    assert_eq!(rename("Maria T.").await.refused(), (412, "precondition_failed".to_owned()));
}

#[tokio::test]
async fn two_that_were_merged_stay_one_until_they_are_split() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let (maria, tom) = (id_named(&person, "Silva").await, id_named(&person, "Miller").await);
    let merged = corrects(&person, Method::POST, &format!("{maria}/merge"), &json!({"entity_id": tom})).await;
    let merged = merged.good();
    assert_eq!((&merged["name"], &merged["aliases"]), (&json!("Maria Silva"), &json!(["Tom Miller"])));
    assert_eq!((&merged["mention_count"], &merged["conversation_count"]), (&json!(3), &json!(3)));
    assert!(merged["last_seen_at"].as_str().unwrap().starts_with("2024-09-02"), "{merged}");
    assert_eq!(person.get(&format!("{ENTITIES}/{tom}")).await.refused(), (404, "not_found".to_owned()));
    let connected = async |id: Uuid| -> BTreeSet<String> {
        let connections = items(&person, &format!("{ENTITIES}/{id}/connections")).await;
        connections.iter().map(|one| one["entity"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let both = connected(maria).await;
    assert!(both.contains("Lisbon") && both.contains("Berlin"), "{both:?}");

    says(&person, "Tom Miller called from Berlin. He is well.").await;
    assert_eq!(names(&items(&person, &format!("{ENTITIES}?kind=person")).await), ["Maria Silva"]);

    let split =
        corrects(&person, Method::POST, &format!("{maria}/split"), &json!({"names": ["Tom Miller"]})).await;
    assert_eq!(split.status, 201);
    let other = split.good();
    assert_eq!((&other["name"], &other["mention_count"]), (&json!("Tom Miller"), &json!(2)));
    assert!(other["first_seen_at"].as_str().unwrap().starts_with("2024-09-02"), "{other}");
    let (hers, his) = (connected(maria).await, connected(id_of(&other["id"])).await);
    assert!(hers.contains("Lisbon") && !hers.contains("Berlin"), "{hers:?}");
    assert!(his.contains("Berlin") && !his.contains("Lisbon"), "{his:?}");
    let maria = person.get(&format!("{ENTITIES}/{maria}")).await.good();
    assert_eq!((&maria["aliases"], &maria["mention_count"]), (&json!([]), &json!(2)));

    says(&person, "Tom Miller called again, from Berlin. He is still well.").await;
    let tom = person.get(&format!("{ENTITIES}/{}", id_of(&other["id"]))).await.good();
    assert_eq!(tom["mention_count"], 3);
}

#[tokio::test]
async fn two_that_were_mentioned_together_with_a_third_can_be_merged() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says(&person, "Maria Silva met Tom Miller in Lisbon. She flew to Berlin with Tom Miller.").await;
    let (maria, tom) = (id_named(&person, "Silva").await, id_named(&person, "Miller").await);
    let evidence = async |id: Uuid| -> BTreeMap<String, usize> {
        let connections = items(&person, &format!("{ENTITIES}/{id}/connections")).await;
        let evidence = |one: &Value| one["evidence"].as_array().unwrap().len();
        let name = |one: &Value| one["entity"]["name"].as_str().unwrap().to_owned();
        connections.iter().map(|one| (name(one), evidence(one))).collect()
    };
    let before = evidence(tom).await;
    assert!(before.contains_key("Maria Silva") && before.contains_key("Lisbon"), "{before:?}");
    let merged = corrects(&person, Method::POST, &format!("{maria}/merge"), &json!({"entity_id": tom})).await;
    assert_eq!(merged.good()["mention_count"], 3);
    // The evidence for this connection is no evidence for the others.
    let others = before.into_iter().filter(|(name, _)| name != "Maria Silva").collect();
    assert_eq!(evidence(maria).await, others);
}

#[tokio::test]
async fn a_short_form_that_means_somebody_else_is_kept_apart() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let text = "I met Maria Silva in Lisbon. I told Maria that I like it. Maria said that she is from Porto.";
    says(&person, text).await;
    let maria = id_named(&person, "Silva").await;
    let split =
        corrects(&person, Method::POST, &format!("{maria}/split"), &json!({"names": ["Maria"]})).await;
    let other = id_of(&split.good()["id"]);
    let entity = async |id: Uuid| person.get(&format!("{ENTITIES}/{id}")).await.good();
    let before = [entity(maria).await, entity(other).await];
    says(&person, text).await;
    let after = [entity(maria).await, entity(other).await];
    for ((before, after), name) in before.iter().zip(&after).zip(["Maria Silva", "Maria"]) {
        assert_eq!((&after["name"], &after["aliases"]), (&json!(name), &json!([])), "{after}");
        let twice = before["mention_count"].as_i64().unwrap() * 2;
        assert_eq!(after["mention_count"], twice, "{after}");
    }
}

#[tokio::test]
async fn an_entity_that_was_forgotten_is_left_out_when_it_is_mentioned_again() {
    let stack = Stack::start().await;
    let person = who_remembers(&stack).await;
    let berlin = id_named(&person, "Berlin").await;
    assert_eq!(corrects(&person, Method::DELETE, &berlin.to_string(), &json!({})).await.status, 204);
    let again = says(&person, "Tom Miller is still in Berlin. He likes it there.").await;
    assert!(items(&person, &format!("{ENTITIES}?name=berlin")).await.is_empty());
    let conversation = person.get(&format!("/api/v1/conversations/{again}")).await.good();
    assert_eq!(names(conversation["entities"].as_array().unwrap()), ["Tom Miller"]);
}
