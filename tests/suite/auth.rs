//! Authentication: registration, login, sessions, and forged tokens.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use reqwest::Method;
use self_tests::environment::program;
use self_tests::stack::JWT_SECRET;
use self_tests::{Answer, Person, Socket, Stack};
use serde_json::{Value, json};

const ME: &str = "/api/v1/users/me";

#[tokio::test]
async fn whoever_registers_is_logged_in_and_can_log_in_again() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    assert_eq!(person.get(ME).await.good()["id"], person.id.to_string());

    let session = login(&person, &person.email.to_uppercase(), &person.password).await.good();
    assert_eq!(session["user"]["id"], person.id.to_string());
    assert_ne!(session["refresh_token"], person.refresh_token);
}

#[tokio::test]
async fn an_address_is_registered_once_whatever_its_case() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let again = json!({"email": person.email.to_uppercase(), "password": "another password", "name": ""});
    assert_eq!(person.post("/api/v1/auth/register", &again).await.refused(), (409, "email_taken".to_owned()));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let said = async |email: &str, password: &str| {
        let answer = login(&person, email, password).await;
        assert_eq!(answer.refused(), (401, "invalid_credentials".to_owned()));
        let mut problem: Value = serde_json::from_slice(&answer.body).unwrap();
        problem["request_id"].take();
        problem
    };
    let wrong = said(&person.email, "a wrong password").await;
    assert_eq!(wrong, said("nobody@example.org", &person.password).await);
}

#[tokio::test]
async fn who_keeps_guessing_a_password_is_made_to_wait() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut guesses = 0;
    let refused = loop {
        let answer = login(&person, &person.email, &format!("guess {guesses}")).await;
        guesses += 1;
        if answer.status != 401 {
            break answer;
        }
        assert!(guesses < 50, "nobody stops {guesses} guesses");
    };
    assert_eq!(refused.refused(), (429, "too_many_attempts".to_owned()));
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    // Existing sessions continue, and other people can log in.
    assert_eq!(person.get(ME).await.status, 200);
    Person::register(&stack).await;
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once_and_a_lost_answer_is_given_again() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let next = refresh(&person, &person.refresh_token).await.good();
    assert_ne!(next["refresh_token"], person.refresh_token);
    // A client that lost the answer gets the same successor again.
    let again = refresh(&person, &person.refresh_token).await.good();
    assert_eq!(again["refresh_token"], next["refresh_token"]);

    let renewed = Person { access_token: text(&next["access_token"]), ..person.clone() };
    assert_eq!(renewed.get(ME).await.status, 200);
    let later = refresh(&person, &text(&next["refresh_token"])).await.good();
    assert_ne!(later["refresh_token"], next["refresh_token"]);
}

#[tokio::test]
async fn a_replayed_refresh_token_ends_the_session_and_closes_its_sockets() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    let elsewhere = login(&person, &person.email, &person.password).await.good();
    let next = text(&refresh(&person, &person.refresh_token).await.good()["refresh_token"]);
    // The ten seconds in which a retry is allowed have passed.
    stack.database.run("update refresh_tokens set used_at = used_at - interval '11 seconds'").await;

    let refused = (401, "invalid_refresh_token".to_owned());
    assert_eq!(refresh(&person, &person.refresh_token).await.refused(), refused);
    assert_eq!(refresh(&person, &next).await.refused(), refused);
    assert_eq!(person.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    socket.closed().await;

    // Another login of the same person is another session, and continues.
    let other = Person { access_token: text(&elsewhere["access_token"]), ..person.clone() };
    assert_eq!(other.get(ME).await.status, 200);
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    let out = Answer::of(person.request(Method::POST, "/api/v1/auth/logout")).await.unwrap();
    assert!((200..300).contains(&out.status), "{}", out.text());
    assert_eq!(person.get(ME).await.refused(), (401, "unauthenticated".to_owned()));
    let refused = refresh(&person, &person.refresh_token).await.refused();
    assert_eq!(refused, (401, "invalid_refresh_token".to_owned()));
    socket.closed().await;
}

#[tokio::test]
async fn forged_changed_and_expired_tokens_are_refused() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let claims = claims(&person.access_token);
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let (head, rest) = person.access_token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"; // {"alg":"none","typ":"JWT"}

    // A token with the same claims, signed by this test, is accepted. So the refusals below are due to the
    // changes alone.
    assert_eq!(asks_with(&person, &signed(&claims, JWT_SECRET)).await.status, 200);
    let refused = [
        String::new(),
        "not-a-token".to_owned(),
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}.{}", signature.chars().rev().collect::<String>()),
        signed(&claims, "a-secret-that-somebody-guessed-wrongly"),
        signed_as(Algorithm::HS512, &claims, JWT_SECRET),
        signed(&with("exp", json!(1_700_000_000)), JWT_SECRET),
        signed(&with("aud", json!("another-server")), JWT_SECRET),
        signed(&with("iss", json!("another-server")), JWT_SECRET),
        signed(&with("typ", json!("refresh")), JWT_SECRET),
        signed(&with("typ", Value::Null), JWT_SECRET),
        // Another person's id with the own session.
        signed(&with("sub", json!(uuid::Uuid::now_v7())), JWT_SECRET),
        person.refresh_token.clone(),
    ];
    for token in refused {
        let answer = asks_with(&person, &token).await;
        assert_eq!(answer.refused(), (401, "unauthenticated".to_owned()), "{token}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{token}");
    }
}

#[tokio::test]
async fn an_access_token_ends_by_itself_within_ten_minutes() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let claims = claims(&person.access_token);
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=600).contains(&life), "{life} s");
}

#[tokio::test]
async fn production_does_not_start_with_weak_secrets() {
    let stack = Stack::without_worker().await;
    let weak = [("ENVIRONMENT", "production"), ("JWT_SECRET", "secret"), ("JWT_REFRESH_SECRET", "secret")];
    let ran = stack.database.command(&program("self-api"), &["serve"], &weak);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        !ran.status.success() && said.contains("JWT_SECRET") && said.contains("JWT_REFRESH_SECRET"),
        "{said}"
    );
}

async fn login(person: &Person, email: &str, password: &str) -> Answer {
    person.post("/api/v1/auth/login", &json!({"email": email, "password": password})).await
}

async fn refresh(person: &Person, token: &str) -> Answer {
    person.post("/api/v1/auth/refresh", &json!({"refresh_token": token})).await
}

async fn asks_with(person: &Person, token: &str) -> Answer {
    let stranger = Person { access_token: token.to_owned(), ..person.clone() };
    stranger.get(ME).await
}

fn claims(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

fn signed(claims: &Value, secret: &str) -> String {
    signed_as(Algorithm::HS256, claims, secret)
}

fn signed_as(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
