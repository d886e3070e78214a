//! Checks of the documents: the commands in README.md run, and links point to existing files.

use std::fs;
use std::path::PathBuf;

use self_tests::Stack;
use self_tests::environment::{of_the_machine, sources};
use self_tests::waiting::LONG;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn the_block_for_apps_runs_when_it_is_pasted() {
    let stack = Stack::start().await;
    let printed = run_in_bash(&block_of("From an app"), &stack.address()).await;

    assert!(printed.contains(": succeeded\n"), "the job did not succeed:\n{printed}");
    let subtitles = ["1\n00:00:", " --> 00:00:", "the best of times"];
    for part in subtitles {
        assert!(printed.contains(part), "no `{part}` in the subtitles:\n{printed}");
    }
    let hit = printed.lines().find(|line| line.contains(" ms: ") && line.contains("winter of despair"));
    let starts_at = hit.and_then(|line| line.split(' ').next()?.parse::<u64>().ok());
    assert!(starts_at.is_some_and(|ms| (5_000..25_000).contains(&ms)), "the moment is not found:\n{printed}");
}

#[test]
fn links_between_documents_and_files_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let is_outside = link.starts_with("http://") || link.starts_with("https://");
            if !is_outside && !file.is_empty() && !folder.join(file).exists() {
                broken.push(format!("{link} in {}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn code_that_the_documents_quote_stands_in_the_file_that_they_name() {
    let mut quoted = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for block in text.split("\n```rust\n// ").skip(1) {
            let (file, rest) = block.split_once('\n').unwrap();
            let code = rest.split("\n```\n").next().unwrap();
            let source = fs::read_to_string(sources().join(file)).unwrap();
            assert!(source.contains(code), "{} quotes what is not in {file}:\n{code}", document.display());
            quoted += 1;
        }
    }
    assert!(quoted >= 5, "only {quoted} blocks were found");
}

/// The first shell block below a heading of README.md.
fn block_of(heading: &str) -> String {
    let readme = fs::read_to_string(sources().join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, from) = section.split_once("\n```sh\n").unwrap();
    from.split_once("\n```\n").unwrap().0.to_owned()
}

/// Runs the block and returns its output. The block ends at the first command that fails, which fails the
/// test.
async fn run_in_bash(block: &str, api: &str) -> String {
    let running = Command::new("bash")
        .args(["-euo", "pipefail", "-c", block])
        .env_clear()
        .envs(of_the_machine())
        .env("API", api)
        .current_dir(sources())
        .kill_on_drop(true)
        .output();
    let ran = timeout(LONG, running).await.expect("the block goes on for ever").unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{printed}\n{}", String::from_utf8_lossy(&ran.stderr));
    printed
}

/// The documents at the root of the project and in `docs/`.
fn documents() -> Vec<PathBuf> {
    let folders = [sources().to_owned(), sources().join("docs")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect()
}
