//! Users: preferences, password, sessions, and erasure.

use std::path::Path;

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Sound, Stack, eventually};
use serde_json::{Value, json};

const ME: &str = "/api/v1/users/me";

async fn put(person: &Person, path: &str, if_match: Option<&str>, body: &Value) -> Answer {
    let mut request = person.request(Method::PUT, path).json(body);
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    Answer::of(request).await.unwrap()
}

async fn delete(person: &Person, path: &str) -> Answer {
    Answer::of(person.request(Method::DELETE, path)).await.unwrap()
}

/// Logs the same person in on another device.
async fn log_in(person: &Person, password: &str) -> Result<Person, (u16, String)> {
    let body = json!({"email": person.email, "password": password});
    let answer = person.post("/api/v1/auth/login", &body).await;
    if answer.status != 200 {
        return Err(answer.refused());
    }
    let opened = answer.good();
    let token = |name: &str| opened[name].as_str().unwrap().to_owned();
    Ok(Person {
        password: password.to_owned(),
        access_token: token("access_token"),
        refresh_token: token("refresh_token"),
        ..person.clone()
    })
}

async fn sessions(person: &Person) -> Vec<Value> {
    person.get(&format!("{ME}/sessions")).await.good()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn choices_are_kept_whole_and_never_overwritten_unseen() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let first = person.get(ME).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.good()["preferences"], json!({"time_zone": "UTC", "transcription": {}}));

    let preferences = json!({"time_zone": "Europe/Lisbon", "language": "pt", "keep_days": 30,
                             "transcription": {"language": "en"}});
    let profile = json!({"name": "Ada", "preferences": preferences});
    let changed = put(&person, ME, Some(&tag), &profile).await;
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.good()["preferences"], preferences);
    let now = person.get(ME).await.good();
    assert_eq!((&now["name"], &now["preferences"]), (&"Ada".into(), &preferences));

    let late = put(&person, ME, Some(&tag), &json!({"name": "Bob", "preferences": {}})).await;
    assert_eq!(late.refused(), (412, "precondition_failed".to_owned()));
    // All preferences are replaced: absent ones return to their defaults.
    let plain = put(&person, ME, None, &json!({"name": "Ada", "preferences": {}})).await.good();
    assert_eq!(plain["preferences"], json!({"time_zone": "UTC", "transcription": {}}));
}

#[tokio::test]
async fn choices_that_cannot_be_are_refused_by_name() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for (preferences, field) in [
        (json!({"time_zone": "Atlantis/Capital"}), "preferences.time_zone"),
        (json!({"time_zone": "now() --"}), "preferences.time_zone"),
        (json!({"language": "en_US"}), "preferences.language"),
        (json!({"transcription": {"language": "?"}}), "preferences.transcription.language"),
    ] {
        let answer = put(&person, ME, None, &json!({"name": "Ada", "preferences": preferences})).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{preferences}");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    for days in [json!(0), json!(-3), json!("soon")] {
        let body = json!({"name": "Ada", "preferences": {"keep_days": days}});
        assert_eq!(put(&person, ME, None, &body).await.refused(), (400, "invalid_input".to_owned()));
    }
}

#[tokio::test]
async fn recordings_are_transcribed_in_the_language_of_the_preferences() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let body = json!({"name": "", "preferences": {"transcription": {"language": "en-GB"}}});
    put(&person, ME, None, &body).await.good();
    let accepted = person.upload(&Sound::short()).await;
    let job = person.job(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    assert_eq!(transcription["language"], "en-GB");
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let elsewhere = log_in(&person, &person.password).await.unwrap();
    let mut socket = Socket::open(&elsewhere).await;
    let path = format!("{ME}/password");
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});

    let wrong = put(&person, &path, None, &change("not the password", "a new password")).await;
    assert_eq!(wrong.refused(), (403, "wrong_password".to_owned()));
    let short = put(&person, &path, None, &change(&person.password, "short")).await;
    assert_eq!(short.refused(), (400, "invalid_input".to_owned()));
    assert_eq!(elsewhere.get(ME).await.status, 200);

    assert_eq!(put(&person, &path, None, &change(&person.password, "a new password")).await.status, 204);
    assert_eq!(person.get(ME).await.status, 200);
    assert_eq!(elsewhere.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    assert_eq!(socket.closed().await, Some(4401));
    let refused = (401, "invalid_credentials".to_owned());
    assert_eq!(log_in(&person, &person.password).await.unwrap_err(), refused);
    log_in(&person, "a new password").await.unwrap();
}

#[tokio::test]
async fn guessing_the_password_of_an_open_session_is_limited() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for guess in 0..50 {
        let body = json!({"password": format!("guess {guess}")});
        let answer = person.post(&format!("{ME}/erase"), &body).await;
        if answer.status != 403 {
            assert_eq!(answer.refused(), (429, "too_many_attempts".to_owned()));
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
            return;
        }
    }
    panic!("nobody stops fifty guesses");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_but_this() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let second = log_in(&person, &person.password).await.unwrap();
    let third = log_in(&person, &person.password).await.unwrap();
    let listed = sessions(&person).await;
    assert_eq!(listed.len(), 3);
    let current: Vec<_> = listed.iter().filter(|one| one["is_current"] == true).collect();
    assert_eq!(current.len(), 1);

    let of_second = sessions(&second).await;
    let of_second = of_second.iter().find(|one| one["is_current"] == true).unwrap();
    assert_ne!(of_second["id"], current[0]["id"]);
    let mut socket = Socket::open(&second).await;
    let path = format!("{ME}/sessions/{}", of_second["id"].as_str().unwrap());
    assert_eq!(delete(&person, &path).await.status, 204);
    assert_eq!(socket.closed().await, Some(4401));
    assert_eq!(second.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    assert_eq!(delete(&person, &path).await.refused(), (404, "not_found".to_owned()));

    assert_eq!(delete(&person, &format!("{ME}/sessions")).await.status, 204);
    assert_eq!(third.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    assert_eq!(sessions(&person).await.len(), 1);
}

#[tokio::test]
async fn conversations_go_when_they_were_kept_long_enough() {
    let mut stack = Stack::without_worker().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let path = "/api/v1/conversations";
    let old = json!({"title": "Long ago", "started_at": "2020-02-02T20:20:00Z"});
    for who in [&person, &other] {
        who.post(path, &old).await.good();
        who.post(path, &json!({"title": "Just now"})).await.good();
    }
    let accepted = person.upload(&Sound::short()).await;
    let aged =
        format!("update conversations set started_at = '2020-01-01' where id = '{}'", accepted.conversation);
    stack.database.run(&aged).await;
    put(&person, ME, None, &json!({"name": "", "preferences": {"keep_days": 365}})).await.good();

    stack.start_worker();
    eventually("old conversations to be deleted", async || {
        let page = person.get(path).await.good();
        (page["items"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    assert_eq!(person.get(path).await.good()["items"][0]["title"], "Just now");
    eventually("their recordings to be deleted", async || {
        (objects(&stack.objects().join("audio")) == 0).then_some(())
    })
    .await;
    // Another person keeps their conversations.
    assert_eq!(other.get(path).await.good()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_asks_to_be_forgotten_is_forgotten_and_nobody_else() {
    let mut stack = Stack::start().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    for who in [&person, &other] {
        who.transcribe(&Sound::short()).await;
        let text = json!({"text": "We took the train to Lisbon and met Maria Silva."});
        let accepted = who.post("/api/v1/conversations", &text).await.good();
        who.success(id_of(&accepted["job"]["id"])).await;
    }
    let mut socket = Socket::open(&person).await;
    let rows = rows_of(&stack, &person).await;
    assert!(rows.iter().filter(|(_, rows)| *rows > 0).count() >= 10, "{rows:?}");
    assert_eq!(objects(&stack.objects()), 2);

    let wrong = person.post(&format!("{ME}/erase"), &json!({"password": "a wrong one"})).await;
    assert_eq!(wrong.refused(), (403, "wrong_password".to_owned()));
    let accepted = person.post(&format!("{ME}/erase"), &json!({"password": person.password})).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let receipt = accepted.header("location").to_owned();
    assert_eq!(socket.closed().await, Some(4401));
    assert_eq!(person.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    let refused = (401, "invalid_credentials".to_owned());
    assert_eq!(log_in(&person, &person.password).await.unwrap_err(), refused);

    // Nobody can log in any more, so the receipt needs no token.
    let nobody = Person { access_token: String::new(), ..person.clone() };
    let erased = eventually("the erasure to be complete", async || {
        let erasure = nobody.get(&receipt).await.good();
        erasure["completed_at"].is_string().then_some(erasure)
    })
    .await;
    assert_eq!(erased["objects_erased"], 1);
    assert!(erased["rows_erased"].as_i64().is_some_and(|rows| rows > 10), "{erased}");
    let left = rows_of(&stack, &person).await;
    assert!(left.iter().all(|(_, rows)| *rows == 0), "{left:?}");
    assert_eq!(objects(&stack.objects()), 1);
    assert_eq!(other.get("/api/v1/conversations").await.good()["items"].as_array().unwrap().len(), 2);

    // The e-mail address is free again, and a new user with it starts without data.
    stack.ready().await;
    let body = json!({"email": person.email, "password": person.password, "name": ""});
    assert_eq!(person.post("/api/v1/auth/register", &body).await.status, 201);
}

/// The number of a person's rows in each table with an owner.
async fn rows_of(stack: &Stack, person: &Person) -> Vec<(String, i64)> {
    let owned: Vec<String> = stack
        .database
        .value(
            "select array_agg(table_name::text order by table_name) from information_schema.columns
             where table_schema = 'public' and column_name = 'user_id'
               and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE')",
        )
        .await
        .unwrap();
    let mut rows = Vec::new();
    for table in owned {
        let count = stack.database.count(&format!("from {table} where user_id = '{}'", person.id)).await;
        rows.push((table, count));
    }
    rows
}

fn objects(folder: &Path) -> usize {
    let entries =
        std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.iter().map(|entry| if entry.path().is_dir() { objects(&entry.path()) } else { 1 }).sum()
}
