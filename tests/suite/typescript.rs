//! A client in TypeScript, generated from the document: it compiles, and what it says is so.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use self_tests::Stack;
use self_tests::environment::{given, of_the_machine, run, sources};
use self_tests::waiting::LONG;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn a_client_that_is_generated_from_the_document_compiles_and_makes_a_round_trip() {
    let stack = Stack::start().await;
    let folder = run().join(format!("typescript-{}", stack.namespace));
    fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "tsconfig.json", "round-trip.ts"] {
        fs::copy(sources().join("tests/typescript").join(name), folder.join(name)).unwrap();
    }
    let modules = Path::new(&given("TYPESCRIPT")).join("node_modules");
    symlink(&modules, folder.join("node_modules")).unwrap();

    let document = sources().join("openapi/self-backend.json").display().to_string();
    let generator = "node_modules/openapi-typescript/bin/cli.js";
    node(&folder, &[generator, &document, "--output", "self-backend.d.ts"]).await;
    node(&folder, &["node_modules/typescript/bin/tsc", "--project", "."]).await;
    let told = node(&folder, &["built/round-trip.js", &stack.address()]).await;

    for line in ["registered Ada", "succeeded", "Tea in London", "A: I met Ada Lovelace", "Ada Lovelace"] {
        assert!(told.contains(line), "nothing of `{line}` in:\n{told}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// What a program in JavaScript printed; it must end well.
async fn node(folder: &Path, arguments: &[&str]) -> String {
    let running = Command::new(given("NODE"))
        .args(arguments)
        .env_clear()
        .envs(of_the_machine())
        .current_dir(folder)
        .kill_on_drop(true)
        .output();
    let ran = timeout(LONG, running).await.expect("node goes on for ever").unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{arguments:?}\n{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    said
}
