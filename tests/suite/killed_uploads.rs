//! An API that is killed after each step of an upload: accepted recordings are kept, and nothing is left of
//! the others.

use reqwest::Method;
use self_tests::person::Accepted;
use self_tests::servers::Kind;
use self_tests::{Answer, Person, Sound, Stack, eventually};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::crashes::it_happened_once;

#[tokio::test]
async fn killed_while_the_body_arrives() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let mut link = TcpStream::connect(person.api.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /api/v1/audio/upload HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {}\r\nidempotency-key: one\r\n\
         content-length: {}\r\n\r\n",
        person.access_token,
        sound.bytes.len()
    );
    link.write_all(head.as_bytes()).await.unwrap();
    link.write_all(&sound.bytes[..sound.bytes.len() / 2]).await.unwrap();
    let parts = stack.objects().join(".parts");
    eventually("the first half to arrive", async || {
        (std::fs::read_dir(&parts).ok()?.count() > 0).then_some(())
    })
    .await;
    killed(&mut stack).await;
    assert_eq!(stack.database.count("from audio").await, 0);
    the_same_request_again_is_accepted_once(&stack, &person, &sound).await;
}

#[tokio::test]
async fn killed_between_the_object_and_the_commit() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let hold = stack.database.hold("audio").await;
    let sent = tokio::spawn(Answer::of(request(&person, &sound)));
    eventually("the transaction", async || stack.database.somebody_waits_for("audio").await.then_some(()))
        .await;
    killed(&mut stack).await;
    hold.release().await;
    assert!(sent.await.unwrap().is_err(), "the dead have answered");
    assert_eq!(stack.database.count("from audio").await, 0);
    assert_eq!(stack.database.count("from jobs where user_id is not null").await, 0);
    the_same_request_again_is_accepted_once(&stack, &person, &sound).await;
}

#[tokio::test]
async fn killed_between_the_commit_and_the_answer() {
    let mut stack = Stack::setup().own(&[Kind::Redis]).start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    // While Redis is frozen, sending the wake-up takes long, and the answer comes after it.
    stack.servers.freeze(Kind::Redis);
    let sent = tokio::spawn(Answer::of(request(&person, &sound)));
    let job = "from jobs where kind = 'transcribe_audio'";
    eventually("the commit", async || (stack.database.count(job).await == 1).then_some(())).await;
    killed(&mut stack).await;
    stack.servers.thaw(Kind::Redis);
    assert!(sent.await.unwrap().is_err(), "the answer was faster than this test");
    the_same_request_again_is_accepted_once(&stack, &person, &sound).await;
}

#[tokio::test]
async fn killed_right_after_the_answer() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let accepted = Accepted::read(&Answer::of(request(&person, &sound)).await.unwrap().good());
    stack.api.as_mut().unwrap().kill();
    // The worker does not need the API.
    let done = format!("from jobs where id = '{}' and state = 'succeeded'", accepted.job);
    eventually("the success", async || (stack.database.count(&done).await == 1).then_some(())).await;
    stack.start_api();
    stack.ready().await;
    it_happened_once(&stack, &person, accepted).await;
    the_same_request_again_is_accepted_once(&stack, &person, &sound).await;
}

#[tokio::test]
async fn an_api_that_is_stopped_in_the_middle_of_an_upload_completes_it() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    // More bytes than the API needs to recognise the type of the file.
    let (first, rest) = (sound.bytes.slice(..50_000), sound.bytes.slice(50_000..));
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let body = futures_util::stream::unfold((Some(first), Some((gone, rest))), async |(first, rest)| {
        if let Some(first) = first {
            return Some((Ok::<_, std::io::Error>(first), (None, rest)));
        }
        let (gone, rest) = rest?;
        let _ = gone.await;
        Some((Ok(rest), (None, None)))
    });
    let body = reqwest::Body::wrap_stream(body);
    let sent = tokio::spawn(Answer::of(person.request(Method::POST, "/api/v1/audio/upload").body(body)));
    let parts = stack.objects().join(".parts");
    eventually("the upload to begin", async || (std::fs::read_dir(&parts).ok()?.count() > 0).then_some(()))
        .await;
    let api = stack.api.as_mut().unwrap();
    api.terminate();
    eventually("the API to stop listening", async || {
        TcpStream::connect(person.api.trim_start_matches("http://")).await.err()
    })
    .await;
    go.send(()).unwrap();
    let answer = sent.await.unwrap().unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let status = api.end().await;
    assert!(status.success(), "{status}");
    stack.start_api();
    stack.ready().await;
    person.success(Accepted::read(&answer.good()).job).await;
}

/// Kills the API and starts it again.
async fn killed(stack: &mut Stack) {
    stack.api.as_mut().unwrap().kill();
    stack.start_api();
    stack.ready().await;
}

fn request(person: &Person, sound: &Sound) -> reqwest::RequestBuilder {
    person.upload_request(sound).header("idempotency-key", "one")
}

/// An app that got no answer sends the same request again. There must be one recording with one job, which
/// is done once.
async fn the_same_request_again_is_accepted_once(stack: &Stack, person: &Person, sound: &Sound) {
    let answer = Answer::of(request(person, sound)).await.unwrap();
    let accepted = Accepted::read(&answer.good());
    person.success(accepted.job).await;
    it_happened_once(stack, person, accepted).await;
    assert_eq!(stack.database.count("from audio").await, 1);
    assert_eq!(stack.database.count("from jobs where kind = 'transcribe_audio'").await, 1);
    let content = person.get(&format!("/api/v1/audio/{}/content", accepted.audio)).await;
    assert_eq!(content.body, sound.bytes);
}
