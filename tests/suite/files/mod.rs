//! File events, in any order and repeated, and the content of files.

mod content;
mod documents;
mod hostile;
mod order;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

/// A time on the day of all events in these tests.
fn at(second: u32) -> String {
    format!("2026-09-21T10:{:02}:{:02}Z", second / 60, second % 60)
}

/// An event on the laptop.
fn event(kind: &str, path: &str, second: u32) -> Value {
    json!({"id": Uuid::new_v4(), "kind": kind, "device": "laptop", "path": path, "happened_at": at(second)})
}

fn moved(from: &str, to: &str, second: u32) -> Value {
    let mut event = event("moved", to, second);
    event["from_path"] = from.into();
    event
}

fn with(mut event: Value, fields: Value) -> Value {
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

async fn send(person: &Person, events: &[Value]) -> Answer {
    person.post("/api/v1/files/events", &json!({"events": events})).await
}

/// Sends events, which must be accepted, and returns the file of the last.
async fn tell(person: &Person, events: &[Value]) -> Uuid {
    let recorded = send(person, events).await.good();
    id_of(&recorded["events"][events.len() - 1]["file_id"])
}

async fn file(person: &Person, id: Uuid) -> Value {
    person.get(&format!("/api/v1/files/{id}")).await.good()
}

async fn delete(person: &Person, id: Uuid) -> Answer {
    Answer::of(person.request(Method::DELETE, &format!("/api/v1/files/{id}"))).await.unwrap()
}

/// Reads all pages of a list, `limit` items each, and runs `between` after each page.
async fn pages(person: &Person, path: &str, limit: usize, mut between: impl AsyncFnMut()) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("{path}limit={limit}{cursor}")).await.good();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        between().await;
    }
}

#[tokio::test]
async fn an_event_is_one_event_however_often_it_is_sent() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let events = [event("created", "/a", 1), event("modified", "/a", 2), event("opened", "/b", 3)];
    let first = send(&person, &events).await;
    assert_eq!((first.status, first.header("location")), (201, "/api/v1/files"));
    let before = person.get("/api/v1/files").await.good();

    let again = send(&person, &events).await;
    assert_eq!(again.status, 200);
    let (first, again) = (first.good(), again.good());
    for (index, event) in events.iter().enumerate() {
        let (first, again) = (&first["events"][index], &again["events"][index]);
        assert_eq!((&first["id"], &first["duplicate"]), (&event["id"], &false.into()));
        assert_eq!((&again["file_id"], &again["duplicate"]), (&first["file_id"], &true.into()));
    }
    assert_eq!(person.get("/api/v1/files").await.good(), before);
    // Duplicates are also found within one batch, and together with a new event.
    let new = event("deleted", "/b", 4);
    let mixed = send(&person, &[events[0].clone(), new.clone(), new]).await;
    let duplicates: Vec<Value> =
        mixed.good()["events"].as_array().unwrap().iter().map(|event| event["duplicate"].clone()).collect();
    assert_eq!((mixed.status, duplicates), (201, vec![true.into(), false.into(), true.into()]));
}

#[tokio::test]
async fn of_many_who_send_the_same_at_once_one_is_first() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let events: Vec<Value> = (0..40).map(|n| event("created", &format!("/{n}"), n)).collect();
    // Each client sends all events, each in a different order.
    let answers = join_all((0..8).map(async |turn| {
        let mut own = events.clone();
        own.rotate_left(turn * 5);
        send(&person, &own).await.good()
    }))
    .await;
    let each: Vec<&Value> = answers.iter().flat_map(|answer| answer["events"].as_array().unwrap()).collect();
    let fresh = each.iter().filter(|event| event["duplicate"] == false).count();
    let files: BTreeSet<&str> = each.iter().map(|event| event["file_id"].as_str().unwrap()).collect();
    assert_eq!((fresh, files.len()), (40, 40));
    assert_eq!(stack.database.count("from file_events").await, 40);
    assert_eq!(stack.database.count("from files").await, 40);
}

#[tokio::test]
async fn an_id_that_says_something_else_is_refused_with_all_that_came_along() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let known = event("created", "/a", 1);
    let file_id = tell(&person, std::slice::from_ref(&known)).await;
    for other in [json!({"path": "/b"}), json!({"happened_at": at(2)}), json!({"content": "new"})] {
        let answer = send(&person, &[event("created", "/c", 3), with(known.clone(), other)]).await;
        assert_eq!(answer.refused(), (409, "event_conflict".to_owned()));
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["errors"][0]["field"], "events[1].id", "{problem}");
    }
    let all = person.get("/api/v1/files").await.good();
    assert_eq!((all["items"].as_array().unwrap().len(), id_of(&all["items"][0]["id"])), (1, file_id));
}

#[tokio::test]
async fn what_is_wrong_with_events_is_named_with_their_places() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let good = event("created", "/a", 1);
    let wrong = [
        (with(good.clone(), json!({"path": ""})), "events[1].path"),
        (with(good.clone(), json!({"path": 7})), "events[1].path"),
        (with(good.clone(), json!({"path": "x".repeat(4097)})), "events[1].path"),
        (with(good.clone(), json!({"id": "mine"})), "events[1].id"),
        (with(good.clone(), json!({"kind": "eaten"})), "events[1].kind"),
        (with(good.clone(), json!({"kind": "moved"})), "events[1].from_path"),
        (with(good.clone(), json!({"happened_at": "2199-01-01T00:00:00Z"})), "events[1].happened_at"),
        (with(good.clone(), json!({"happened_at": "yesterday"})), "events[1].happened_at"),
        (with(good.clone(), json!({"size_bytes": -1})), "events[1].size_bytes"),
        (with(good.clone(), json!({"sha256": "00"})), "events[1].sha256"),
        (with(good.clone(), json!({"content": "a\u{0}b"})), "events[1].content"),
        (with(good.clone(), json!({"content": "x".repeat(512 * 1024 + 1)})), "events[1].content"),
        (json!({"kind": "created"}), "events[1].id"),
        (json!("created"), "events[1]"),
    ];
    for (wrong, field) in wrong {
        let answer = send(&person, &[good.clone(), wrong.clone()]).await;
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{field}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|error| error["field"] == field), "{field}: {problem}");
    }
    let many: Vec<Value> = (0..1001).map(|n| event("opened", &format!("/{n}"), 1)).collect();
    for events in [&many[..], &[]] {
        assert_eq!(send(&person, events).await.refused(), (400, "invalid_input".to_owned()));
    }
    assert_eq!(stack.database.count("from file_events").await, 0);
    assert_eq!(send(&person, &many[1..]).await.status, 201);
}

#[tokio::test]
async fn a_file_stays_itself_where_it_is_moved_and_when_it_is_created_again() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/draft", 1)]).await;
    assert_eq!(tell(&person, &[moved("/draft", "/final", 2)]).await, id);
    assert_eq!(tell(&person, &[event("deleted", "/final", 3)]).await, id);
    let gone = file(&person, id).await;
    assert_eq!((&gone["state"], &gone["path"]), (&"deleted".into(), &"/final".into()));
    assert_eq!(tell(&person, &[event("created", "/final", 4)]).await, id);
    // A file that is created at the old path is a new file.
    let other = tell(&person, &[event("created", "/draft", 5)]).await;
    assert_ne!(other, id);
    let back = file(&person, id).await;
    assert_eq!((&back["state"], &back["changed_at"]), (&"present".into(), &at(4).into()));
    let kinds: Vec<&str> =
        back["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["created", "deleted", "moved", "created"]);

    // Opening the file changes only `opened_at`.
    tell(&person, &[event("opened", "/final", 9)]).await;
    let opened = file(&person, id).await;
    assert_eq!((&opened["changed_at"], &opened["opened_at"]), (&at(4).into(), &at(9).into()));
    // A file that is overwritten by a move is deleted.
    assert_eq!(tell(&person, &[moved("/draft", "/final", 10)]).await, other);
    let replaced = file(&person, id).await;
    assert_eq!((&replaced["state"], &replaced["changed_at"]), (&"deleted".into(), &at(10).into()));
}

#[tokio::test]
async fn a_path_of_any_length_is_a_path() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    // A name that does not compress, so that it would not fit into an index.
    let name: String = (0..64).map(|_| Uuid::new_v4().to_string()).collect();
    let path = format!("/{name}😀'\"\\%_\u{202e}");
    let id = tell(&person, &[event("created", &path, 1)]).await;
    assert_eq!(tell(&person, &[moved(&path, &format!("{path}2"), 2)]).await, id);
    assert_eq!(file(&person, id).await["path"], format!("{path}2"));
}

#[tokio::test]
async fn the_list_is_filtered_and_its_pages_hold_while_events_arrive() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let path = |n: u32| format!("/home/{}/Note {n}.md", if n.is_multiple_of(2) { "ada" } else { "ben" });
    let events: Vec<Value> = (0..30)
        .map(|n| with(event("created", &path(n), n), json!({"content_type": "text/markdown"})))
        .collect();
    tell(&person, &events).await;
    tell(
        &person,
        &[with(event("created", "/x", 5), json!({"device": "phone"})), event("deleted", &path(3), 40)],
    )
    .await;
    tell(&person, &[event("opened", &path(7), 50), event("opened", &path(9), 51)]).await;
    let paths = async |query: &str| -> Vec<String> {
        let found = pages(&person, &format!("/api/v1/files?{query}&"), 7, async || {}).await;
        found.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths("device=phone").await, ["/x"]);
    assert_eq!(paths("state=deleted").await, [path(3)]);
    assert_eq!(paths("path=/home/ada/").await.len(), 15);
    assert_eq!(paths("text=NOTE%202").await.len(), 11);
    assert_eq!(paths("text=%25").await.len(), 0);
    assert_eq!(paths("sort=-opened_at").await, [path(9), path(7)]);
    assert_eq!(
        paths(&format!("from={}&to={}&path=/home", at(10), at(13)).replace('+', "%2B")).await,
        [path(12), path(11), path(10)]
    );
    assert_eq!(paths("content_type=text/markdown&sort=changed_at").await[..2], [path(0), path(1)]);

    let mut more = 100;
    let listed = pages(&person, "/api/v1/files?device=laptop&", 4, async || {
        more += 1;
        tell(&person, &[event("created", &format!("/new/{more}"), more)]).await;
    })
    .await;
    let listed: Vec<&str> = listed.iter().map(|file| file["path"].as_str().unwrap()).collect();
    let distinct: BTreeSet<&&str> = listed.iter().collect();
    assert_eq!((listed.len(), distinct.len()), (30, 30), "{listed:?}");
    let cursor = person.get("/api/v1/files?limit=1").await.good()["next_cursor"].clone();
    let elsewhere = format!("/api/v1/files?sort=changed_at&cursor={}", cursor.as_str().unwrap());
    assert_eq!(person.get(&elsewhere).await.refused(), (400, "invalid_cursor".to_owned()));
}

#[tokio::test]
async fn the_history_of_a_file_has_pages_that_hold() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let events: Vec<Value> = (0..50).map(|n| event("modified", "/a", n / 2)).collect();
    let id = tell(&person, &events).await;
    let mut late = 0;
    let listed = pages(&person, &format!("/api/v1/files/{id}/events?"), 9, async || {
        late += 1;
        tell(&person, &[event("opened", "/a", 100 + late)]).await;
    })
    .await;
    let ids: BTreeSet<&str> = listed.iter().map(|event| event["id"].as_str().unwrap()).collect();
    let times: Vec<&str> = listed.iter().map(|event| event["happened_at"].as_str().unwrap()).collect();
    assert_eq!((listed.len(), ids.len()), (50, 50));
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert_eq!(file(&person, id).await["events"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn a_batch_sends_one_event_for_each_file() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/a", 1)]).await;
    let mut socket = Socket::open(&person).await;
    assert_eq!(socket.join(&format!("file:{id}"), None).await[0]["type"], "joined");
    let stranger = socket.join(&format!("file:{}", Uuid::now_v7()), None).await;
    assert_eq!(stranger[0]["code"], "not_found");
    tell(&person, &[event("modified", "/b", 2), event("opened", "/a", 3), moved("/a", "/c", 4)]).await;
    let received = socket.hear().await.unwrap();
    assert_eq!(
        (&received["type"], &received["rooms"]),
        (&"file_event".into(), &json!([format!("file:{id}")]))
    );
    let told = &received["data"];
    assert_eq!(
        (&told["path"], &told["opened_at"], &told["state"]),
        (&"/c".into(), &at(3).into(), &"present".into())
    );
    assert_eq!(delete(&person, id).await.status, 204);
    let received = socket.hear().await.unwrap();
    assert_eq!(received["data"], json!({"id": id, "state": "forgotten"}));
    let numbers =
        "from (select seq - row_number() over (order by seq) as off from events) numbers where off <> 0";
    assert_eq!(stack.database.count(numbers).await, 0, "a gap in the numbers of events");
}

#[tokio::test]
async fn nobody_sees_or_touches_the_files_of_anybody_else() {
    let stack = Stack::without_worker().await;
    let (owner, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let event = event("created", "/diary", 1);
    let id = tell(&owner, std::slice::from_ref(&event)).await;
    // The same id and the same path belong to another file for another person.
    let own = tell(&stranger, &[with(event, json!({"size_bytes": 7}))]).await;
    assert_ne!(own, id);
    for (method, path) in [
        (Method::GET, format!("/api/v1/files/{id}")),
        (Method::GET, format!("/api/v1/files/{id}/events")),
        (Method::GET, format!("/api/v1/files/{id}/content")),
        (Method::PUT, format!("/api/v1/files/{id}/content")),
        (Method::DELETE, format!("/api/v1/files/{id}")),
    ] {
        let answer = Answer::of(stranger.request(method.clone(), &path).body("text")).await.unwrap();
        assert_eq!(answer.refused(), (404, "not_found".to_owned()), "{method} {path}");
    }
    let seen = stranger.get("/api/v1/files").await.good();
    let seen: Vec<Uuid> = seen["items"].as_array().unwrap().iter().map(|file| id_of(&file["id"])).collect();
    assert_eq!(seen, [own]);
    assert!(file(&owner, id).await.get("size_bytes").is_none());
}
