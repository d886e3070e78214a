//! The deletion of sound while the text stays.

use reqwest::Method;
use self_tests::person::{id_of, said};
use self_tests::{Answer, Person, Sound, Stack, eventually};
use serde_json::{Value, json};

async fn delete_audio(person: &Person, audio: impl std::fmt::Display) -> Answer {
    Answer::of(person.request(Method::DELETE, &format!("/api/v1/audio/{audio}"))).await.unwrap()
}

/// The number of stored objects of recordings.
fn recordings(stack: &Stack) -> usize {
    let people = std::fs::read_dir(stack.objects().join("audio")).into_iter().flatten().flatten();
    people.map(|person| std::fs::read_dir(person.path()).unwrap().count()).sum()
}

#[tokio::test]
async fn sound_that_was_deleted_is_gone_and_the_transcript_stays() {
    let stack = Stack::start().await;
    let (person, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let accepted = person.upload(&Sound::short()).await;
    let job = person.success(accepted.job).await;
    let transcription = id_of(&job["transcription_id"]);
    let before = person.transcription(transcription).await;
    let version = || async {
        person.get(&format!("/api/v1/conversations/{}", accepted.conversation)).await.good()["version"]
            .clone()
    };
    let seen = version().await;

    assert_eq!(delete_audio(&stranger, accepted.audio).await.status, 404);
    assert_eq!(delete_audio(&person, accepted.audio).await.status, 204);
    assert_eq!(delete_audio(&person, accepted.audio).await.status, 204, "a second time is no error");
    assert_eq!(recordings(&stack), 0);
    assert_ne!(version().await, seen, "apps that watch the version are not told");

    let audio = person.get(&format!("/api/v1/audio/{}", accepted.audio)).await.good();
    assert!(audio["removed_at"].is_string(), "{audio}");
    let content = person.get(&format!("/api/v1/audio/{}/content", accepted.audio)).await;
    assert_eq!(content.refused(), (404, "content_missing".to_owned()));
    let again = person.post("/api/v1/audio/transcribe", &json!({"audio_id": accepted.audio})).await;
    assert_eq!(again.refused(), (404, "content_missing".to_owned()));
    assert_eq!(person.transcription(transcription).await, before);
    let found = person.post("/api/v1/search/semantic", &json!({"query": said(&before)})).await.good();
    assert_eq!(found["items"][0]["conversation_id"], accepted.conversation.to_string(), "{found}");
    // The same bytes can be uploaded again, as a new recording.
    assert_ne!(person.upload(&Sound::short()).await.audio, accepted.audio);
}

#[tokio::test]
async fn work_that_needs_the_sound_stops_when_the_sound_is_deleted() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    assert_eq!(delete_audio(&person, accepted.audio).await.status, 204);
    assert_eq!(person.job(accepted.job).await["state"], "cancelled");
    let again = person.post(&format!("/api/v1/jobs/{}/retry", accepted.job), &json!({})).await;
    assert_eq!(again.refused(), (404, "content_missing".to_owned()));
}

#[tokio::test]
async fn old_sound_goes_by_itself_for_those_who_chose_so_once_nobody_works_on_it() {
    let mut stack = Stack::setup().workers(0).with("LANES", "audio=1,text=1,maintenance=1").start().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let long_ago = [("recorded_at", "2020-02-02T10:00:00Z")];
    let upload = async |person: &Person, sound: &Sound| {
        let sent = person.upload_request(sound).query(&long_ago);
        self_tests::person::Accepted::read(&Answer::of(sent).await.unwrap().good())
    };
    let (own, others) = (upload(&person, &Sound::short()).await, upload(&other, &Sound::short()).await);
    // This recording was never transcribed and will not be.
    let cancelled = upload(&person, &Sound::short().anew()).await;
    person.post(&format!("/api/v1/jobs/{}/cancel", cancelled.job), &json!({})).await.good();
    let profile = json!({"name": "Ada", "preferences": {"keep_audio_days": 30}});
    let chosen = person.request(Method::PUT, "/api/v1/users/me").json(&profile);
    assert_eq!(Answer::of(chosen).await.unwrap().good()["preferences"]["keep_audio_days"], 30);

    stack.start_worker();
    person.success(own.job).await;
    other.success(others.job).await;
    // As if the last search for old sound was hours ago: a worker searches again when it starts.
    stack
        .database
        .run("update jobs set created_at = created_at - interval '2 hours' where kind = 'expire_audio'")
        .await;
    stack.start_worker();
    let removed = eventually("the old sound to go", async || {
        let audio = person.get(&format!("/api/v1/audio/{}", own.audio)).await.good();
        audio["removed_at"].is_string().then_some(audio)
    })
    .await;
    assert_eq!(removed["id"], own.audio.to_string());
    eventually("the sound that nobody heard to go", async || {
        let audio = person.get(&format!("/api/v1/audio/{}", cancelled.audio)).await.good();
        audio["removed_at"].is_string().then_some(())
    })
    .await;
    let kept: Value = other.get(&format!("/api/v1/audio/{}", others.audio)).await.good();
    assert!(kept.get("removed_at").is_none(), "{kept}");
    assert_eq!(recordings(&stack), 1);
}
