//! The allowed imports: between the packages of the product, and between the modules of each package.

use std::collections::{BTreeMap, BTreeSet};

use self_tests::environment::sources;

use crate::conventions::{below, read};

/// Names, each with the names that it may import.
type Allowed = [(&'static str, &'static [&'static str])];

/// The packages, each with the packages of the product that it may depend on: only packages above it, and
/// not all of them.
const PACKAGES: &Allowed = &[
    ("shared/domain", &[]),
    ("shared", &["self-domain"]),
    ("worker/onnx", &[]),
    ("worker/language", &["self-domain", "self-onnx"]),
    ("worker/trainer", &["self-domain", "self-language", "self-onnx", "self-shared"]),
    ("worker", &["self-language", "self-onnx", "self-shared"]),
    ("api", &["self-shared"]),
];

/// The modules of each larger package, each with the modules that it may import: only modules above it.
const MODULES: &[(&str, &Allowed)] = &[
    (
        "shared",
        &[
            ("config", &[]),
            ("redis", &[]),
            ("events", &[]),
            ("bus", &["events"]),
            ("telemetry", &["config"]),
            ("objects", &["config"]),
            ("database", &["config", "events", "objects", "redis"]),
            ("vectors", &["config", "database"]),
            ("subtitles", &["database"]),
            ("relay", &["bus", "database"]),
            ("health", &["bus", "database", "objects", "redis", "vectors"]),
        ],
    ),
    (
        "worker/language",
        &[
            ("words", &[]),
            ("numerals", &[]),
            ("lexicon", &[]),
            ("models", &[]),
            ("tagger", &["lexicon", "models", "words"]),
            ("finder", &["models", "tagger"]),
            ("extract", &["lexicon", "models", "numerals", "words"]),
            ("resolve", &["extract"]),
            ("decisions", &["extract"]),
            ("connect", &["extract"]),
            ("embed", &["models"]),
            ("insights", &["extract", "resolve"]),
            ("title", &[]),
            ("summarize", &[]),
        ],
    ),
    (
        "worker",
        &[
            ("models", &[]),
            ("stages", &["models"]),
            ("sandbox", &["stages"]),
            ("engine", &[]),
            ("jobs", &["engine", "models", "sandbox", "stages"]),
            ("queries", &[]),
            ("fleet", &["engine"]),
            ("health", &["engine", "jobs"]),
            ("program", &["engine", "fleet", "health", "jobs", "models", "queries", "sandbox", "stages"]),
            ("evaluation", &["models", "program", "stages"]),
        ],
    ),
    (
        "api",
        &[
            ("id", &[]),
            ("time", &[]),
            ("methods", &[]),
            ("raw_json", &[]),
            ("hub", &[]),
            ("wire_enums", &[]),
            ("problem", &["wire_enums"]),
            ("etag", &["problem"]),
            ("offload", &["problem"]),
            ("request_middleware", &["methods", "problem"]),
            ("input", &["offload", "problem", "time"]),
            ("page", &["problem", "time"]),
            ("views", &["input", "time", "wire_enums"]),
            ("content", &["problem", "views"]),
            ("auth", &["problem", "views"]),
            ("app", &["auth", "hub", "views"]),
            ("push", &["app", "auth", "hub", "problem", "views"]),
            (
                "routes",
                &[
                    "app",
                    "auth",
                    "content",
                    "etag",
                    "id",
                    "input",
                    "offload",
                    "page",
                    "problem",
                    "push",
                    "raw_json",
                    "time",
                    "views",
                    "wire_enums",
                ],
            ),
            ("document", &["input", "problem", "push", "routes"]),
            ("commands", &["document"]),
            ("server", &["app", "document", "request_middleware", "methods"]),
        ],
    ),
];

/// Libraries for waiting, storage and network. Packages that only compute must not depend on them.
const OUTSIDE_OF_LANGUAGE: &[&str] =
    &["async-nats", "hyper", "redis", "reqwest", "self-shared", "sqlx", "tokio"];

#[test]
fn packages_depend_on_those_above_them_only() {
    for (package, allowed) in PACKAGES {
        let manifest = read(&sources().join(package).join("Cargo.toml"));
        for line in manifest.lines().filter(|line| line.starts_with("self-")) {
            let (name, _) = line.split_once(['.', ' ']).unwrap();
            assert!(allowed.contains(&name), "{package} depends on {name}");
        }
    }
}

#[test]
fn language_has_no_runtime_and_no_sql() {
    let lock = read(&sources().join("Cargo.lock"));
    let packages = locked(&lock);
    for package in ["self-language", "self-onnx", "self-domain"] {
        let (mut reached, mut next) = (BTreeSet::new(), vec![package]);
        while let Some(name) = next.pop() {
            if reached.insert(name) {
                next.extend(&packages[name]);
            }
        }
        assert!(reached.len() > 3, "{package}: {reached:?}");
        let strays: Vec<_> = OUTSIDE_OF_LANGUAGE.iter().filter(|name| reached.contains(*name)).collect();
        assert!(
            strays.is_empty(),
            "{package} brings {strays:?}: `cargo tree --package {package} --invert` says how"
        );
    }
}

#[test]
fn modules_import_those_above_them_only() {
    for (package, modules) in MODULES {
        let imports = imports_of(package);
        let known: BTreeSet<&str> = modules.iter().map(|(module, _)| *module).collect();
        let found: BTreeSet<&str> = imports.keys().map(String::as_str).collect();
        assert_eq!(found, known, "{package}: say in {} what each module may import", file!());
        let mut above = BTreeSet::new();
        for (module, allowed) in *modules {
            assert!(allowed.iter().all(|other| above.contains(other)), "{package}: {module} stands too high");
            above.insert(*module);
            let strays: Vec<_> =
                imports[*module].iter().filter(|other| !allowed.contains(&other.as_str())).collect();
            assert!(strays.is_empty(), "{package}: {module} imports {strays:?}");
        }
    }
}

/// The packages of a lock file by name, each with the names of its dependencies.
fn locked(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in lock.lines() {
        if let Some(name) = line.strip_prefix("name = \"") {
            current = name.trim_end_matches('"');
            packages.entry(current).or_default();
        } else if let Some(dependency) = line.strip_prefix(" \"") {
            // After the name there is a version if the lock file has several.
            let name = dependency.split(['"', ' ']).next().unwrap();
            packages.entry(current).or_default().push(name);
        }
    }
    packages
}

/// The imports of each module of a package from the other modules, without tests.
fn imports_of(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = sources().join(package).join("src");
    let files: Vec<_> = below(&folder).into_iter().map(|path| (path.clone(), read(&path))).collect();
    let test_files: BTreeSet<String> = files.iter().flat_map(|(_, text)| modules_of_tests(text)).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &files {
        let inside = path.strip_prefix(&folder).unwrap();
        let mut parts = inside.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs"));
        let module = parts.next().unwrap();
        if ["lib", "main"].contains(&module) || test_files.contains(parts.next_back().unwrap_or(module)) {
            continue;
        }
        let root_of_package =
            if inside.iter().count() == 1 { &["crate::", "super::"][..] } else { &["crate::"] };
        imports.entry(module.to_owned()).or_default().extend(named(&product_of(text), root_of_package));
    }
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, imports) in &mut imports {
        imports.retain(|other| other != module && modules.contains(other));
    }
    imports
}

/// The names of modules in files of their own that are compiled only for tests.
fn modules_of_tests(text: &str) -> Vec<String> {
    let behind = text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.split_once(';'));
    behind.map(|(name, _)| name.to_owned()).filter(|name| !name.contains(['{', ' '])).collect()
}

/// The content of a file before its tests, without comments.
fn product_of(text: &str) -> String {
    let end = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"]
        .iter()
        .filter_map(|tests| text.find(tests))
        .min();
    text[..end.unwrap_or(text.len())].lines().map(|line| line.split("//").next().unwrap()).collect()
}

/// The names after one of the roots.
fn named(text: &str, roots: &[&str]) -> BTreeSet<String> {
    let behind = roots.iter().flat_map(|root| text.split(root).skip(1));
    // `use crate::{a, b::c};` has several names.
    let names = behind.flat_map(|rest| match rest.strip_prefix('{') {
        Some(group) => group.split(['}', ';']).next().unwrap().split(',').collect(),
        None => vec![rest],
    });
    names
        .map(|name| name.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}
