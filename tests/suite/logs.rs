//! Logs describe what the programs do, and contain no text of people.

use reqwest::Method;
use self_tests::{Answer, Person, Sound, Stack};
use serde_json::json;
use uuid::Uuid;

/// A unique text that no log may contain.
fn planted() -> String {
    format!("planted{}", Uuid::new_v4().simple())
}

#[tokio::test]
async fn no_text_of_a_person_is_in_any_log() {
    let stack = Stack::setup().with("RUST_LOG", "debug").start().await;
    let person = Person::register(&stack).await;
    let word = planted();
    let heard = person.transcribe(&Sound::short()).await;
    let sound = Sound::short().anew();
    let named = Sound { name: format!("{word}.wav"), ..sound };
    let upload = person.upload_request(&named).query(&[("title", &word)]);
    Answer::of(upload).await.unwrap().good();
    // Uploads with faults that are worth a line in a log.
    let broken = Sound::of(&format!("{word}.wav"), "audio/wav", word.clone().into_bytes());
    Answer::of(person.upload_request(&broken)).await.unwrap();
    let riff = [b"RIFF\x40\0\0\0WAVEfmt ".as_slice(), word.as_bytes(), word.as_bytes()].concat();
    let damaged = Sound::of(&format!("{word}.wav"), "audio/wav", riff);
    let dead = Answer::of(person.upload_request(&damaged)).await.unwrap().good();
    person.ending(self_tests::person::id_of(&dead["job"]["id"])).await;

    let talk = format!("{word} said that Ada Byron from {word} Limited lives in Lisbon. Call me tomorrow.");
    let body = json!({"text": talk, "title": word, "notes": word, "tags": [word]});
    let conversation = person.post("/api/v1/conversations", &body).await.good();
    let subtitles = format!("1\n00:00:09 --> {word}\n{word}\n");
    person.post("/api/v1/conversations", &json!({"subtitles": subtitles})).await;
    person.post("/api/v1/conversations", &json!({"text": 7, "title": word, word.as_str(): word})).await;
    let segment = heard["segments"][0]["id"].as_str().unwrap();
    let correction = person.request(Method::PATCH, &format!("/api/v1/segments/{segment}"));
    Answer::of(correction.json(&json!({"text": word, "speaker": word}))).await.unwrap().good();
    person.success(self_tests::person::id_of(&conversation["job"]["id"])).await;
    for mode in ["words", "meaning", "hybrid"] {
        person
            .post("/api/v1/search/semantic", &json!({"query": format!("{word} \"{word}\""), "mode": mode}))
            .await;
    }
    person.get(&format!("/api/v1/search?q={word}")).await;
    person.get(&format!("/api/v1/conversations?text={word}&tag={word}&cursor={word}")).await;
    let event = json!({"id": Uuid::new_v4(), "kind": "created", "device": word, "path": format!("/{word}/{word}.txt"),
                       "happened_at": "2026-09-21T10:00:00Z", "content_type": "text/plain", "content": word});
    person.post("/api/v1/files/events", &json!({"events": [event]})).await;
    let profile = json!({"name": word, "preferences": {"time_zone": word}});
    Answer::of(person.request(Method::PUT, "/api/v1/users/me").json(&profile)).await.unwrap();
    let login = json!({"email": format!("{word}@example.org"), "password": word});
    person.post("/api/v1/auth/login", &login).await;
    person.idle().await;

    let logs: Vec<String> = stack.api.iter().chain(&stack.workers).map(self_tests::Process::log).collect();
    assert!(logs.iter().all(|log| log.lines().count() > 2), "nothing was logged at all");
    let spoken =
        heard["segments"].as_array().unwrap().iter().map(|segment| segment["text"].as_str().unwrap());
    for text in spoken.chain([word.as_str(), &person.email, &person.password, &person.access_token]) {
        for line in logs.iter().flat_map(|log| log.lines()) {
            assert!(!line.contains(text), "`{text}` is in a log: {line}");
        }
    }
}
