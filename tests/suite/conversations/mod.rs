//! Conversations: import, description, correction, search and deletion.

mod subtitles;

use std::path::Path;

use reqwest::Method;
use self_tests::person::{Accepted, id_of};
use self_tests::{Answer, Person, Socket, Sound, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

const CONVERSATIONS: &str = "/api/v1/conversations";

/// A conversation of two people about a journey; each segment is long enough to be a passage.
fn journey() -> Value {
    json!([
        {"start_ms": 0, "end_ms": 4_000, "speaker": "A",
         "text": "Last summer we took the train to Lisbon and met Maria Silva at the station."},
        {"start_ms": 4_500, "end_ms": 9_000, "speaker": "B",
         "text": "She showed us where the old trams climb the hills above the river."},
        {"start_ms": 9_500, "end_ms": 15_000, "speaker": "A",
         "text": "In the evening we ate grilled sardines with bread and a bottle of green wine."},
    ])
}

async fn create(person: &Person, body: &Value) -> Answer {
    person.post(CONVERSATIONS, body).await
}

/// Imports a conversation and waits until it is processed.
async fn import(person: &Person, body: &Value) -> (Uuid, Uuid) {
    let accepted = create(person, body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let accepted = accepted.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    (id_of(&accepted["conversation"]["id"]), id_of(&accepted["transcription_id"]))
}

async fn read(person: &Person, id: Uuid) -> Value {
    person.get(&format!("{CONVERSATIONS}/{id}")).await.good()
}

async fn send(person: &Person, method: Method, path: &str, if_match: Option<&str>, body: &Value) -> Answer {
    let mut request = person.request(method, path).json(body);
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    Answer::of(request).await.unwrap()
}

async fn titles(person: &Person, query: &str) -> Vec<String> {
    let page = person.get(&format!("{CONVERSATIONS}?{query}")).await.good();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

async fn best(person: &Person, question: &str) -> Value {
    let found = person.post("/api/v1/search/semantic", &json!({"query": question, "limit": 1})).await.good();
    found["items"][0].clone()
}

#[tokio::test]
async fn a_conversation_that_comes_as_text_is_understood_like_a_recording() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    let (id, transcription) =
        import(&person, &json!({"segments": journey(), "speakers": {"A": "Ada"}})).await;

    let conversation = read(&person, id).await;
    assert_eq!(conversation["source"], "import");
    assert_eq!(conversation["duration_ms"], 15_000);
    assert_eq!(conversation["speakers"], json!({"A": "Ada"}));
    assert_eq!(conversation["transcriptions"], json!([transcription]));
    assert!(conversation["title"].as_str().unwrap().contains("Lisbon"), "{conversation}");
    let names: Vec<&str> =
        conversation["entities"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"Lisbon") && names.contains(&"Maria Silva"), "{names:?}");
    assert!(!conversation["connections"].as_array().unwrap().is_empty(), "{conversation}");

    let read = person.transcription(transcription).await;
    let times: Vec<_> =
        read["segments"].as_array().unwrap().iter().map(|one| one["start_ms"].clone()).collect();
    assert_eq!(times, [0, 4_500, 9_500]);
    assert!(read["completed_at"].is_string() && read["audio_id"].is_null(), "{read}");
    let found = best(&person, "a fish dinner").await;
    assert!(found["text"].as_str().unwrap().contains("sardines"), "{found}");
    let heard =
        socket.hear_until("that it is understood", |frame| frame["data"]["change"] == "understood").await;
    assert_eq!(heard.last().unwrap()["data"]["title"], conversation["title"]);
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_the_place_at_fault() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let segment = |start: i64, end: i64, text: &str| json!({"start_ms": start, "end_ms": end, "text": text});
    for (body, field) in [
        (json!({"segments": [segment(0, 1, "Yes."), segment(5, 4, "No.")]}), "segments[1].end_ms"),
        (json!({"segments": [segment(-1, 1, "Yes.")]}), "segments[0].start_ms"),
        (json!({"segments": [segment(0, 1, "  ")]}), "segments[0].text"),
        (json!({"segments": [segment(0, 1, &"word ".repeat(2_001))]}), "segments[0].text"),
        (json!({"segments": [{"start_ms": 0, "end_ms": 1, "text": "Yes.", "at": 1}]}), "segments[0].at"),
        (json!({"subtitles": "Hello."}), "subtitles"),
        (json!({"subtitles": "1\nlater --> soon\nHello.\n"}), "subtitles"),
        (
            json!({"subtitles": format!("WEBVTT\n\n0:01 --> 0:02\n<v {}>Hello.\n", "N".repeat(101))}),
            "subtitles",
        ),
        (json!({"text": "So it is.\n".repeat(20_001)}), "text"),
        (json!({"subtitles": "WEBVTT\n\n00:01 --> 00:02\n<i> </i>\n"}), "subtitles"),
        (json!({"subtitles": "1\n00:01 --> 00:02\nHel\0lo.\n"}), "subtitles"),
        (json!({"text": " \n "}), "text"),
        (json!({"text": "Hello.", "subtitles": "1\n00:01 --> 00:02\nHello.\n"}), "segments"),
        (json!({"tags": ["x".repeat(101)]}), "tags[0]"),
        (json!({"speakers": {"A": ""}}), "speakers.A"),
        (json!({"title": ""}), "title"),
        (json!({"language": "en_US"}), "language"),
    ] {
        let answer = create(&person, &body).await;
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{body}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
    }
    assert_eq!(stack.database.count("from conversations").await, 0);
}

#[tokio::test]
async fn the_same_import_with_the_same_key_is_one_conversation() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let send = async |text: &str| {
        let request = person.request(Method::POST, CONVERSATIONS).header("idempotency-key", "once");
        Answer::of(request.json(&json!({"text": text}))).await.unwrap()
    };
    let (first, again) = (send("We met.").await, send("We met.").await);
    assert_eq!(first.good()["conversation"]["id"], again.good()["conversation"]["id"]);
    assert_eq!(send("We parted.").await.refused(), (409, "idempotency_conflict".to_owned()));
    assert_eq!(stack.database.count("from jobs").await, 1);
}

#[tokio::test]
async fn an_empty_conversation_takes_recordings_one_after_the_other() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let created = create(&person, &json!({"title": "Readings", "tags": ["theatre"]})).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = id_of(&created.good()["conversation"]["id"]);
    assert_eq!(created.header("location"), format!("{CONVERSATIONS}/{id}"));

    for sound in [Sound::short(), Sound::short().anew()] {
        let request = person.upload_request(&sound).query(&[("conversation_id", id.to_string())]);
        let accepted = Accepted::read(&Answer::of(request).await.unwrap().good());
        assert_eq!(accepted.conversation, id);
        person.success(accepted.job).await;
    }
    let conversation = read(&person, id).await;
    assert_eq!(conversation["audio"].as_array().unwrap().len(), 2);
    assert_eq!(conversation["transcriptions"].as_array().unwrap().len(), 2);
    assert_eq!(conversation["title"], "Readings");
    let lengths =
        conversation["audio"].as_array().unwrap().iter().map(|one| one["duration_ms"].as_i64().unwrap());
    assert_eq!(conversation["duration_ms"], lengths.sum::<i64>());

    let nowhere =
        person.upload_request(&Sound::silence(1)).query(&[("conversation_id", Uuid::now_v7().to_string())]);
    assert_eq!(Answer::of(nowhere).await.unwrap().refused(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn conversations_are_listed_by_what_they_are_and_what_was_said() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    for (title, year, tag, text) in [
        ("First", 2021, "work", "The budget of the bridge was approved by the council."),
        ("Second", 2022, "home", "We painted the kitchen walls green."),
        ("Third", 2023, "home", "The plumber comes on Monday about the kitchen sink."),
    ] {
        let body = json!({"title": title, "tags": [tag], "text": text, "language": "en",
                          "started_at": format!("{year}-05-01T10:00:00Z")});
        import(&person, &body).await;
    }
    create(
        &person,
        &json!({"title": "Fourth", "notes": "bring the sink catalogue",
                            "started_at": "2024-05-01T10:00:00Z"}),
    )
    .await
    .good();

    for (query, expected) in [
        ("", &["Fourth", "Third", "Second", "First"][..]),
        ("sort=started_at", &["First", "Second", "Third", "Fourth"]),
        ("tag=home", &["Third", "Second"]),
        ("from=2022-01-01T00:00:00Z&to=2023-01-01T00:00:00Z", &["Second"]),
        ("source=import&language=en&sort=started_at", &["First", "Second", "Third"]),
        ("text=kitchen", &["Third", "Second"]),
        ("text=kitchen%20-plumber", &["Second"]),
        ("text=%22kitchen%20sink%22", &["Third"]),
        ("text=sink", &["Fourth", "Third"]),
        ("text=nothing%20of%20the%20kind", &[]),
    ] {
        assert_eq!(titles(&person, query).await, expected, "{query}");
    }
    // Each page continues after the previous one, in every order.
    for sort in ["-started_at", "started_at", "-updated_at"] {
        let all = titles(&person, &format!("sort={sort}")).await;
        let first = person.get(&format!("{CONVERSATIONS}?sort={sort}&limit=3")).await.good();
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = titles(&person, &format!("sort={sort}&limit=3&cursor={cursor}")).await;
        assert_eq!((rest.len(), rest.first()), (1, all.last()), "{sort}");
        let other = if sort == "started_at" { "-started_at" } else { "started_at" };
        let stray = person.get(&format!("{CONVERSATIONS}?sort={other}&cursor={cursor}")).await;
        assert_eq!(stray.refused(), (400, "invalid_cursor".to_owned()), "{sort}");
    }
}

#[tokio::test]
async fn a_conversation_leads_to_others_about_the_same() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let (trip, _) = import(&person, &json!({"segments": journey()})).await;
    let (again, _) = import(
        &person,
        &json!({"text": "Maria Silva wrote from Lisbon: the trams above the river run again."}),
    )
    .await;
    import(&person, &json!({"text": "The compiler reported an error in the parser for numbers."})).await;
    let conversation = read(&person, trip).await;
    let related = conversation["related_conversations"].as_array().unwrap();
    assert_eq!(related.iter().map(|one| id_of(&one["id"])).collect::<Vec<_>>(), [again], "{related:?}");
    assert!(related[0]["entity_ids"].as_array().unwrap().len() >= 2, "{related:?}");
}

#[tokio::test]
async fn what_a_person_says_about_a_conversation_stays_and_is_never_overwritten_unseen() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let (id, _) = import(&person, &json!({"segments": journey()})).await;
    let path = format!("{CONVERSATIONS}/{id}");
    let seen = person.get(&path).await;
    let tag = seen.header("etag").to_owned();

    let changed = send(&person, Method::PATCH, &path, Some(&tag), &json!({"title": "Portugal"})).await;
    let view = changed.good();
    assert_eq!((&view["title"], &view["tags"]), (&"Portugal".into(), &json!([])));
    assert_ne!(changed.header("etag"), tag);
    let late = send(&person, Method::PATCH, &path, Some(&tag), &json!({"title": "Spain"})).await;
    assert_eq!(late.refused(), (412, "precondition_failed".to_owned()));

    let all =
        json!({"title": "Lisbon", "notes": "With Maria.", "tags": ["b", "a", "b"], "speakers": {"A": "Ada"}});
    let replaced = send(&person, Method::PUT, &path, None, &all).await.good();
    assert_eq!((&replaced["tags"], &replaced["notes"]), (&json!(["a", "b"]), &"With Maria.".into()));
    let less = send(&person, Method::PUT, &path, None, &json!({"title": "Lisbon"})).await.good();
    assert_eq!((&less["tags"], &less["notes"], &less["speakers"]), (&json!([]), &"".into(), &json!({})));
    let nobodys = format!("{CONVERSATIONS}/{}", Uuid::now_v7());
    let refused = send(&person, Method::PATCH, &nobodys, None, &json!({"title": "x"})).await.refused();
    assert_eq!(refused, (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_corrected_segment_keeps_its_original_text_and_is_found_by_the_corrected_one() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut body = json!({"segments": journey()});
    body["segments"][2]["text"] = json!("In the evening we heat grilled surf beans in bed.");
    let (id, transcription) = import(&person, &body).await;
    let segment = person.transcription(transcription).await["segments"][2].clone();
    let path = format!("/api/v1/segments/{}", segment["id"].as_str().unwrap());
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("conversation:{id}"), None).await;

    let meant = "In the evening we ate grilled sardines with bread.";
    let corrected =
        send(&person, Method::PATCH, &path, Some("\"1\""), &json!({"text": meant, "speaker": "Ada"})).await;
    let view = corrected.good();
    assert_eq!(corrected.header("etag"), "\"2\"");
    assert_eq!((&view["segment"]["text"], &view["segment"]["speaker"]), (&meant.into(), &"Ada".into()));
    assert_eq!(view["segment"]["original_text"], segment["text"]);
    assert_eq!(view["segment"]["start_ms"], segment["start_ms"]);
    let heard = socket.hear_until("the correction", |frame| frame["type"] == "transcription_update").await;
    let told = &heard.last().unwrap()["data"]["segments"][0];
    assert_eq!((&told["id"], &told["revision"]), (&segment["id"], &2.into()));

    person.success(id_of(&view["job"]["id"])).await;
    assert!(best(&person, "a fish dinner").await["text"].as_str().unwrap().contains("sardines"));
    let late = send(&person, Method::PATCH, &path, Some("\"1\""), &json!({"text": "No."})).await;
    assert_eq!(late.refused(), (412, "precondition_failed".to_owned()));
    // The original text again: the segment no longer counts as corrected.
    let back = send(&person, Method::PATCH, &path, None, &json!({"text": segment["text"]})).await.good();
    assert!(back["segment"]["original_text"].is_null(), "{back}");
}

#[tokio::test]
async fn a_language_is_found_in_any_spelling_of_its_tag() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    for tag in ["pt-br", "PT-BR", "pt-BR"] {
        let (id, _) = import(&person, &json!({"text": "Choveu ontem.", "language": tag})).await;
        assert_eq!(read(&person, id).await["language"], "pt-BR");
    }
    for tag in ["pt-BR", "pt-br", "Pt-bR"] {
        assert_eq!(titles(&person, &format!("language={tag}")).await.len(), 3, "{tag}");
        let found = person.get(&format!("/api/v1/search?q=choveu&mode=words&language={tag}")).await.good();
        assert_eq!(found["items"].as_array().unwrap().len(), 3, "{tag}");
    }
    for path in ["conversations?language=xx_YY", "search?q=a&language=superlonglanguage"] {
        let refused = person.get(&format!("/api/v1/{path}")).await.refused();
        assert_eq!(refused, (400, "invalid_input".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_transcript_that_a_worker_still_writes_is_not_corrected() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let accepted = create(&person, &json!({"text": "We met."})).await.good();
    let transcription = person.transcription(id_of(&accepted["transcription_id"])).await;
    let path = format!("/api/v1/segments/{}", transcription["segments"][0]["id"].as_str().unwrap());
    let refused = send(&person, Method::PATCH, &path, None, &json!({"text": "We parted."})).await.refused();
    assert_eq!(refused, (409, "transcription_incomplete".to_owned()));
}

#[tokio::test]
async fn a_deleted_conversation_leaves_nothing_behind() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let (kept, _) = import(&person, &json!({"text": "Maria Silva moved to Porto."})).await;
    let accepted = person.upload(&Sound::short()).await;
    person.success(accepted.job).await;
    let (id, _) = import(&person, &json!({"segments": journey()})).await;
    assert!(stack.objects().join(format!("audio/{}/{}", person.id, accepted.audio)).exists());

    for gone in [accepted.conversation, id] {
        let path = format!("{CONVERSATIONS}/{gone}");
        let deleted = Answer::of(person.request(Method::DELETE, &path)).await.unwrap();
        assert_eq!((deleted.status, deleted.body.len()), (204, 0));
        assert_eq!(person.get(&path).await.refused(), (404, "not_found".to_owned()));
    }
    assert_eq!(files(&stack.objects().join("audio")), 0);
    for table in ["audio", "segments", "conversation_embeddings", "transcriptions", "mentions"] {
        let left = stack.database.count(&format!("from {table} where conversation_id <> '{kept}'")).await;
        assert_eq!(left, 0, "{table}");
    }
    let evidence = "from connection_evidence e left join transcriptions t on t.id = e.transcription_id
                    where t.id is null";
    assert_eq!(stack.database.count(evidence).await, 0);
    // People who are mentioned elsewhere stay; the others are deleted.
    let names: Vec<String> = read(&person, kept).await["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].to_string())
        .collect();
    assert_eq!(stack.database.count("from entities").await, names.len() as i64, "{names:?}");
    assert_eq!(
        stack
            .database
            .count("from events where data::text ilike '%sardines%' or data::text ilike '%fail better%'")
            .await,
        0
    );
    // The numbers of the events still have no gaps.
    let mut socket = Socket::open(&person).await;
    let heard = socket.join("user", Some(0)).await;
    let told = heard.iter().filter(|frame| frame["type"] != "joined");
    let numbers: Vec<i64> = told.filter_map(|frame| frame["seq"].as_i64()).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as i64) && numbers.len() > 5, "{numbers:?}");
}

#[tokio::test]
async fn deleting_a_conversation_stops_the_work_on_it() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    let path = format!("{CONVERSATIONS}/{}", accepted.conversation);
    Answer::of(person.request(Method::DELETE, &path)).await.unwrap().good();
    assert_eq!(person.job(accepted.job).await["state"], "cancelled");
}

fn files(folder: &Path) -> usize {
    let entries =
        std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.iter().map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}
