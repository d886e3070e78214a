//! The cache and the shared counters in Redis: cached answers are never outdated, all nodes share the
//! counts, and Redis may lose both at any time.

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::servers::Kind;
use self_tests::{Answer, Person, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

const CONVERSATIONS: &str = "/api/v1/conversations";

/// Imports a text, waits until it is processed, and returns the conversation.
async fn says(person: &Person, text: &str) -> Uuid {
    let accepted = person.post(CONVERSATIONS, &json!({"text": text})).await.good();
    person.settled().await;
    id_of(&accepted["conversation"]["id"])
}

async fn send(person: &Person, method: Method, path: &str, body: &Value) -> Answer {
    Answer::of(person.request(method, path).json(body)).await.unwrap()
}

/// The number of cache hits and of cache misses.
async fn counted(person: &Person) -> (u64, u64) {
    let metrics = person.get("/metrics").await.text();
    let of = |outcome: &str| {
        let is_it = |line: &&str| {
            line.starts_with("self_cache_requests_total") && line.contains(&format!("\"{outcome}\""))
        };
        let line = metrics.lines().find(is_it);
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64)
    };
    (of("hit"), of("miss"))
}

#[tokio::test]
async fn an_answer_is_given_again_until_something_changes_and_never_after() {
    let mut stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let elsewhere = Person { api: stack.start_another_api().await, ..person.clone() };
    let journey = says(&person, "We took the train to Lisbon and met Maria Silva there.").await;
    let path = format!("{CONVERSATIONS}/{journey}");
    let first = person.get(&path).await;
    let again = person.get(&path).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(
        (first.header("etag"), first.header("content-type")),
        (again.header("etag"), again.header("content-type"))
    );
    assert_eq!(counted(&person).await, (1, 1));
    assert_eq!(elsewhere.get(&path).await.body, first.body, "another node");
    assert_eq!(counted(&elsewhere).await, (1, 0));

    // Every change is visible at once, through every node.
    let shown = async || {
        let (here, there) = (person.get(&path).await, elsewhere.get(&path).await);
        assert_eq!(here.body, there.body);
        here.good()
    };
    send(&person, Method::PATCH, &path, &json!({"title": "A journey"})).await.good();
    assert_eq!(shown().await["title"], "A journey");
    let maria = &first.good()["entities"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["kind"] == "person")
        .unwrap()
        .clone();
    let entity = format!("/api/v1/entities/{}", id_of(&maria["id"]));
    send(&elsewhere, Method::PATCH, &entity, &json!({"name": "Maria da Silva"})).await.good();
    assert!(shown().await["entities"].to_string().contains("Maria da Silva"));
    assert_eq!(send(&person, Method::DELETE, &entity, &json!({})).await.status, 204);
    assert!(!shown().await["entities"].to_string().contains("Maria"));
    let other = says(&person, "We took the train to Lisbon, and it was late.").await;
    assert_eq!(shown().await["related_conversations"][0]["id"], other.to_string());
    let segment = format!("{CONVERSATIONS}/{other}");
    assert_eq!(send(&elsewhere, Method::DELETE, &segment, &json!({})).await.status, 204);
    assert_eq!(shown().await["related_conversations"], json!([]));
    assert_eq!(send(&elsewhere, Method::DELETE, &path, &json!({})).await.status, 204);
    for node in [&person, &elsewhere] {
        assert_eq!(node.get(&path).await.refused(), (404, "not_found".to_owned()));
    }
}

#[tokio::test]
async fn what_was_kept_for_one_person_is_nobody_elses() {
    let stack = Stack::start().await;
    let (person, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let path = format!("{CONVERSATIONS}/{}", says(&person, "The key lies under the third stone.").await);
    for _ in 0..2 {
        assert_eq!(person.get(&path).await.status, 200);
    }
    assert_eq!(stranger.get(&path).await.refused(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_redis_that_is_emptied_or_away_costs_time_and_nothing_else() {
    let stack = Stack::setup().own(&[Kind::Redis]).start().await;
    let person = Person::register(&stack).await;
    let path = format!("{CONVERSATIONS}/{}", says(&person, "We took the train to Lisbon.").await);
    let first = person.get(&path).await;
    let client = redis::Client::open(stack.servers.redis_url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    assert_eq!(person.get(&path).await.body, first.body, "emptied");

    let renamed = async |title: &str| {
        send(&person, Method::PATCH, &path, &json!({"title": title})).await.good();
        for _ in 0..2 {
            assert_eq!(person.get(&path).await.good()["title"], title);
        }
    };
    stack.servers.freeze(Kind::Redis);
    renamed("While it stands still").await;
    stack.servers.thaw(Kind::Redis);
    renamed("When it goes on").await;
    stack.servers.kill(Kind::Redis);
    renamed("While it is away").await;
    stack.servers.start(Kind::Redis);
    let (before, _) = counted(&person).await;
    eventually("answers to be kept again", async || {
        assert_eq!(person.get(&path).await.good()["title"], "While it is away");
        (counted(&person).await.0 > before).then_some(())
    })
    .await;
}

async fn guesses(person: &Person) -> u16 {
    let guess = json!({"email": person.email, "password": "a wrong guess"});
    person.post("/api/v1/auth/login", &guess).await.refused().0
}

#[tokio::test]
async fn failed_logins_are_counted_together_by_all_nodes() {
    let mut stack = Stack::setup().workers(0).own(&[Kind::Redis]).start().await;
    let person = Person::register(&stack).await;
    let elsewhere = Person { api: stack.start_another_api().await, ..person.clone() };
    for turn in 0..10 {
        let node = if turn % 2 == 0 { &person } else { &elsewhere };
        assert_eq!(guesses(node).await, 401);
    }
    assert_eq!((guesses(&person).await, guesses(&elsewhere).await), (429, 429));

    // Without Redis each node counts for itself: five attempts on one, five on the other.
    stack.servers.kill(Kind::Redis);
    for node in [&person, &elsewhere] {
        let mut more = 0;
        while guesses(node).await == 401 {
            more += 1;
        }
        assert_eq!(more, 5);
    }
}
