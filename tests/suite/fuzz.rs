//! Fuzzing with schemathesis: it sends to every route both valid and invalid requests by the document, and
//! checks every answer against it.
//!
//! Its configuration is in `tests/fuzz/`. By hand, and for longer: `FUZZ_EXAMPLES=1000 make test
//! ARGS="-p self-tests --test suite fuzz"`.

use std::env;
use std::time::Duration;

use self_tests::environment::{given, of_the_machine, run, sources};
use self_tests::past::somebody_with_a_past;
use self_tests::{Document, Stack};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::tenancy::things::Things;

const OPERATOR_TOKEN: &str = "a-token-of-the-operators-that-is-long-enough";
/// The number of examples for each operation, besides those that cover each part of its schema once.
const EXAMPLES: &str = "20";
/// The longest run, however many examples were requested.
const LONGEST: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn whoever_is_logged_in_gets_no_answer_that_the_document_does_not_know() {
    let stack = Stack::setup().with("OPERATOR_TOKEN", OPERATOR_TOKEN).start().await;
    let person = somebody_with_a_past(&stack).await;
    let operations = Document::of(&person).await.operations();
    let found = Things::of(&person, &operations).await.found;
    fuzz(&stack, "person", &person.access_token, json!(found)).await;
}

#[tokio::test]
async fn strangers_get_no_answer_that_the_document_does_not_know() {
    let stack = Stack::setup().with("OPERATOR_TOKEN", OPERATOR_TOKEN).start().await;
    fuzz(&stack, "stranger", "", json!({})).await;
}

async fn fuzz(stack: &Stack, who: &str, token: &str, found: Value) {
    let folder = sources().join("tests/fuzz");
    let examples = env::var("FUZZ_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let running = Command::new(given("SCHEMATHESIS"))
        .args(["--config-file", &format!("{}/{who}.toml", folder.display())])
        .args(["run", &format!("{}/openapi/self-backend.json", sources().display())])
        .args(["--url", &stack.address(), "--max-examples", &examples, "--no-color"])
        .env_clear()
        .envs(of_the_machine())
        .env("SELF_FUZZ_HOOKS", folder.join("hooks.py"))
        .env("SELF_FUZZ_API", stack.address())
        .env("SELF_FUZZ_TOKEN", token)
        .env("SELF_FUZZ_FOUND", found.to_string())
        .env("SELF_FUZZ_OPERATOR_TOKEN", OPERATOR_TOKEN)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(run())
        .kill_on_drop(true)
        .output();
    let ran = timeout(LONGEST, running).await.expect("schemathesis goes on for ever").unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
}
