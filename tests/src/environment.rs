//! The environment that the run gives to its tests: servers, programs, models, recordings.

use std::env;
use std::path::{Path, PathBuf};

/// A variable of the run, named without its prefix `SELF_TEST_`.
#[must_use]
pub fn given(name: &str) -> String {
    perhaps(name).unwrap_or_else(|| panic!("SELF_TEST_{name} is not set: the tests are run by `make test`"))
}

/// An optional variable of the run.
#[must_use]
pub fn perhaps(name: &str) -> Option<String> {
    env::var(format!("SELF_TEST_{name}")).ok()
}

/// The path of one of the product's programs, built for release.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    Path::new(&given("BIN")).join(name)
}

/// A recording of a human voice.
#[must_use]
pub fn recording(name: &str) -> PathBuf {
    Path::new(&given("RECORDINGS")).join(name)
}

/// The folder of the run; it is removed at the end.
#[must_use]
pub fn run() -> PathBuf {
    PathBuf::from(given("RUN"))
}

/// The root of the sources.
#[must_use]
pub fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The variables of the machine that a program needs; nothing else of the developer's shell is passed on.
pub fn of_the_machine() -> impl Iterator<Item = (String, String)> {
    ["PATH", "HOME", "TMPDIR", "LANG", "RUST_LOG", "RUST_BACKTRACE"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)))
}
