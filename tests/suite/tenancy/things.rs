//! The data of a person: all ids in answers, and all paths that answer with data.

use std::collections::{BTreeMap, BTreeSet};

use self_tests::Person;
use self_tests::document::Operation;
use serde_json::Value;
use uuid::Uuid;

use super::{Method, ask};

/// How many ids of a kind are tried.
const OF_A_KIND: usize = 2;

/// The data of a person.
pub(crate) struct Things {
    /// The ids, each with the names of its fields: `segments.id`, `audio_id` …
    shown: BTreeMap<Uuid, BTreeSet<String>>,
    /// The paths of operations, each with the addresses that answered with data.
    pub(crate) found: BTreeMap<String, BTreeSet<String>>,
}

impl Things {
    /// Reads every address of the document. Every path must answer with data: a new one needs new data in
    /// `tests/src/past.rs`.
    pub(crate) async fn of(person: &Person, operations: &[Operation]) -> Self {
        let reads = |one: &&Operation| one.method == Method::GET && one.is_of_a_person();
        let (single, lists): (Vec<_>, Vec<_>) =
            operations.iter().filter(reads).partition(|one| one.path.contains('{'));
        let mut things = Self { shown: BTreeMap::new(), found: BTreeMap::new() };
        for operation in lists {
            things.read(person, operation, operation.path.clone()).await;
        }
        let mut asked = BTreeSet::new();
        loop {
            let ids: Vec<Uuid> = things.shown.keys().copied().collect();
            let mut new = false;
            for operation in &single {
                for path in filled(operation, &ids) {
                    if asked.insert(path.clone()) {
                        new = true;
                        things.read(person, operation, path).await;
                    }
                }
            }
            if !new {
                break;
            }
        }
        for Operation { path, .. } in single {
            let nothing = "nothing of theirs is there: add it to tests/src/past.rs";
            assert!(things.found.contains_key(path), "{path}: {nothing}");
        }
        things
    }

    async fn read(&mut self, person: &Person, operation: &Operation, path: String) {
        let answer = ask(person, operation, &path, None).await;
        if answer.status == 200 {
            self.found.entry(operation.path.clone()).or_default().insert(path);
            self.collect(&serde_json::from_slice(&answer.body).unwrap_or_default(), "", "");
        }
    }

    fn collect(&mut self, value: &Value, within: &str, name: &str) {
        match value {
            Value::String(text) => {
                if let Ok(id) = text.parse::<Uuid>() {
                    let name = if name == "id" { format!("{within}.id") } else { name.to_owned() };
                    self.shown.entry(id).or_default().insert(name);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, within, name)),
            Value::Object(fields) => {
                fields.iter().for_each(|(inner, value)| self.collect(value, name, inner));
            }
            _ => {}
        }
    }

    /// All ids.
    pub(super) fn ids(&self) -> BTreeSet<Uuid> {
        self.shown.keys().copied().collect()
    }

    /// A few ids of each kind; ids of a kind have the same names.
    pub(super) fn of_each_kind(&self) -> Vec<Uuid> {
        let mut kinds: BTreeMap<&BTreeSet<String>, Vec<Uuid>> = BTreeMap::new();
        for (id, names) in &self.shown {
            kinds.entry(names).or_default().push(*id);
        }
        kinds.into_values().flat_map(|ids| ids.into_iter().take(OF_A_KIND)).collect()
    }

    /// The address of an operation on a thing of this person.
    pub(super) fn path_to(&self, operation: &Operation) -> String {
        if !operation.path.contains('{') {
            return operation.path.clone();
        }
        let within = |path: &&String| path.contains('{') && operation.path.starts_with(path.as_str());
        let known = self.found.keys().filter(within).max_by_key(|path| path.len());
        let known = known.unwrap_or_else(|| panic!("{} belongs to nothing that can be read", operation.path));
        let found = self.found[known].first().unwrap();
        operation.path.replace(known.as_str(), found)
    }
}

/// The addresses of an operation with these values, in every order.
pub(super) fn filled(operation: &Operation, values: &[impl ToString]) -> Vec<String> {
    let mut paths = vec![operation.path.clone()];
    for parameter in operation.parameters_in("path") {
        let place = format!("{{{}}}", parameter.name);
        let words: Vec<String> = if parameter.words.is_empty() {
            values.iter().map(ToString::to_string).collect()
        } else {
            parameter.words.clone()
        };
        paths = paths.iter().flat_map(|path| words.iter().map(|word| path.replace(&place, word))).collect();
    }
    paths
}
