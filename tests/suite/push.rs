//! Events on sockets: all of them, once, in order, also after a disconnection.

use futures_util::future::join_all;
use reqwest::Method;
use self_tests::past::somebody_with_a_past;
use self_tests::person::id_of;
use self_tests::servers::Kind;
use self_tests::{Answer, Person, Socket, Sound, Stack, eventually};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

#[tokio::test]
async fn whoever_comes_back_gets_what_was_missed_in_order_without_gaps() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    let joined = socket.join("user", Some(0)).await;
    let job = person.upload(&Sound::short()).await.job;
    let first = socket.hear_until("the first job", |frame| frame["data"]["id"] == job.to_string()).await;
    let numbers: Vec<i64> = joined.iter().chain(&first).filter_map(number).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as i64), "{numbers:?}");
    let last = *numbers.last().unwrap();
    drop(socket);

    // More events than one page.
    for _ in 0..130 {
        act(&person, job, "cancel").await;
        act(&person, job, "retry").await;
    }
    let mut socket = Socket::open(&person).await;
    let missed = socket.join("user", Some(last)).await;
    let numbers: Vec<i64> = missed.iter().filter_map(number).collect();
    assert!(numbers.iter().copied().eq(last + 1..=last + 260), "{numbers:?}");
    assert_eq!(missed.last().unwrap()["seq"], last + 260, "{:?}", missed.last());
    let states: Vec<&Value> = missed.iter().filter_map(|frame| frame["data"].get("state")).collect();
    let expected = |(at, state): (usize, &&Value)| **state == ["cancelled", "queued"][at % 2];
    assert!(states.len() == 260 && states.iter().enumerate().all(expected), "{states:?}");
    // Later events follow.
    act(&person, job, "cancel").await;
    assert_eq!(socket.hear().await.unwrap()["seq"], last + 261);
}

#[tokio::test]
async fn events_arrive_through_every_node() {
    let mut stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let elsewhere = Person { api: stack.start_another_api().await, ..person.clone() };
    let (mut here, mut there) = (Socket::open(&person).await, Socket::open(&elsewhere).await);
    here.join("user", None).await;
    there.join("user", None).await;
    let job = elsewhere.upload(&Sound::short()).await.job;
    for socket in [&mut here, &mut there] {
        socket.hear_until("the job", |frame| frame["data"]["id"] == job.to_string()).await;
    }
    // A logout through one node closes the sockets of the other.
    let out = elsewhere.post("/api/v1/auth/logout", &json!({})).await;
    assert!((200..300).contains(&out.status), "{}", out.text());
    here.closed().await;
    there.closed().await;
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_the_socket_goes_on() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    let strange = [
        Message::text("no json"),
        Message::text("{}"),
        Message::text(r#"{"type": "dance"}"#),
        Message::text(r#"{"type": "join_room"}"#),
        Message::text(r#"{"type": "join_room", "room": "attic"}"#),
        Message::text(r#"{"type": "join_room", "room": "job:1"}"#),
        Message::text(r#"{"type": "join_room", "room": "user", "after": "yesterday"}"#),
        Message::text(r#"{"type": "join_room", "room": "user", "words": true}"#),
        Message::text(r#"{"type": "leave_room", "room": "user", "after": 1}"#),
        Message::text(r#"{"type": "ping", "at": 1}"#),
        Message::binary(vec![0, 1, 2]),
    ];
    for message in strange {
        let said = format!("{message:?}");
        socket.send(message).await;
        let answer = socket.hear().await.unwrap();
        assert_eq!(answer["type"], "error", "{said}: {answer}");
        assert!(answer["code"].is_string() && answer["detail"].is_string(), "{said}: {answer}");
    }
    for room in [format!("job:{}", Uuid::now_v7()), format!("conversation:{}", Uuid::now_v7())] {
        let answer = socket.join(&room, None).await;
        assert_eq!(answer[0]["code"], "not_found", "{answer:?}");
    }
    socket.say(&json!({"type": "ping"})).await;
    assert_eq!(socket.hear().await.unwrap()["type"], "pong");
    assert_eq!(socket.join("user", None).await[0]["type"], "joined");
}

#[tokio::test]
async fn a_number_from_the_future_is_answered_with_resync() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    let heard = socket.join("user", Some(1_000_000)).await;
    let kinds: Vec<&Value> = heard.iter().map(|frame| &frame["type"]).collect();
    assert_eq!(kinds, ["resync", "joined"], "{heard:?}");
}

#[tokio::test]
async fn a_browser_opens_a_socket_with_a_ticket_that_is_good_once() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let ticket = person.post("/api/v1/auth/socket-ticket", &json!({})).await.good();
    let path = format!("/api/v1/ws?ticket={}", ticket["ticket"].as_str().unwrap());
    let browser = Person { access_token: String::new(), ..person.clone() };
    let mut socket = Socket::try_open_at(&browser, &path, &[]).await.unwrap();
    assert_eq!(socket.join("user", None).await[0]["type"], "joined");
    assert!(Socket::try_open_at(&browser, &path, &[]).await.is_err(), "a ticket was good twice");
    assert!(Socket::try_open(&browser, &[]).await.is_err(), "nobody had to say who they are");
    // A token that is valid for longer than a moment is never accepted in an address.
    let token = format!("/api/v1/ws?ticket={0}&access_token={0}&token={0}", person.access_token);
    assert!(Socket::try_open_at(&browser, &token, &[]).await.is_err(), "a token in an address was good");
}

#[tokio::test]
async fn pages_of_other_origins_open_no_socket() {
    let stack = Stack::setup().workers(0).with("ALLOWED_ORIGINS", "https://app.example.org").start().await;
    let person = Person::register(&stack).await;
    assert!(Socket::try_open(&person, &[("origin", "https://evil.example.org")]).await.is_err());
    assert!(Socket::try_open(&person, &[("origin", "https://app.example.org")]).await.is_ok());
    assert!(Socket::try_open(&person, &[("origin", &stack.address())]).await.is_ok());
}

#[tokio::test]
async fn events_arrive_late_but_complete_while_nats_is_away_and_after_it_lost_its_data() {
    let stack = Stack::setup().workers(0).own(&[Kind::Nats]).start().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", Some(0)).await;
    let before = person.upload(&Sound::short().anew()).await.job;
    let mut heard = socket.hear_until("events while all is well", about(before)).await;

    stack.servers.stop(Kind::Nats);
    let during = person.upload(&Sound::short().anew()).await.job;
    heard.extend(socket.hear_until("events while NATS is away", about(during)).await);

    stack.servers.forget(Kind::Nats);
    stack.servers.start(Kind::Nats);
    let sent = join_all((0..5).map(async |_| person.upload(&Sound::short().anew()).await.job)).await;
    let last = stack.database.count("from events").await;
    heard.extend(socket.hear_until("events once it is back", |frame| number(frame) == Some(last)).await);
    let numbers: Vec<i64> = heard.iter().filter_map(number).collect();
    assert!(numbers.iter().copied().eq(1..=last), "{numbers:?}");
    assert!(sent.into_iter().all(|job| heard.iter().any(about(job))));
}

fn about(job: Uuid) -> impl Fn(&Value) -> bool {
    move |frame| frame["type"] == "job_update" && frame["data"]["id"] == job.to_string()
}

/// The number of an event; none for other messages.
fn number(frame: &Value) -> Option<i64> {
    frame.get("data").and(frame["seq"].as_i64())
}

async fn act(person: &Person, job: Uuid, what: &str) -> Value {
    let request = person.request(Method::POST, &format!("/api/v1/jobs/{job}/{what}"));
    Answer::of(request).await.unwrap().good()
}

#[tokio::test]
async fn events_of_a_deleted_conversation_are_sent_to_nobody() {
    let stack = Stack::start().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    for who in [&person, &other] {
        let body = json!({"title": "The third stone", "text": "The key lies under it."});
        let accepted = who.post("/api/v1/conversations", &body).await.good();
        who.success(id_of(&accepted["job"]["id"])).await;
    }
    let client = stack.servers.nats().await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream(format!("{}-events", stack.namespace)).await;
    let mut stream = stream.unwrap();
    let mut carried = async || {
        let state = stream.info().await.unwrap().state.clone();
        let mut told = Vec::new();
        for number in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(number).await;
            told.extend(message.map(|message| String::from_utf8_lossy(&message.payload).into_owned()));
        }
        let of = |who: &Person| {
            let about = |one: &&String| one.contains(&who.id.to_string()) && one.contains("The third stone");
            told.iter().filter(about).count()
        };
        (of(&person), of(&other))
    };
    let before =
        eventually("it to be told", async || Some(carried().await).filter(|of| of.0 >= 2 && of.1 >= 2)).await;
    let path = format!("/api/v1/conversations/{}", {
        let listed = person.get("/api/v1/conversations").await.good();
        id_of(&listed["items"][0]["id"])
    });
    assert_eq!(Answer::of(person.request(Method::DELETE, &path)).await.unwrap().status, 204);
    assert_eq!(carried().await, (0, before.1));
}

#[tokio::test]
async fn events_that_an_earlier_version_stored_are_sent_in_the_present_form() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let (file, conversation, segment) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let moved = json!({
        "id": file, "device": "laptop", "path": "/a", "state": "present", "size_bytes": null, "sha256": null,
        "content_type": null, "changed_at": "2026-09-21T10:00:00Z", "opened_at": null,
        "created_at": "2026-09-21T10:00:00Z", "updated_at": "2026-09-21T10:00:00Z", "content": null,
    });
    // The event as an API stored it when it corrected a segment.
    let corrected = json!({
        "transcription_id": Uuid::now_v7(), "conversation_id": conversation,
        "segments": [{
            "segment_id": segment, "revision": 2, "position": 0, "start_ms": 0, "end_ms": 900, "text": "Yes.",
            "speaker": null, "confidence": null, "uncertain": false, "words": null, "timing": null,
            "is_final": true, "speech_final": true,
        }],
    });
    let erased = json!({"conversation_id": conversation, "deleted": true});
    let strange = json!({"nobody": ["knows", null]});
    let rows = [
        ("file_update", format!("file:{file}"), &moved),
        ("transcription_update", format!("conversation:{conversation}"), &corrected),
        ("insight_generated", format!("conversation:{conversation}"), &erased),
        ("file_update", format!("file:{file}"), &strange),
    ];
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    for (number, (kind, room, data)) in (1..).zip(&rows) {
        let numbered = format!(
            "insert into event_numbers values ('{0}', {number})
             on conflict (user_id) do update set last = excluded.last",
            person.id
        );
        stack.database.run(&numbered).await;
        let told = format!(
            "insert into events (user_id, seq, id, kind, rooms, data)
             values ('{}', {number}, gen_random_uuid(), '{kind}', '{{{room}}}', '{data}')",
            person.id
        );
        stack.database.run(&told).await;
    }

    let live = socket.hear_until("the last row", |frame| number(frame) == Some(4)).await;
    let replayed = Socket::open(&person).await.join("user", Some(0)).await;
    for told in [live, replayed] {
        let told: Vec<&Value> = told.iter().filter(|frame| number(frame).is_some()).collect();
        let kinds: Vec<&str> = told.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["file_event", "transcription_update", "insight_generated", "file_event"]);
        assert_eq!(told[0]["rooms"], json!([format!("file:{file}")]));
        assert_eq!(told[0]["data"]["path"], "/a");
        assert!(!told[0].to_string().contains("null"), "{}", told[0]);
        assert_eq!(told[1]["data"]["segments"][0]["id"], json!(segment));
        assert!(!told[1].to_string().contains("null"), "{}", told[1]);
        assert_eq!((&told[2]["data"], &told[3]["data"]), (&erased, &strange));
    }
}

#[tokio::test]
async fn the_last_event_has_the_state_that_rest_returns() {
    let stack = Stack::start().await;
    let person = somebody_with_a_past(&stack).await;
    let told = Socket::open(&person).await.join("user", Some(0)).await;
    let newest = |kind: &str, id: &Value| {
        let mut told = told.iter().filter(|frame| frame["type"] == kind && frame["data"]["id"] == *id);
        let mut data = told.next_back().unwrap_or_else(|| panic!("no {kind} of {id}"))["data"].clone();
        data.as_object_mut().unwrap().remove("change");
        data
    };
    for (kind, list) in [
        ("job_update", "/api/v1/jobs?limit=100"),
        ("conversation_update", "/api/v1/conversations?limit=100"),
        ("file_event", "/api/v1/files?limit=100"),
        ("insight_generated", "/api/v1/insights?limit=100"),
    ] {
        let read = person.get(list).await.good();
        let read = read["items"].as_array().unwrap();
        assert!(!read.is_empty(), "there is nothing in {list}");
        for item in read {
            assert_eq!(newest(kind, &item["id"]), *item, "{kind}");
        }
    }
}
