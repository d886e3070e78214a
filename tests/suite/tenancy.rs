//! Nobody sees anything of anybody else.

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Sound, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::contract::{Operation, operations};

#[tokio::test]
async fn a_stranger_finds_nothing_of_anybody_else() {
    let stack = Stack::start().await;
    let (owner, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let accepted = owner.upload(&Sound::short()).await;
    let job = owner.success(accepted.job).await;
    let transcription = id_of(&job["transcription_id"]);
    let segment = id_of(&owner.transcription(transcription).await["segments"][0]["id"]);
    let theirs = [accepted.audio, accepted.conversation, accepted.job, transcription, segment];
    let operations = operations(&owner).await;

    let mut found_by_owner = 0;
    for Operation { method, path, body, .. } in operations.iter().filter(|one| one.path.contains("{id}")) {
        for id in theirs {
            let path = path.replace("{id}", &id.to_string());
            let ask = async |person: &Person, path: &str| {
                let request = person.request(method.clone(), path);
                let request = body.iter().fold(request, |request, body| request.json(body));
                Answer::of(request).await.unwrap()
            };
            let nobodys = path.replace(&id.to_string(), &Uuid::now_v7().to_string());
            let no_id = path.replace(&id.to_string(), "not-an-id");
            let (answer, unknown) = (ask(&stranger, &path).await, ask(&stranger, &nobodys).await);
            assert_eq!(answer.refused(), (404, "not_found".to_owned()), "{method} {path}");
            // What is somebody else's looks like what does not exist, and like what never could.
            assert_eq!(without_request(&answer), without_request(&unknown), "{method} {path}");
            let never = ask(&stranger, &no_id).await;
            assert_eq!(without_request(&answer), without_request(&never), "{method} {no_id}");
            if *method == Method::GET {
                found_by_owner += usize::from(ask(&owner, &path).await.status == 200);
            }
        }
    }
    // audio, its content, conversation, job, transcription: the addresses above are the right ones.
    assert!(found_by_owner >= 5, "the owner finds {found_by_owner}");

    for Operation { path, .. } in operations.iter().filter(|one| one.method == Method::GET && one.secured) {
        if !path.contains('{') {
            let text = stranger.get(path).await.text();
            let seen = theirs.iter().find(|id| text.contains(&id.to_string()));
            assert!(seen.is_none() && !text.contains(&owner.email), "{path} shows {text}");
        }
    }
    searching_and_listening_find_nothing(&stranger, accepted.job, accepted.conversation).await;
    let again = json!({"audio_id": accepted.audio});
    let refused = stranger.post("/api/v1/audio/transcribe", &again).await.refused();
    assert_eq!(refused, (404, "not_found".to_owned()));
}

async fn searching_and_listening_find_nothing(stranger: &Person, job: Uuid, conversation: Uuid) {
    let question = json!({"query": "fail better", "limit": 100});
    let found = stranger.post("/api/v1/search/semantic", &question).await.good();
    assert_eq!(found["items"], json!([]));

    let mut socket = Socket::open(stranger).await;
    for room in [format!("job:{job}"), format!("conversation:{conversation}")] {
        let heard = socket.join(&room, Some(0)).await;
        assert_eq!((heard.len(), &heard[0]["code"]), (1, &"not_found".into()), "{heard:?}");
    }
    let heard = socket.join("user", Some(0)).await;
    assert_eq!(heard.len(), 1, "somebody else's news: {heard:?}");
}

#[tokio::test]
async fn what_happens_to_one_person_is_told_to_nobody_else() {
    let stack = Stack::without_worker().await;
    let (one, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let (mut ones, mut others) = (Socket::open(&one).await, Socket::open(&other).await);
    ones.join("user", None).await;
    others.join("user", None).await;
    let theirs = one.upload(&Sound::short()).await;
    let own = other.upload(&Sound::short()).await;
    // News come in order: when each has heard of their own job, the other's would have come.
    for (socket, hears, never) in [(&mut ones, theirs, own), (&mut others, own, theirs)] {
        let is_it = |frame: &Value| frame["data"]["id"] == hears.job.to_string();
        let heard = format!("{:?}", socket.hear_until("one's own job", is_it).await);
        assert!(!heard.contains(&never.job.to_string()) && !heard.contains(&never.conversation.to_string()));
    }
}

fn without_request(answer: &Answer) -> Value {
    let mut problem: Value = serde_json::from_slice(&answer.body).unwrap();
    problem["request_id"].take();
    problem
}
