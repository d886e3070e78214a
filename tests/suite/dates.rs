//! Dates and times, resolved against the recording's own clock and the person's time zone.

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

/// Imports a text with a start time, waits until it is processed, and returns the conversation.
async fn says(person: &Person, at: &str, text: &str) -> Uuid {
    let body = json!({"started_at": at, "segments": [{"start_ms": 500, "end_ms": 5_000, "text": text}]});
    let accepted = person.post("/api/v1/conversations", &body).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    id_of(&accepted["conversation"]["id"])
}

async fn dates(person: &Person) -> Vec<Value> {
    person.get("/api/v1/entities?kind=date&limit=100").await.good()["items"].as_array().unwrap().clone()
}

fn names(entities: &[Value]) -> Vec<&str> {
    entities.iter().map(|entity| entity["name"].as_str().unwrap()).collect()
}

/// The dates of a conversation, in the order of the text.
async fn said(person: &Person, conversation: Uuid) -> Vec<(String, Value)> {
    let conversation = person.get(&format!("/api/v1/conversations/{conversation}")).await.good();
    let entities = conversation["entities"].as_array().unwrap().iter().filter(|one| one["kind"] == "date");
    let mentions = entities.flat_map(|entity| entity["mentions"].as_array().unwrap());
    mentions.map(|one| (one["text"].as_str().unwrap().to_owned(), one["date"].clone())).collect()
}

#[tokio::test]
async fn tomorrow_of_two_days_is_two_days_and_one_day_is_one_however_it_is_called() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let first = "We leave tomorrow. It is May 7th, the seventh of May.";
    says(&person, "2024-05-06T10:00:00Z", first).await;
    says(&person, "2024-06-01T10:00:00Z", "They will come tomorrow.").await;

    let found = dates(&person).await;
    assert_eq!(names(&found), ["2 June 2024", "7 May 2024"]);
    assert_eq!(found[1]["aliases"], json!(["tomorrow", "May 7th", "the seventh of May"]));
    let day = person.get(&format!("/api/v1/entities/{}", id_of(&found[1]["id"]))).await.good();
    let mentions = day["timeline"][0]["mentions"].as_array().unwrap();
    assert_eq!(mentions.len(), 3);
    for mention in mentions {
        let expected =
            json!({"from": "2024-05-07T00:00:00Z", "to": "2024-05-08T00:00:00Z", "precision": "day"});
        assert_eq!(mention["date"], expected, "{mention}");
    }
}

#[tokio::test]
async fn a_day_is_that_of_where_the_person_lives_from_then_on() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    // Late in the evening in Lisbon, it is the next day in Tokyo.
    let (late, text) = ("2024-05-06T22:30:00Z", "I will call you tomorrow at half past nine.");
    let in_utc = says(&person, late, text).await;
    let body = json!({"name": "Ada", "preferences": {"time_zone": "Asia/Tokyo"}});
    let moved = person.request(Method::PUT, "/api/v1/users/me").json(&body);
    assert_eq!(Answer::of(moved).await.unwrap().status, 200);
    let in_tokyo = says(&person, late, text).await;
    let from = |said: &[(String, Value)]| said[0].1["from"].clone();
    assert_eq!(from(&said(&person, in_utc).await), "2024-05-07T09:30:00Z");
    let said = said(&person, in_tokyo).await;
    assert_eq!(said[0].0, "tomorrow at half past nine");
    assert_eq!((from(&said), &said[0].1["precision"]), ("2024-05-08T00:30:00Z".into(), &"minute".into()));
}

#[tokio::test]
async fn what_nobody_can_know_has_no_date() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let text = "Two weeks later we met again. That was in May 2021.";
    let said = said(&person, says(&person, "2024-05-06T10:00:00Z", text).await).await;
    assert_eq!(said[0], ("Two weeks later".to_owned(), Value::Null));
    assert_eq!(
        (&said[1].1["from"], &said[1].1["precision"]),
        (&"2021-05-01T00:00:00Z".into(), &"month".into())
    );
}
