//! Summaries and action items of a summarizer: they are kept only as far as the conversation supports them,
//! and everything else works without a summarizer.

use self_tests::completions::Completions;
use self_tests::person::id_of;
use self_tests::{Person, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

const LINES: [&str; 4] = [
    "The carpenter looked at the roof of the barn this morning, and it has to be repaired before winter comes.",
    "He wants nine thousand for all of it, which is more than we have put aside for the barn.",
    "I promise to write to Maria Silva about the money.",
    "Good, and then we decide together who repairs the roof and when they can begin.",
];

async fn says(person: &Person) -> Uuid {
    let segments: Vec<Value> = (0..)
        .zip(LINES)
        .map(|(at, text)| json!({"start_ms": at * 6_000, "end_ms": at * 6_000 + 5_000, "text": text}))
        .collect();
    let accepted =
        person.post("/api/v1/conversations", &json!({"title": "Roof", "segments": segments})).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    id_of(&accepted["conversation"]["id"])
}

async fn listed(person: &Person, kind: &str) -> Vec<Value> {
    person.get(&format!("/api/v1/insights?kind={kind}")).await.good()["items"].as_array().unwrap().clone()
}

async fn start(service: &Completions) -> Stack {
    Stack::setup()
        .with("SUMMARIZER_URL", service.url())
        .with("SUMMARIZER_MODEL", "parrot")
        .with("SUMMARIZER_API_KEY", "a-key-of-the-service")
        .start()
        .await
}

#[tokio::test]
async fn a_summary_is_kept_as_far_as_the_conversation_speaks_for_it() {
    let mut service = Completions::saying(&json!({
        "summary": [
            {"text": "The carpenter wants nine thousand to repair the roof of the barn.", "lines": [1, 2]},
            {"text": "Everybody was delighted about the holidays in Portugal.", "lines": [1]},
            {"text": "The barn is old.", "lines": [17]},
        ],
        "action_items": [{"text": "Write to Maria Silva about the money.", "lines": [3]}],
    }));
    service.serve();
    let stack = start(&service).await;
    let person = Person::register(&stack).await;
    let conversation = says(&person).await;
    person.settled().await;

    let [summary] = &listed(&person, "summary").await[..] else { panic!("one summary") };
    assert_eq!(summary["title"], "Roof");
    assert_eq!(summary["detail"], "The carpenter wants nine thousand to repair the roof of the barn.");
    assert_eq!((&summary["model"], &summary["model_version"]), (&json!("parrot"), &json!("parrot-2026-11")));
    let said = |insight: &Value| -> Vec<Value> {
        insight["evidence"]["segments"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect()
    };
    assert_eq!(said(summary), LINES[..2]);
    assert_eq!(summary["evidence"]["conversation_ids"], json!([conversation]));
    let [item] = &listed(&person, "action_item").await[..] else { panic!("one item") };
    assert_eq!(item["title"], "Write to Maria Silva about the money");
    assert_eq!(said(item), LINES[2..3]);

    let [asked] = &service.asked()[..] else { panic!("asked once") };
    assert_eq!(asked.authorization.as_deref(), Some("Bearer a-key-of-the-service"));
    assert_eq!(asked.body["model"], "parrot");
    let transcript = asked.body["messages"][1]["content"].as_str().unwrap();
    assert!(
        transcript.starts_with("[1] The carpenter looked") && transcript.contains("\n[4] Good,"),
        "{transcript}"
    );
}

#[tokio::test]
async fn a_summarizer_that_is_away_holds_nothing_else_back_and_is_asked_again() {
    let mut service = Completions::saying(&json!({
        "summary": [{"text": "The roof of the barn has to be repaired before winter.", "lines": [1]}],
        "action_items": [],
    }));
    let stack = start(&service).await;
    let person = Person::register(&stack).await;
    says(&person).await;
    eventually("the promise", async || listed(&person, "promise").await.pop()).await;
    let job = eventually("a first attempt", async || {
        let jobs = person.get("/api/v1/jobs?kind=summarize_conversation").await.good();
        let job = jobs["items"][0].clone();
        (job["attempt"].as_i64()? >= 1 && job["state"] == "queued").then_some(job)
    })
    .await;
    assert!(listed(&person, "summary").await.is_empty());

    service.serve();
    person.success(id_of(&job["id"])).await;
    assert_eq!(listed(&person, "summary").await.len(), 1);
}
