//! Isolation of people: on every path, in every parameter and in every field of a body in the document, so
//! that new routes are covered automatically.

pub(crate) mod things;

use std::collections::BTreeSet;

use reqwest::Method;
use self_tests::document::{Operation, Parameter};
use self_tests::past::{SAID, somebody_with_a_past};
use self_tests::{Answer, Document, Person, Socket, Sound, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use self::things::{Things, filled};

#[tokio::test]
async fn a_stranger_finds_nothing_of_anybody_else_on_any_path() {
    let stack = Stack::start().await;
    let (owner, stranger) = (somebody_with_a_past(&stack).await, somebody_with_a_past(&stack).await);
    let operations = Document::of(&owner).await.operations();
    let theirs = Things::of(&owner, &operations).await;

    for operation in operations.iter().filter(|one| one.is_of_a_person() && one.path.contains('{')) {
        let nobodys = filled(operation, &[Uuid::now_v7()]).remove(0);
        let never = filled(operation, &["not-an-id"]).remove(0);
        let unknown = ask(&stranger, operation, &nobodys, None).await;
        for path in filled(operation, &theirs.of_each_kind()) {
            let answer = ask(&stranger, operation, &path, None).await;
            assert_eq!(answer.refused(), (404, "not_found".to_owned()), "{} {path}", operation.method);
            // An id of another person has the same answer as an unknown id.
            assert_eq!(essence(&answer), essence(&unknown), "{} {path}", operation.method);
        }
        // And an invalid id has the same answer.
        let answer = ask(&stranger, operation, &never, None).await;
        assert_eq!(essence(&answer), essence(&unknown), "{} {never}", operation.method);
    }
    let after = Things::of(&owner, &operations).await;
    assert_eq!(after.found, theirs.found, "a stranger's requests changed what is there");
    let own = Things::of(&stranger, &operations).await;
    let seen: Vec<_> = own.ids().intersection(&theirs.ids()).copied().collect();
    assert!(seen.is_empty(), "both see {seen:?}");
    searching_and_listening_find_nothing(&owner, &stranger, &theirs).await;
}

#[tokio::test]
async fn an_id_of_somebody_else_is_nobodys_in_every_parameter_and_every_body() {
    let stack = Stack::start().await;
    let (owner, stranger) = (somebody_with_a_past(&stack).await, somebody_with_a_past(&stack).await);
    let operations = Document::of(&owner).await.operations();
    let theirs = Things::of(&owner, &operations).await;
    let own = Things::of(&stranger, &operations).await;

    let mut places = 0;
    for operation in operations.iter().filter(|operation| operation.is_of_a_person()) {
        for at in ids_in(operation) {
            places += 1;
            let path = own.path_to(operation);
            let answer = async |id| essence(&ask(&stranger, operation, &path, Some((&at, id))).await);
            let unknown = answer(Uuid::now_v7()).await;
            let place = format!("{} {path} {at:?}", operation.method);
            for id in theirs.of_each_kind() {
                assert_eq!(answer(id).await, unknown, "{place}: {id} of somebody else is known");
            }
            let mut known = false;
            for id in own.of_each_kind() {
                known = known || answer(id).await != unknown;
            }
            assert!(known, "{place}: nothing of one's own is known there: add it to tests/src/past.rs");
        }
    }
    assert!(places >= 9, "only {places} places for ids");
}

/// The place of an id besides the path.
#[derive(Debug)]
enum At {
    /// A query parameter.
    Query(String),
    /// A field of the body, as a path of names.
    Body(Vec<String>),
}

fn ids_in(operation: &Operation) -> impl Iterator<Item = At> {
    let queries = operation.parameters_in("query").filter(|parameter| parameter.is_id);
    let queries = queries.map(|parameter| At::Query(parameter.name.clone()));
    queries.chain(operation.ids_in_body.iter().cloned().map(At::Body))
}

/// Sends the example request of the document, with an id at one place.
async fn ask(person: &Person, operation: &Operation, path: &str, id: Option<(&At, Uuid)>) -> Answer {
    let Operation { method, body, .. } = operation;
    let mut request = person.request(method.clone(), path);
    for parameter in operation.parameters_in("query").filter(|parameter| parameter.required) {
        request = request.query(&[(&parameter.name, some(parameter))]);
    }
    let mut body = body.clone();
    match id {
        Some((At::Query(name), id)) => request = request.query(&[(name, id)]),
        Some((At::Body(way), id)) => {
            let mut at = body.as_mut().unwrap();
            for name in way {
                at = if at.is_array() { &mut at[0][name] } else { &mut at[name] };
            }
            *at = if at.is_array() { json!([id]) } else { json!(id) };
        }
        None => {}
    }
    request = match body {
        Some(body) => request.json(&body),
        None if operation.takes_file => request.body(Sound::short().bytes),
        None => request,
    };
    Answer::of(request).await.unwrap()
}

/// A valid value of a parameter.
fn some(parameter: &Parameter) -> String {
    parameter.words.first().cloned().unwrap_or_else(|| SAID.to_owned())
}

/// An answer without the values that differ each time.
fn essence(answer: &Answer) -> (u16, Value) {
    let text = || Value::String(answer.text());
    let mut body = serde_json::from_slice(&answer.body).unwrap_or_else(|_| text());
    if let Some(problem) = body.as_object_mut() {
        problem.remove("request_id");
    }
    (answer.status, body)
}

async fn searching_and_listening_find_nothing(owner: &Person, stranger: &Person, theirs: &Things) {
    let question = json!({"query": SAID, "limit": 100});
    for (person, finds) in [(owner, true), (stranger, false)] {
        let found = person.post("/api/v1/search/semantic", &question).await.good().to_string();
        let seen: BTreeSet<_> =
            theirs.ids().into_iter().filter(|id| found.contains(&id.to_string())).collect();
        assert_eq!(!seen.is_empty(), finds, "found {seen:?}");
    }
    let mut socket = Socket::open(stranger).await;
    for id in theirs.of_each_kind() {
        for room in [format!("job:{id}"), format!("conversation:{id}")] {
            let heard = socket.join(&room, Some(0)).await;
            assert_eq!((heard.len(), &heard[0]["code"]), (1, &"not_found".into()), "{heard:?}");
        }
    }
    let heard = format!("{:?}", socket.join("user", Some(0)).await);
    let told = theirs.ids().into_iter().find(|id| heard.contains(&id.to_string()));
    assert!(told.is_none(), "somebody else's events of {told:?}: {heard}");
}

#[tokio::test]
async fn events_of_one_person_are_sent_to_nobody_else() {
    let stack = Stack::without_worker().await;
    let (one, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let (mut ones, mut others) = (Socket::open(&one).await, Socket::open(&other).await);
    ones.join("user", None).await;
    others.join("user", None).await;
    let theirs = one.upload(&Sound::short()).await;
    let own = other.upload(&Sound::short()).await;
    // Events are in order: after the own job's event, the other person's event would have arrived.
    for (socket, hears, never) in [(&mut ones, theirs, own), (&mut others, own, theirs)] {
        let is_it = |frame: &Value| frame["data"]["id"] == hears.job.to_string();
        let heard = format!("{:?}", socket.hear_until("one's own job", is_it).await);
        assert!(!heard.contains(&never.job.to_string()) && !heard.contains(&never.conversation.to_string()));
    }
}
