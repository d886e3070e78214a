//! What the run gives its tests: servers, programs, models, recordings.

use std::env;
use std::path::{Path, PathBuf};

/// A variable of the run, without its prefix `SELF_TEST_`.
#[must_use]
pub fn given(name: &str) -> String {
    perhaps(name).unwrap_or_else(|| panic!("SELF_TEST_{name} is not set: the tests are run by `make test`"))
}

/// A variable that a run may have.
#[must_use]
pub fn perhaps(name: &str) -> Option<String> {
    env::var(format!("SELF_TEST_{name}")).ok()
}

/// One of the product's programs, as built for release.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    Path::new(&given("BIN")).join(name)
}

/// A recording of a human voice.
#[must_use]
pub fn recording(name: &str) -> PathBuf {
    Path::new(&given("RECORDINGS")).join(name)
}

/// The folder of the run, removed at its end.
#[must_use]
pub fn run() -> PathBuf {
    PathBuf::from(given("RUN"))
}

/// The root of the project's sources.
#[must_use]
pub fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What a program needs of the machine, whatever the developer's shell holds beside.
pub fn of_the_machine() -> impl Iterator<Item = (String, String)> {
    ["PATH", "HOME", "TMPDIR", "LANG", "RUST_LOG", "RUST_BACKTRACE"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)))
}
