//! Corrections of the schemas that poem-openapi generates. They must be exact, because generators build
//! clients from the document and a fuzzer tests against it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, MetaOperation, MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

use crate::input::query;
use crate::input::text::VISIBLE;

/// The spelling of headers; poem-openapi writes them in capitals.
const HEADERS: &[&str] = &["ETag", "Location"];

/// An API whose document is corrected.
pub(crate) struct CorrectedApi<T>(pub T);

impl<T: OpenApi> OpenApi for CorrectedApi<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        operations(&mut apis).for_each(shape_operation);
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        let taken = taken(&mut T::meta(), &registry.schemas);
        let changes = changes(&mut T::meta());
        for (name, schema) in &mut registry.schemas {
            shape(schema);
            schema.example.as_mut().map(without_nulls);
            if taken.contains(name) {
                require_visible(schema);
                relax(schema);
                close(schema);
            }
            if changes.contains(name) {
                schema.min_properties = Some(1);
            }
        }
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(table);
        let mut registry = Registry::new();
        T::register(&mut registry);
        query::check(&T::meta(), &registry, table);
    }
}

fn operations(apis: &mut [MetaApi]) -> impl Iterator<Item = &mut MetaOperation> {
    apis.iter_mut().flat_map(|api| &mut api.paths).flat_map(|path| &mut path.operations)
}

fn shape_operation(operation: &mut MetaOperation) {
    for param in &mut operation.params {
        shape_ref(&mut param.schema);
    }
    for response in &mut operation.responses.responses {
        for media in &mut response.content {
            // JSON is always in UTF-8 (RFC 8259): the `charset` parameter has no meaning, and some clients
            // fail on it.
            if media.content_type.starts_with("application/json") {
                media.content_type = "application/json";
            }
            shape_ref(&mut media.schema);
        }
        for header in &mut response.headers {
            if let Some(known) = HEADERS.iter().find(|known| known.eq_ignore_ascii_case(&header.name)) {
                header.name = (*known).to_owned();
            }
        }
    }
}

fn shape_ref(schema: &mut MetaSchemaRef) {
    if let MetaSchemaRef::Inline(schema) = schema {
        shape(schema);
    }
}

/// Corrects a schema and the inline schemas in it.
fn shape(schema: &mut MetaSchema) {
    // The reference has its own description, so the second schema with the description is dropped.
    if let [MetaSchemaRef::Reference(_), MetaSchemaRef::Inline(_)] = schema.all_of[..] {
        schema.all_of.truncate(1);
    }
    if let Some(format) = schema.format.filter(|format| format.starts_with("uint")) {
        schema.minimum = schema.minimum.or(Some(0.0));
        let most = match format {
            "uint8" => Some(f64::from(u8::MAX)),
            "uint16" => Some(f64::from(u16::MAX)),
            "uint32" => Some(f64::from(u32::MAX)),
            _ => None,
        };
        schema.maximum = schema.maximum.or(most);
    }
    schema.properties.iter_mut().for_each(|(_, property)| shape_ref(property));
    let below = [&mut schema.items, &mut schema.additional_properties];
    below.into_iter().flatten().for_each(|inner| shape_ref(inner));
}

/// Gives texts that must not be blank the pattern of what the check of bodies takes for blank.
fn require_visible(schema: &mut MetaSchema) {
    if schema.pattern.as_deref() == Some(r"\S") {
        schema.pattern = Some(VISIBLE.to_owned());
    }
    let fields = schema.properties.iter_mut().map(|(_, field)| field);
    for inner in fields.chain(
        [&mut schema.items, &mut schema.additional_properties]
            .into_iter()
            .flatten()
            .map(|inner| &mut **inner),
    ) {
        if let MetaSchemaRef::Inline(inner) = inner {
            require_visible(inner);
        }
    }
}

/// The names of the schemas in request bodies.
fn taken(apis: &mut [MetaApi], schemas: &BTreeMap<String, MetaSchema>) -> BTreeSet<String> {
    let mut taken = BTreeSet::new();
    for operation in operations(apis) {
        for media in operation.request.iter().flat_map(|request| &request.content) {
            reach(&media.schema, schemas, &mut taken);
        }
    }
    taken
}

fn reach(schema: &MetaSchemaRef, schemas: &BTreeMap<String, MetaSchema>, taken: &mut BTreeSet<String>) {
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => Some(&**schema),
        MetaSchemaRef::Reference(name) if taken.insert(name.clone()) => schemas.get(name),
        MetaSchemaRef::Reference(_) => None,
    };
    let Some(schema) = schema else { return };
    let properties = schema.properties.iter().map(|(_, property)| property);
    let below = [&schema.items, &schema.additional_properties].into_iter().flatten().map(|inner| &**inner);
    for inner in properties.chain(below).chain(&schema.all_of).chain(&schema.any_of).chain(&schema.one_of) {
        reach(inner, schemas, taken);
    }
}

/// The names of the schemas of changes (PATCH). An empty change is refused.
fn changes(apis: &mut [MetaApi]) -> BTreeSet<String> {
    let patches = operations(apis).filter(|operation| operation.method == Method::PATCH);
    let content = patches.flat_map(|operation| operation.request.iter().flat_map(|request| &request.content));
    let name = |schema: &MetaSchemaRef| match schema {
        MetaSchemaRef::Reference(name) => Some(name.clone()),
        MetaSchemaRef::Inline(_) => None,
    };
    content.filter_map(|media| name(&media.schema)).collect()
}

/// The placeholder for `false`, which poem-openapi cannot write as a schema.
const NOTHING: &str = "nothing-is-allowed-here";

/// Forbids unknown fields in a schema of a request.
fn close(schema: &mut MetaSchema) {
    if schema.ty == "object" && schema.additional_properties.is_none() {
        let nothing = MetaSchema { format: Some(NOTHING), ..MetaSchema::ANY };
        schema.additional_properties = Some(Box::new(MetaSchemaRef::Inline(Box::new(nothing))));
    }
}

/// The document as text, with `false` in place of [`NOTHING`].
pub(super) fn closed(document: &str) -> String {
    let nothing = format!("\"format\": \"{NOTHING}\"");
    let parts = document.trim().split(&nothing).map(str::trim);
    let within = |part: &str| {
        let part = part.strip_prefix('}').unwrap_or(part);
        part.strip_suffix('{').unwrap_or(part).to_owned()
    };
    parts.map(within).collect::<Vec<_>>().join("false")
}

/// Allows null for optional fields of requests, with the meaning of absence. Defaults move into the
/// description, since generators make fields with a default required.
fn relax(schema: &mut MetaSchema) {
    for (_, property) in schema.properties.iter_mut().filter(|(name, _)| !schema.required.contains(name)) {
        if let MetaSchemaRef::Reference(_) = property {
            let all_of = vec![property.clone()];
            *property = MetaSchemaRef::Inline(Box::new(MetaSchema { all_of, ..MetaSchema::ANY }));
        }
        let MetaSchemaRef::Inline(property) = property else { continue };
        property.nullable = true;
        if let Some(default) = property.default.take().filter(says_something) {
            let description = property.description.unwrap_or_default();
            property.description = Some(format!("{description} `{default}` when absent.").leak());
        }
    }
}

/// Whether a default is neither null, false nor empty.
fn says_something(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// Removes absent fields from an example.
fn without_nulls(example: &mut Value) {
    match example {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::schema_check::violations;
    use crate::routes;

    /// The routes and the registry of an API, whose type is inferred.
    fn of<T: OpenApi>(_: &CorrectedApi<T>) -> (Vec<MetaApi>, Registry) {
        let mut registry = Registry::new();
        CorrectedApi::<T>::register(&mut registry);
        (CorrectedApi::<T>::meta(), registry)
    }

    fn named(schema: &MetaSchemaRef) -> Option<&str> {
        match schema {
            MetaSchemaRef::Reference(name) => Some(name),
            MetaSchemaRef::Inline(_) => None,
        }
    }

    #[test]
    fn every_body_has_an_example_and_every_example_fits() {
        let (mut apis, registry) = of(&CorrectedApi(routes::all()));
        for (name, schema) in &registry.schemas {
            let violations =
                schema.example.as_ref().map(|example| violations(&registry.schemas, schema, example));
            assert_eq!(violations.unwrap_or_default(), [], "{name}");
        }
        for operation in operations(&mut apis) {
            let brought = operation.request.iter().flat_map(|request| &request.content);
            let answered = operation.responses.responses.iter().flat_map(|response| &response.content);
            for name in brought.chain(answered).filter_map(|media| named(&media.schema)) {
                assert!(registry.schemas[name].example.is_some(), "{name} has no example");
            }
        }
    }

    #[test]
    fn what_is_sent_has_no_other_fields_and_what_is_answered_may_get_more() {
        let document: Value = serde_json::from_str(&crate::document::json()).unwrap();
        let schemas = &document["components"]["schemas"];
        let is_closed = |name: &str| schemas[name]["additionalProperties"] == Value::Bool(false);
        for sent in ["Correction", "NewSegment", "Profile", "ChosenTranscriptionOptions", "Question"] {
            assert!(is_closed(sent), "{sent}: {}", schemas[sent]);
        }
        for answered in ["Segment", "User", "Preferences", "TranscriptionOptions", "Job"] {
            assert!(schemas[answered].is_object() && !is_closed(answered), "{answered}");
        }
        assert_eq!(schemas["Correction"]["minProperties"], 1);
        assert!(!crate::document::page().contains(NOTHING));
        let (mut apis, registry) = of(&CorrectedApi(routes::all()));
        let mut answered = BTreeSet::new();
        for operation in operations(&mut apis) {
            for media in operation.responses.responses.iter().flat_map(|response| &response.content) {
                reach(&media.schema, &registry.schemas, &mut answered);
            }
        }
        for name in answered {
            assert!(!is_closed(&name), "{name} is sent and answered: let them be two types");
        }
    }

    #[test]
    fn times_in_examples_are_in_utc() {
        let document = crate::document::json();
        assert!(document.contains("2026-09-21T14:13:20Z") && !document.contains("+00:00"));
    }

    #[test]
    fn what_is_taken_may_be_null_and_has_no_default() {
        let (_, registry) = of(&CorrectedApi(routes::all()));
        let MetaSchemaRef::Inline(limit) =
            &registry.schemas["Question"].properties.iter().find(|(name, _)| *name == "limit").unwrap().1
        else {
            panic!()
        };
        assert!(limit.nullable && limit.default.is_none());
        assert!(limit.description.unwrap().ends_with("`10` when absent."));
    }
}
