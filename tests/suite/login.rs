//! The programs log in to PostgreSQL as a user that owns nothing.

use self_tests::environment::program;
use self_tests::{Person, Sound, Stack};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};

/// `insufficient_privilege`
const DENIED: &str = "42501";

#[tokio::test]
async fn the_programs_use_a_login_that_can_neither_change_the_schema_nor_read_a_table() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    person.transcribe(&Sound::short().anew()).await;

    let owner = stack.database.count(
        "from pg_stat_activity a join pg_class t on t.oid = 'jobs'::regclass
         where a.datname = current_database() and a.application_name = 'self-shared'
           and pg_has_role(a.usename, t.relowner, 'member')",
    );
    assert_eq!(owner.await, 0, "a program is logged in as the owner");

    let mut login = stack.database.as_programs().await;
    for statement in [
        "select from audio",
        "select from jobs",
        "select from _sqlx_migrations",
        "create table public.mine (id int)",
        "alter table audio disable row level security",
        "drop table audio",
        "truncate vector_changes",
        "create role mine",
        "call switch_vector_mirror(true)",
    ] {
        let refused = login.execute(AssertSqlSafe(statement)).await.unwrap_err();
        let code =
            refused.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, DENIED, "{statement}: {refused}");
    }
}

#[tokio::test]
async fn without_a_login_of_their_own_the_programs_serve_as_the_owner_and_say_so() {
    let one = Stack::start().await;
    assert_eq!(advice(&one).await, [Value::Null, Value::Null]);

    let stack = Stack::setup().with("DB_APP_USER", "").with("DB_APP_PASSWORD", "").start().await;
    for said in advice(&stack).await {
        assert!(said.as_str().is_some_and(|remedy| remedy.contains("DB_APP_USER")), "{said}");
    }
    let person = Person::register(&stack).await;
    person.transcribe(&Sound::short().anew()).await;
}

/// What the API and the worker advise about PostgreSQL.
async fn advice(stack: &Stack) -> [Value; 2] {
    let asked = [(stack.address(), "parts"), (stack.worker_address(0), "checks")];
    let mut said = [Value::Null, Value::Null];
    for ((address, list), said) in asked.iter().zip(&mut said) {
        let health: Value =
            reqwest::get(format!("{address}/health/ready")).await.unwrap().json().await.unwrap();
        let parts = health[list].as_array().unwrap();
        let postgres = parts.iter().find(|part| part["name"] == "postgres").unwrap();
        *said = postgres["remedy"].clone();
    }
    said
}

#[tokio::test]
async fn migrations_keep_the_password_of_a_login_that_may_do_more() {
    let stack = Stack::without_worker().await;
    let owner = stack.database.variables().into_iter().find(|(name, _)| name == "DB_USER").unwrap().1;
    let variables = [("DB_APP_USER", owner.as_str()), ("DB_APP_PASSWORD", "another one")];
    let refused = stack.database.command(&program("self-api"), &["migrate", "up"], &variables);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("DB_APP_USER"), "{said}");
    Person::register(&stack).await;
}
