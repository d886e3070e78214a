//! A client in TypeScript, generated from the documents: it compiles, and its types are correct.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use self_tests::Stack;
use self_tests::environment::{given, of_the_machine, run, sources};
use self_tests::waiting::LONG;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn a_client_that_is_generated_from_the_documents_compiles_and_makes_a_round_trip() {
    let stack = Stack::start().await;
    let folder = run().join(format!("typescript-{}", stack.namespace));
    fs::create_dir_all(&folder).unwrap();
    lay_out(&folder);

    let generator = "node_modules/openapi-typescript/bin/cli.js";
    node(&folder, &[generator, &document("self-backend.json"), "--output", "self-backend.d.ts"]).await;
    node(&folder, &["generate-socket.mjs", &document("asyncapi.json"), "socket.d.ts"]).await;
    node(&folder, &["node_modules/typescript/bin/tsc", "--project", "."]).await;
    let told = node(&folder, &["built/round-trip.js", &stack.address()]).await;

    for line in [
        "registered Ada",
        "told everything up to 0",
        "understood: Tea in London, history",
        "understand_conversation succeeded after 1 attempt",
        "A: I met Ada Lovelace",
        "Ada Lovelace",
    ] {
        assert!(told.contains(line), "nothing of `{line}` in:\n{told}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_document_of_the_socket_is_what_its_format_says() {
    let folder = run().join("asyncapi");
    fs::create_dir_all(&folder).unwrap();
    lay_out(&folder);
    let told = node(&folder, &["validate-socket.mjs", &document("asyncapi.json")]).await;
    assert!(told.contains("AsyncAPI 3.0.0"), "{told}");
    // An error in a document is detected.
    let wrong = fs::read_to_string(document("asyncapi.json")).unwrap().replace("\"receive\"", "\"hear\"");
    fs::write(folder.join("wrong.json"), wrong).unwrap();
    let ran = run_node(&folder, &["validate-socket.mjs", "wrong.json"]).await;
    assert!(!ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    fs::remove_dir_all(&folder).unwrap();
}

/// A committed document.
fn document(name: &str) -> String {
    sources().join("openapi").join(name).display().to_string()
}

/// Copies the client and its packages into a folder.
fn lay_out(folder: &Path) {
    for name in
        ["package.json", "tsconfig.json", "round-trip.ts", "generate-socket.mjs", "validate-socket.mjs"]
    {
        fs::copy(sources().join("tests/typescript").join(name), folder.join(name)).unwrap();
    }
    let modules = Path::new(&given("TYPESCRIPT")).join("node_modules");
    symlink(&modules, folder.join("node_modules")).unwrap();
}

/// The output of a JavaScript program, which must succeed.
async fn node(folder: &Path, arguments: &[&str]) -> String {
    let ran = run_node(folder, arguments).await;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{arguments:?}\n{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    said
}

async fn run_node(folder: &Path, arguments: &[&str]) -> Output {
    let running = Command::new(given("NODE"))
        .args(arguments)
        .env_clear()
        .envs(of_the_machine())
        .current_dir(folder)
        .kill_on_drop(true)
        .output();
    timeout(LONG, running).await.expect("node goes on for ever").unwrap()
}
