//! Vectors in Qdrant: the same results, whatever happens to it.

use self_tests::person::{client, id_of};
use self_tests::qdrant::{Qdrant, carried, filled};
use self_tests::{Answer, Person, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, remembering, titles};

const MEANING: [(&str, &str); 2] = [("q", "a seafood meal"), ("mode", "meaning")];

/// Imports another conversation and returns it.
async fn say(person: &Person, title: &str, text: &str) -> Uuid {
    let accepted = person.post("/api/v1/conversations", &json!({"title": title, "text": text})).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    id_of(&accepted["conversation"]["id"])
}

/// The number of searches of a stack that used candidates of Qdrant.
async fn searches_by_qdrant(stack: &Stack) -> u64 {
    let asked = client().get(format!("{}/metrics", stack.address()));
    let metrics = Answer::of(asked).await.unwrap().text();
    let line =
        metrics.lines().find_map(|line| line.strip_prefix("self_vector_searches_total{by=\"qdrant\"} "));
    line.map_or(0, |count| count.parse().unwrap())
}

fn found(answer: &Value) -> Vec<(Uuid, String)> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|hit| (id_of(&hit["conversation_id"]), hit["by_meaning"].to_string())).collect()
}

#[tokio::test]
async fn qdrant_and_postgres_give_the_same_answers_and_either_is_enough() {
    let mut qdrant = Qdrant::start().await;
    let stack = qdrant.stack().await;
    let person = remembering(&stack).await;
    let queries: [&[(&str, &str)]; 4] = [
        &MEANING,
        &[("q", "what will it cost?")],
        &[("q", "travelling"), ("mode", "meaning"), ("to", "2024-12-31T00:00:00Z")],
        &[("q", "travelling"), ("mode", "meaning"), ("tag", "budget")],
    ];
    let mut before = Vec::new();
    for query in queries {
        before.push(found(&ask(&person, query).await.good()));
    }
    assert_eq!(searches_by_qdrant(&stack).await, 4);
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 3, 1]);
    if !qdrant.is_own() {
        return;
    }

    qdrant.stop();
    for (query, before) in queries.iter().zip(&before) {
        assert_eq!(found(&ask(&person, query).await.good()), *before, "{query:?}");
    }
    assert_eq!(searches_by_qdrant(&stack).await, 4);
    for address in [stack.address(), stack.worker_address(0)] {
        let health = Answer::of(client().get(format!("{address}/health/ready"))).await.unwrap();
        assert_eq!(health.status, 200, "{}", health.text());
        assert!(health.text().contains("Qdrant does not answer"), "{}", health.text());
    }
    // Conversations of this time are found, and are copied to Qdrant when it is back.
    say(&person, "Lunch", "We had mussels and shrimps for lunch, right at the harbour.").await;
    assert!(titles(&ask(&person, &MEANING).await.good())[..2].contains(&"Lunch"));
    qdrant.start_again().await;
    carried(&stack).await;
    assert_eq!(qdrant.holds(&stack, person.id).await, Some(6));
    assert!(titles(&ask(&person, &MEANING).await.good())[..2].contains(&"Lunch"));
    assert_eq!(searches_by_qdrant(&stack).await, 5);
}

#[tokio::test]
async fn passages_that_are_not_mirrored_yet_are_found_and_deleted_ones_are_not() {
    let mut qdrant = Qdrant::start().await;
    let stack = qdrant.stack().await;
    let person = remembering(&stack).await;
    let dinner = ask(&person, &MEANING).await.good()["items"][0].clone();
    assert_eq!(dinner["title"], "Dinner");

    // The lock of the mirror is held here, so changes are not copied.
    let mut turn = stack.database.pool().begin().await.unwrap();
    let lock = "select from pg_advisory_xact_lock(hashtextextended('vector mirror', 0))";
    sqlx::raw_sql(lock).execute(&mut *turn).await.unwrap();
    say(&person, "Lunch", "We had mussels and shrimps for lunch, right at the harbour.").await;
    let gone = format!("/api/v1/conversations/{}", id_of(&dinner["conversation_id"]));
    let deleted = Answer::of(person.request(reqwest::Method::DELETE, &gone)).await.unwrap();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let asked = searches_by_qdrant(&stack).await;
    let found = ask(&person, &MEANING).await.good();
    assert_eq!(titles(&found)[0], "Lunch");
    assert!(!titles(&found).contains(&"Dinner"), "{found}");
    assert_eq!(searches_by_qdrant(&stack).await, asked + 1);
    assert_eq!(qdrant.holds(&stack, person.id).await, Some(5));

    turn.rollback().await.unwrap();
    carried(&stack).await;
    assert_eq!(qdrant.holds(&stack, person.id).await, Some(5));
    assert_eq!(titles(&ask(&person, &MEANING).await.good()), titles(&found));
}

#[tokio::test]
async fn qdrant_is_filled_with_what_was_there_before_and_again_when_it_lost_it() {
    let mut qdrant = Qdrant::start().await;
    let stack = qdrant.stack().await;
    let (person, other) = (remembering(&stack).await, remembering(&stack).await);
    let before = found(&ask(&person, &MEANING).await.good());

    qdrant.lose(&stack).await;
    assert_eq!(found(&ask(&person, &MEANING).await.good()), before);
    eventually("Qdrant to be filled again", async || {
        let holds = (qdrant.holds(&stack, person.id).await, qdrant.holds(&stack, other.id).await);
        (holds == (Some(5), Some(5))).then_some(())
    })
    .await;
    filled(&stack).await;
    carried(&stack).await;
    let asked = searches_by_qdrant(&stack).await;
    assert_eq!(found(&ask(&person, &MEANING).await.good()), before);
    assert_eq!(searches_by_qdrant(&stack).await, asked + 1);
}

#[tokio::test]
async fn without_a_mirror_no_changes_are_queued() {
    let mut stack = Stack::start().await;
    let person = remembering(&stack).await;
    assert_eq!(stack.database.count("from vector_changes").await, 0);
    // A mirror that is no longer configured is abandoned.
    stack
        .database
        .run("alter table conversation_embeddings enable trigger mirror; insert into vector_mirror default values")
        .await;
    say(&person, "Breakfast", "Toast with marmalade, and a pot of tea.").await;
    assert_eq!(stack.database.count("from vector_changes").await, 1);
    stack.start_worker();
    eventually("the mirror to be given up", async || {
        (stack.database.count("from vector_mirror").await == 0).then_some(())
    })
    .await;
    say(&person, "Lunch", "We had mussels and shrimps for lunch.").await;
    assert_eq!(stack.database.count("from vector_changes").await, 0);
}

#[tokio::test]
async fn an_erasure_is_complete_when_qdrant_has_forgotten_too() {
    let mut qdrant = Qdrant::start().await;
    let stack = qdrant.stack().await;
    let (person, other) = (remembering(&stack).await, remembering(&stack).await);
    carried(&stack).await;
    assert_eq!(qdrant.holds(&stack, person.id).await, Some(5));
    if qdrant.is_own() {
        qdrant.stop();
    }
    let erase = json!({"password": person.password});
    let accepted = person.post("/api/v1/users/me/erase", &erase).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let receipt = accepted.header("location").to_owned();
    if qdrant.is_own() {
        eventually("everything else to be erased", async || {
            (stack.database.count(&format!("from users where id = '{}'", person.id)).await == 0).then_some(())
        })
        .await;
        let tried = eventually("the erasure to be tried again", async || {
            stack
                .database
                .value::<i32>("select attempt from jobs where kind = 'erase_user' and state = 'queued'")
                .await
        })
        .await;
        assert!(tried >= 1);
        assert!(other.get(&receipt).await.good()["completed_at"].is_null());
        qdrant.start_again().await;
        stack.database.run("update jobs set run_at = now() where kind = 'erase_user'").await;
    }
    eventually("the erasure to be complete", async || {
        other.get(&receipt).await.good()["completed_at"].is_string().then_some(())
    })
    .await;
    assert_eq!(qdrant.holds(&stack, person.id).await, Some(0));
    assert_eq!(qdrant.holds(&stack, other.id).await, Some(5));
    assert_eq!(
        stack.database.count(&format!("from vector_changes where user_id = '{}'", person.id)).await,
        0
    );
}
