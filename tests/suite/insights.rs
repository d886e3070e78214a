//! Insights: found in conversations, shown with their evidence, and sent once.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

const INSIGHTS: &str = "/api/v1/insights";

/// Imports a conversation with a start time, waits until its insights are found, and returns the
/// conversation.
async fn says_at(person: &Person, at: DateTime<Utc>, title: &str, texts: &[&str]) -> Uuid {
    let segments: Vec<Value> = (0..)
        .zip(texts)
        .map(
            |(index, text)| json!({"start_ms": index * 6_000, "end_ms": index * 6_000 + 5_000, "text": text}),
        )
        .collect();
    let body = json!({"title": title, "started_at": at, "segments": segments});
    let accepted = person.post("/api/v1/conversations", &body).await.good();
    person.settled().await;
    id_of(&accepted["conversation"]["id"])
}

async fn says(person: &Person, texts: &[&str]) -> Uuid {
    says_at(person, Utc::now(), "Talk", texts).await
}

async fn listed(person: &Person, query: &str) -> Vec<Value> {
    person.get(&format!("{INSIGHTS}?limit=100&{query}")).await.good()["items"].as_array().unwrap().clone()
}

fn titles(insights: &[Value]) -> Vec<&str> {
    insights.iter().map(|insight| insight["title"].as_str().unwrap()).collect()
}

async fn act(person: &Person, insight: &Value, what: &str) -> Value {
    person.post(&format!("{INSIGHTS}/{}/{what}", id_of(&insight["id"])), &json!({})).await.good()
}

/// Corrects the segment with a text, and waits until the correction is processed.
async fn corrects(person: &Person, conversation: Uuid, said: &str, meant: &str) {
    let detail = person.get(&format!("/api/v1/conversations/{conversation}")).await.good();
    let transcription = person.transcription(id_of(&detail["transcriptions"][0])).await;
    let segments = transcription["segments"].as_array().unwrap();
    let segment = segments.iter().find(|segment| segment["text"] == said).unwrap();
    let path = format!("/api/v1/segments/{}", id_of(&segment["id"]));
    let request = person.request(Method::PATCH, &path).json(&json!({"text": meant}));
    Answer::of(request).await.unwrap().good();
    person.settled().await;
}

fn days_ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

const PROMISE: &str = "I'll send you the invoice by Friday.";

#[tokio::test]
async fn an_insight_about_a_promise_has_its_date_and_its_evidence() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    let at = "2024-05-06T10:00:00Z".parse().unwrap();
    let conversation = says_at(&person, at, "Call", &["How are you?", PROMISE, "Fine."]).await;

    let heard = socket.hear_until("the promise", |frame| frame["type"] == "insight_generated").await;
    let told = &heard.last().unwrap()["data"];
    let insight = &listed(&person, "kind=promise").await[0];
    assert_eq!(told["id"], insight["id"]);
    assert_eq!((&told["title"], &told["evidence"]), (&insight["title"], &insight["evidence"]));
    assert_eq!(insight["title"], "I'll send you the invoice by Friday");
    assert_eq!(insight["due_at"], "2024-05-11T00:00:00Z");
    let evidence = &insight["evidence"];
    assert_eq!(evidence["conversation_ids"], json!([conversation]));
    assert_eq!(
        (&evidence["segments"][0]["text"], &evidence["segments"][0]["start_ms"]),
        (&json!(PROMISE), &json!(6_000))
    );
    assert_eq!((&insight["model"], &insight["model_version"]), (&json!("self-insights"), &json!("1")));
    assert!(insight["detail"].as_str().unwrap().contains(PROMISE), "{insight}");
    assert_eq!(person.get(&format!("{INSIGHTS}/{}", id_of(&insight["id"]))).await.good(), *insight);
}

#[tokio::test]
async fn an_insight_that_is_found_twice_is_sent_once() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let conversation = says(&person, &[PROMISE, "We need to book the tickets.", "Nothing else."]).await;
    let before = listed(&person, "state=all").await;
    assert_eq!(before.len(), 2, "{before:?}");
    // The same job again, as after a crash at its end; and then all processing again.
    stack
        .database
        .run(
            "update jobs set state = 'queued', run_at = now(), finished_at = null
             where kind = 'generate_insights' and state = 'succeeded'",
        )
        .await;
    person.settled().await;
    corrects(&person, conversation, "Nothing else.", "Nothing more.").await;
    assert_eq!(listed(&person, "state=all").await, before);
    assert_eq!(stack.database.count("from events where kind = 'insight_generated'").await, 2);
}

#[tokio::test]
async fn what_was_dismissed_stays_dismissed_when_it_is_found_again() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let conversation = says(&person, &[PROMISE, "Nothing else."]).await;
    let promise = listed(&person, "").await.remove(0);
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("conversation:{conversation}"), None).await;
    let dismissed = act(&person, &promise, "dismiss").await;
    assert!(dismissed["dismissed_at"].is_string(), "{dismissed}");
    assert_eq!(act(&person, &promise, "dismiss").await, dismissed);
    let told = socket.hear().await.unwrap();
    assert_eq!((&told["type"], &told["data"]["change"]), (&"insight_update".into(), &"dismissed".into()));

    corrects(&person, conversation, "Nothing else.", "Nothing more.").await;
    assert_eq!(listed(&person, "").await, Vec::<Value>::new());
    assert_eq!(listed(&person, "state=dismissed").await, [dismissed]);

    let restored = act(&person, &promise, "restore").await;
    assert_eq!(restored, promise);
    assert_eq!(act(&person, &promise, "restore").await, promise);
    assert_eq!(listed(&person, "").await, [promise]);
    assert_eq!(stack.database.count("from events where kind = 'insight_update'").await, 2);
}

#[tokio::test]
async fn a_new_date_supersedes_the_old_one_and_what_is_gone_is_withdrawn() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let conversation = says(&person, &[PROMISE, "Fine."]).await;
    let first = listed(&person, "").await.remove(0);
    act(&person, &first, "dismiss").await;
    corrects(&person, conversation, PROMISE, "I'll send you the invoice by Thursday.").await;
    // This task differs from the dismissed one: it is due on another day.
    let [second] = &listed(&person, "").await[..] else { panic!("one") };
    assert_eq!(second["title"], "I'll send you the invoice by Thursday");
    assert_eq!(second["supersedes"], first["id"]);
    let former = person.get(&format!("{INSIGHTS}/{}", id_of(&first["id"]))).await.good();
    assert_eq!(former["superseded_by"], second["id"]);
    assert_eq!(listed(&person, "state=all").await.len(), 2);

    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    corrects(&person, conversation, "I'll send you the invoice by Thursday.", "I sent you the invoice.")
        .await;
    assert_eq!(listed(&person, "state=all").await, Vec::<Value>::new());
    let heard = socket.hear_until("the withdrawal", |frame| frame["type"] == "insight_update").await;
    let told = &heard.last().unwrap()["data"];
    let withdrawn = json!({
        "id": second["id"], "kind": "promise", "change": "withdrawn", "conversation_ids": [conversation],
    });
    assert_eq!(told, &withdrawn);
}

#[tokio::test]
async fn a_contradiction_names_both_statements_and_is_withdrawn_with_either() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let first = says_at(&person, days_ago(2), "Flat", &["The rent is $900 a month."]).await;
    let second = says_at(&person, days_ago(1), "Call", &["They say that the rent is $950 a month."]).await;
    let found = listed(&person, "kind=contradiction").await;
    assert_eq!(titles(&found), ["The rent: $900, or $950?"]);
    let mut both = [first, second];
    both.sort_unstable();
    assert_eq!(found[0]["evidence"]["conversation_ids"], json!(both));
    assert_eq!(found[0]["evidence"]["segments"].as_array().unwrap().len(), 2);
    for conversation in both {
        assert_eq!(listed(&person, &format!("conversation_id={conversation}")).await, found);
    }

    let path = format!("/api/v1/conversations/{first}");
    assert_eq!(Answer::of(person.request(Method::DELETE, &path)).await.unwrap().status, 204);
    assert_eq!(listed(&person, "state=all").await, Vec::<Value>::new());
    assert_eq!(stack.database.count("from insight_evidence").await, 0);
    assert_eq!(stack.database.count("from events where data ->> 'change' = 'withdrawn'").await, 1);
}

#[tokio::test]
async fn an_approaching_day_is_an_insight_until_it_is_over() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let in_two_days = (Utc::now() + TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let in_two_weeks = (Utc::now() + TimeDelta::days(14)).format("%Y-%m-%d").to_string();
    let near = format!("The driving test is on {in_two_days}.");
    says_at(&person, days_ago(5), "Call", &[&near, &format!("We move on {in_two_weeks}.")]).await;
    let found = listed(&person, "kind=date_approaching").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["title"].as_str().unwrap().contains("driving test"), "{found:?}");
    assert!(found[0]["due_at"].as_str().unwrap().starts_with(&in_two_days), "{found:?}");
    let due = async |query: &str| listed(&person, query).await.len();
    assert_eq!(due(&format!("due_from={in_two_days}T00:00:00Z")).await, 1);
    assert_eq!(due(&format!("due_to={in_two_days}T00:00:00Z")).await, 0);
}

#[tokio::test]
async fn what_the_passing_of_time_brings_is_looked_at_every_day() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let in_five_days = (Utc::now() + TimeDelta::days(5)).format("%Y-%m-%d");
    says_at(&person, days_ago(5), "Call", &[&format!("The driving test is on {in_five_days}.")]).await;
    assert_eq!(listed(&person, "").await, Vec::<Value>::new());
    // Three days pass.
    stack
        .database
        .run(
            "update mentions set starts_at = starts_at - interval '3 days', ends_at = ends_at - interval '3 days';
             update jobs set created_at = created_at - interval '3 days', finished_at = finished_at - interval '3 days'",
        )
        .await;
    stack.start_worker();
    let near = eventually("the day that is near", async || listed(&person, "").await.pop()).await;
    assert_eq!(near["kind"], "date_approaching");
}

#[tokio::test]
async fn a_person_who_is_not_mentioned_any_more_is_an_insight_until_they_are() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    for days in [120, 110, 100, 90] {
        says_at(&person, days_ago(days), "Call", &["I met Maria Silva in Lisbon. We had a long walk."]).await;
    }
    let found = listed(&person, "kind=person_not_heard_of").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["title"].as_str().unwrap().starts_with("Nothing of Maria Silva since"), "{found:?}");
    let maria = id_of(&found[0]["evidence"]["entity_ids"][0]);
    assert_eq!(listed(&person, &format!("entity_id={maria}")).await, found);
    assert_eq!(found[0]["evidence"]["segments"].as_array().unwrap().len(), 4);
    says(&person, &["Maria Silva called from Lisbon. She is well."]).await;
    assert_eq!(listed(&person, "kind=person_not_heard_of&state=all").await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_it_is_about_may_be_merged_or_forgotten() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says(&person, &["I promise to write to Maria Silva.", "Ada Lovelace is a friend of Maria Silva."]).await;
    let promise = listed(&person, "").await.remove(0);
    let entities =
        person.get("/api/v1/entities?kind=person").await.good()["items"].as_array().unwrap().clone();
    let of = |name: &str| id_of(&entities.iter().find(|one| one["name"] == name).unwrap()["id"]);
    let (ada, maria) = (of("Ada Lovelace"), of("Maria Silva"));
    assert_eq!(promise["evidence"]["entity_ids"], json!([maria]));

    let into = json!({"entity_id": maria});
    person.post(&format!("/api/v1/entities/{ada}/merge"), &into).await.good();
    let merged = listed(&person, "").await.remove(0);
    assert_eq!((&merged["id"], &merged["evidence"]["entity_ids"]), (&promise["id"], &json!([ada])));

    let path = format!("/api/v1/entities/{ada}");
    assert_eq!(Answer::of(person.request(Method::DELETE, &path)).await.unwrap().status, 204);
    let forgotten = listed(&person, "").await.remove(0);
    assert_eq!((&forgotten["id"], &forgotten["evidence"]["entity_ids"]), (&promise["id"], &json!([])));
}

#[tokio::test]
async fn a_person_who_is_mentioned_much_more_than_before_is_an_insight() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    says_at(&person, days_ago(200), "Long ago", &["The weather was fine."]).await;
    for days in [4, 2, 0] {
        says_at(&person, days_ago(days), "Call", &["I met Maria Silva in Lisbon. We had a long walk."]).await;
    }
    let found = listed(&person, "kind=person_often_heard_of").await;
    assert_eq!(titles(&found), ["Maria Silva comes up often these days"]);
}

#[tokio::test]
async fn a_topic_of_three_days_is_an_insight_with_its_words() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut conversations = Vec::new();
    for (days, text) in [
        (9, "The roof of the barn leaks again, and we should ask somebody to repair the roof before winter."),
        (6, "The carpenter looked at the roof of the barn. To repair the roof he needs two weeks."),
        (
            3,
            "How much does it cost to repair the roof of the barn? The carpenter wants a lot for a new roof.",
        ),
        (1, "The children went to the swimming pool and ate ice cream all afternoon."),
    ] {
        conversations.push(says_at(&person, days_ago(days), &format!("Talk {days}"), &[text]).await);
    }
    let found = listed(&person, "kind=topic_returning").await;
    assert_eq!(found.len(), 1, "{found:?}");
    let title = found[0]["title"].as_str().unwrap().to_lowercase();
    assert!(title.contains("roof") && title.contains("barn"), "{title}");
    let mut about = conversations[..3].to_vec();
    about.sort_unstable();
    assert_eq!(found[0]["evidence"]["conversation_ids"], json!(about));
    // A fourth conversation updates the same insight.
    let text = "Somebody else would repair the roof of the barn for less than the carpenter.";
    says_at(&person, days_ago(0), "Talk 0", &[text]).await;
    let again = listed(&person, "kind=topic_returning").await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(again[0]["supersedes"], found[0]["id"]);
    // With three of four conversations the topic is as before; with two there is none.
    let delete = async |conversation: Uuid| {
        let path = format!("/api/v1/conversations/{conversation}");
        assert_eq!(Answer::of(person.request(Method::DELETE, &path)).await.unwrap().status, 204);
    };
    delete(conversations[0]).await;
    let left = eventually("the topic of the three that are left", async || {
        listed(&person, "kind=topic_returning").await.pop()
    })
    .await;
    assert_eq!(left["evidence"]["conversation_ids"].as_array().unwrap().len(), 3);
    delete(conversations[1]).await;
    person.settled().await;
    assert_eq!(listed(&person, "kind=topic_returning&state=all").await, Vec::<Value>::new());
}

/// Sends an event of a file.
async fn happens(person: &Person, kind: &str, content: Option<&str>) {
    let event = json!({"id": Uuid::now_v7(), "kind": kind, "device": "laptop", "path": "/home/ada/offer.txt",
        "happened_at": Utc::now(), "content": content});
    person.post("/api/v1/files/events", &json!({"events": [event]})).await.good();
}

#[tokio::test]
async fn a_file_about_a_conversation_is_an_insight_whichever_came_first_and_is_withdrawn_with_the_file() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let said = "The carpenter wants nine thousand for the new roof of the barn.";
    let first = says(&person, &[said]).await;
    assert_eq!(listed(&person, "").await, Vec::<Value>::new());

    let written =
        "Our offer: a new roof for the barn costs nine thousand, all work of the carpenter included.";
    happens(&person, "created", Some(written)).await;
    let about = async |count: usize| {
        let found = listed(&person, "kind=file_about_conversation").await;
        (found.len() == count).then_some(found)
    };
    let found = eventually("what file and conversation are about", async || about(1).await).await;
    assert_eq!(titles(&found), ["Offer.txt is about what was said in “Talk”"]);
    assert_eq!(found[0]["evidence"]["conversation_ids"], json!([first]));
    assert_eq!(found[0]["evidence"]["file_ids"].as_array().unwrap().len(), 1);

    let roof = "The roof of the barn costs nine thousand, says the carpenter.";
    says_at(&person, Utc::now(), "Roof", &[roof]).await;
    says(&person, &["The children ate ice cream."]).await;
    assert!(about(2).await.is_some(), "{:?}", listed(&person, "").await);

    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    happens(&person, "deleted", None).await;
    assert_eq!(listed(&person, "kind=file_about_conversation&state=all").await, Vec::<Value>::new());
    let heard = socket.hear_until("the withdrawal", |frame| frame["type"] == "insight_update").await;
    assert_eq!(heard.last().unwrap()["data"]["change"], "withdrawn");
}

#[tokio::test]
async fn insights_come_page_by_page() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let texts = [
        PROMISE,
        "We need to book the tickets.",
        "Don't forget to water the plants.",
        "Please send me the photos.",
    ];
    says(&person, &texts).await;
    let all = listed(&person, "").await;
    assert_eq!(all.len(), 4, "{all:?}");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("{INSIGHTS}?limit=3{cursor}")).await.good();
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    assert_eq!(listed(&person, "kind=task").await.len(), 3);
    let wrong = person.get(&format!("{INSIGHTS}?kind=prophecy")).await.refused();
    assert_eq!(wrong, (400, "invalid_input".to_owned()));
}
