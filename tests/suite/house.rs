//! The rules of the project, checked in its sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self_tests::environment::sources;

/// The packages of the product.
const PACKAGES: &[&str] =
    &["api", "worker", "worker/language", "worker/onnx", "worker/trainer", "shared", "shared/domain"];

/// Libraries that could be replaced, and the only paths that may use each.
const PLACES: &[(&[&str], &[&str])] = &[
    (&["poem"], &["api/src/", "worker/src/health"]),
    (&["poem_openapi"], &["api/src/"]),
    (&["http_body", "hyper", "hyper_util", "listenfd"], &["api/src/server/"]),
    (&["jsonwebtoken", "hmac"], &["api/src/auth/token"]),
    (
        &["schemars"],
        &["shared/domain/src/", "shared/src/events/", "api/src/document/", "api/src/push/message"],
    ),
    (&["argon2"], &["api/src/auth/password"]),
    (&["pgvector"], &["shared/src/database/"]),
    (&["apalis", "apalis_core", "apalis_redis", "redis"], &["shared/src/redis/"]),
    (&["async_nats"], &["shared/src/bus"]),
    (&["minio", "xmltree"], &["shared/src/objects/s3"]),
    (
        &["reqwest"],
        &[
            "shared/src/vectors/qdrant",
            "worker/src/models/remote_transcriber",
            "worker/src/models/summarizer",
        ],
    ),
    (&["symphonia"], &["worker/src/stages/decode"]),
    (&["opusic_sys"], &["worker/src/stages/decode/opus"]),
    (&["rubato", "audioadapter_buffers"], &["worker/src/stages/resample"]),
    (&["realfft"], &["worker/src/stages/transcribe/phrases/bands"]),
    (&["chrono_tz"], &["worker/language/src/resolve/zone"]),
    (&["stop_words"], &["worker/language/src/notice/topics"]),
    (&["ort"], &["worker/onnx/"]),
    (
        &["encoding_rs", "hayro_cmap", "hayro_syntax", "html5ever", "pulldown_cmark"],
        &["worker/src/stages/read"],
    ),
    (&["markup5ever"], &["shared/src/subtitles/references"]),
    (&["unicode_segmentation", "unicode_width"], &["shared/src/subtitles/scripts"]),
    (&["zip"], &["worker/src/jobs/export_user/archive"]),
    (&["safetensors"], &["worker/language/src/models/minilm"]),
    (&["tokenizers"], &["worker/language/src/models/tokenizer"]),
    (&["metrics_exporter_prometheus", "tracing_subscriber"], &["shared/src/telemetry"]),
];

/// Libraries that any module may use, or that only tests use.
const EVERYWHERE: &[&str] = &[
    "anyhow",
    "async-trait",
    "base64",
    "bytes",
    "chrono",
    "futures-util",
    "hex",
    "http",
    "h2",
    "hyper-util",
    "metrics",
    "rand",
    "rustix",
    "s3s",
    "s3s-fs",
    "secrecy",
    "self-domain",
    "self-language",
    "self-onnx",
    "self-shared",
    "serde",
    "serde_json",
    "sha2",
    "sqlx",
    "tempfile",
    "thiserror",
    "tokio",
    "tokio-tungstenite",
    "tokio-util",
    "tracing",
    "uuid",
];

const LONGEST: usize = 400;

#[test]
fn every_outside_library_has_one_place() {
    let mut strays = Vec::new();
    for (path, text) in product() {
        for (libraries, places) in PLACES {
            let strange = !places.iter().any(|place| path.starts_with(place));
            for library in libraries.iter().filter(|library| strange && imports(&text, library)) {
                strays.push(format!("{library} in {path}; its place is {}", places.join(", ")));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn every_dependency_is_known_to_this_test() {
    let manifest = read(&sources().join("Cargo.toml"));
    let (_, dependencies) = manifest.split_once("[workspace.dependencies]").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let known: BTreeSet<String> = PLACES
        .iter()
        .flat_map(|(libraries, _)| *libraries)
        .chain(EVERYWHERE)
        .map(|name| name.replace('_', "-"))
        .collect();
    for line in dependencies.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, _)) = line.split_once(" = ") else { continue };
        assert!(known.contains(&name.replace('_', "-")), "{name}: say in {} where it belongs", file!());
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for (path, text) in product() {
        let reads = text.contains("env::var(") || text.contains("env::vars(");
        assert!(!reads || path.starts_with("shared/src/config"), "{path} reads the environment");
    }
}

#[test]
fn all_sql_is_in_one_room() {
    for (path, text) in product() {
        let asks = ["sqlx::query", "sqlx::raw_sql", "QueryBuilder"].iter().any(|name| text.contains(name));
        assert!(!asks || path.starts_with("shared/src/database/"), "{path} has SQL");
    }
}

#[test]
fn the_domain_imports_nothing_of_the_house() {
    let outside = ["std", "schemars", "serde", "serde_json", "uuid", "chrono", "thiserror", "anyhow"];
    for (path, text) in product().into_iter().filter(|(path, _)| path.starts_with("shared/domain/")) {
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("use ")) {
            let root = line.split([':', ';']).next().unwrap();
            let inside = root == "super" || root == "self" || root == "crate";
            assert!(inside || outside.contains(&root), "{path}: use {line}");
        }
    }
}

#[test]
fn files_are_short() {
    let lengths = written().into_iter().map(|path| (read(&path).lines().count(), path));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "make these folders: {long:#?}");
}

#[test]
fn files_are_named_after_their_purpose() {
    for path in written() {
        for part in path.strip_prefix(sources()).unwrap().components() {
            let part = part.as_os_str().to_string_lossy();
            let name = part.split('.').next().unwrap();
            let vague =
                ["util", "utils", "common", "helper", "helpers", "manager", "service", "services", "misc"];
            assert!(!vague.contains(&name), "{}: `{name}` says nothing", path.display());
        }
    }
}

#[test]
fn nothing_is_put_off_and_no_test_sleeps() {
    for path in written().into_iter().filter(|path| !path.ends_with(file!().rsplit('/').next().unwrap())) {
        let text = read(&path);
        for put_off in ["TODO", "FIXME", "XXX"] {
            assert!(!text.contains(put_off), "{} has a {put_off}", path.display());
        }
        let tests = path.starts_with(sources().join("tests")) && !path.ends_with("tests/src/waiting.rs");
        assert!(!tests || !text.contains("sleep("), "{} sleeps", path.display());
    }
}

/// The sources of the product, each with its path from the root.
fn product() -> Vec<(String, String)> {
    let folders = PACKAGES.iter().map(|package| sources().join(package).join("src"));
    let named = |path: &PathBuf| path.strip_prefix(sources()).unwrap().display().to_string();
    folders.flat_map(|folder| below(&folder)).map(|path| (named(&path), read(&path))).collect()
}

/// All source files that people write.
fn written() -> Vec<PathBuf> {
    let folders = ["api", "worker", "shared", "migrations", "tests", "ops"];
    folders.iter().flat_map(|folder| below(&sources().join(folder))).collect()
}

pub(super) fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] })
        .filter(|path| {
            path.extension().is_some_and(|kind| ["rs", "py", "sql"].iter().any(|known| kind == *known))
        })
        .collect()
}

/// Whether the code, without comments, uses a library.
fn imports(text: &str, library: &str) -> bool {
    text.lines().map(|line| line.split("//").next().unwrap()).any(|line| {
        line.match_indices(&format!("{library}::")).any(|(at, _)| {
            line[..at]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before))
        })
    })
}

pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
