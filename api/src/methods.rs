//! The methods of each path, for the `Allow` header of a 405 answer (RFC 9110, 15.5.6).

use std::collections::BTreeSet;

use serde_json::Value;

/// The paths of an OpenAPI document, with their methods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Methods(Vec<(String, BTreeSet<String>)>);

impl Methods {
    /// Reads the paths and methods from an OpenAPI document.
    pub(crate) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(paths.map(|(template, operations)| (template.clone(), methods(operations))).collect())
    }

    /// The methods of a path, as the value of the header.
    pub(crate) fn allowed(&self, path: &str) -> String {
        let known = self.0.iter().find(|(template, _)| matches(template, path));
        // A path outside the document is a page, such as `/docs`.
        known.map_or_else(
            || "GET, HEAD".to_owned(),
            |(_, methods)| methods.iter().cloned().collect::<Vec<_>>().join(", "),
        )
    }
}

fn methods(operations: &Value) -> BTreeSet<String> {
    let mut methods: BTreeSet<_> =
        operations.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()).collect();
    if methods.contains("GET") {
        methods.insert("HEAD".to_owned());
    }
    methods
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(expected, given)| expected == given || expected.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_says_what_it_knows() {
        let methods = Methods::of(&json!({"paths": {
            "/jobs": {"get": {}},
            "/jobs/{id}/retry": {"post": {}},
            "/lanes/{lane}": {"get": {}, "put": {}},
        }}));
        assert_eq!(methods.allowed("/jobs"), "GET, HEAD");
        assert_eq!(methods.allowed("/jobs/7/retry"), "POST");
        assert_eq!(methods.allowed("/lanes/audio"), "GET, HEAD, PUT");
        assert_eq!(methods.allowed("/docs"), "GET, HEAD");
    }
}
