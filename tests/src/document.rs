//! The OpenAPI document as tests read it, so that their checks cover every route.

use reqwest::Method;
use serde_json::{Map, Value};

use crate::Person;

/// The document that the server serves.
#[derive(Debug)]
pub struct Document(pub Value);

/// An operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// The path, with `{…}` for its parameters.
    pub path: String,
    /// The security schemes; empty if the operation is public.
    pub security: Vec<String>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The example of its JSON body, if it has one.
    pub body: Option<Value>,
    /// Whether it takes an upload of a file.
    pub takes_file: bool,
    /// The fields of the body that hold ids of other things, as paths of names. (A field with the name `id`
    /// is excluded: with it an app names the thing that it sends.)
    pub ids_in_body: Vec<Vec<String>>,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether it is required.
    pub required: bool,
    /// Whether it is an id.
    pub is_id: bool,
    /// The allowed words, if it is an enum.
    pub words: Vec<String>,
}

impl Document {
    /// Reads the document from the server of a person.
    pub async fn of(person: &Person) -> Self {
        Self(person.get("/openapi.json").await.good())
    }

    /// All operations of the API.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| self.operation(method, path, operation))
        });
        operations.collect()
    }

    fn operation(&self, method: &str, path: &str, operation: &Value) -> Operation {
        let content = operation["requestBody"]["content"].as_object().cloned().unwrap_or_default();
        let json = content.get("application/json").map(|media| self.resolved(&media["schema"]));
        let mut ids_in_body = Vec::new();
        if let Some(schema) = json {
            self.find_ids(schema, &mut Vec::new(), &mut ids_in_body);
        }
        Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.to_owned(),
            security: objects(&operation["security"]).flat_map(Map::keys).cloned().collect(),
            parameters: objects(&operation["parameters"]).map(|given| self.parameter(given)).collect(),
            body: json.map(|schema| schema["example"].clone()),
            takes_file: content.contains_key("application/octet-stream"),
            ids_in_body,
        }
    }

    fn parameter(&self, given: &Map<String, Value>) -> Parameter {
        let schema = self.resolved(&given["schema"]);
        Parameter {
            name: given["name"].as_str().unwrap().to_owned(),
            place: given["in"].as_str().unwrap().to_owned(),
            required: given["required"] == true,
            is_id: schema["format"] == "uuid",
            words: texts(&schema["enum"]),
        }
    }

    /// The schema itself, or the one that a reference points to.
    #[must_use]
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let [only] = schema["allOf"].as_array().map(Vec::as_slice).unwrap_or_default() {
            return self.resolved(only);
        }
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    fn find_ids(&self, schema: &Value, way: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let property = self.resolved(property);
            way.push(name.clone());
            let is_id = property["format"] == "uuid" || property["items"]["format"] == "uuid";
            if is_id && name != "id" {
                found.push(way.clone());
            }
            // No schema of a body contains itself; a recursive one would need a check here.
            self.find_ids(property, way, found);
            self.find_ids(self.resolved(&property["items"]), way, found);
            way.pop();
        }
    }
}

impl Operation {
    /// Whether it requires the access token of a person.
    #[must_use]
    pub fn is_of_a_person(&self) -> bool {
        self.security.iter().any(|scheme| scheme == "access_token")
    }

    /// The parameters in the path, or in the query.
    pub fn parameters_in<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }
}

fn objects(list: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    list.as_array().into_iter().flatten().filter_map(Value::as_object)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
