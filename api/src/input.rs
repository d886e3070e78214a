//! JSON bodies: bounded, and told apart when they are no JSON, or JSON of the wrong shape.

use poem::{Request, RequestBody};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{Json, ParsePayload, Payload};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde_json::{Map, Value};

use crate::problem::{Code, FieldProblem, Problem};

/// No request that is JSON needs more.
const LARGEST: usize = 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Input<T>(pub T);

impl<T: Type> Payload for Input<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Input<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(_request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(LARGEST).await?;
        Ok(parse(&bytes)?)
    }
}

impl_apirequest_for_payload!(Input<T>, T: ParseFromJSON);

fn parse<T: ParseFromJSON>(bytes: &[u8]) -> Result<Input<T>, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}")))?;
    let Some(given) = value.as_object().cloned() else {
        return Err(Problem::new(Code::InvalidInput, "the body must be a JSON object"));
    };
    let wrong = misfits(&Registry::new().create_fake_schema::<T>(), &given);
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    T::parse_from_json(Some(value)).map(Input).map_err(|error| {
        let message = error.into_message();
        match validated(&message) {
            Some((field, what)) => Problem::field(field, format!("is out of bounds: {what}")),
            None => Problem::new(Code::InvalidInput, plain(&message)),
        }
    })
}

/// The fields that are missing, or of another type than the document says. poem-openapi would name
/// the types that do not fit, but not the fields, and takes a number for a string.
fn misfits(schema: &MetaSchema, given: &Map<String, Value>) -> Vec<FieldProblem> {
    let absent = |name: &str| given.get(name).is_none_or(Value::is_null);
    let missing =
        schema.required.iter().filter(|name| absent(name)).map(|name| (*name, "is missing".to_owned()));
    let mistyped = schema.properties.iter().filter_map(|(name, expected)| {
        let MetaSchemaRef::Inline(expected) = expected else { return None };
        let fits = absent(name) || has_type(&given[*name], expected.ty);
        (!fits).then(|| (*name, format!("must be of type {}", expected.ty)))
    });
    let wrong = missing.chain(mistyped);
    wrong.map(|(field, detail)| FieldProblem { field: field.to_owned(), detail }).collect()
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// The field that a validator of poem-openapi complained about, and its complaint.
fn validated(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("field `")?;
    let (field, what) = rest.split_once("` verification failed. ")?;
    Some((field, what.split(" (occurred while parsing").next().unwrap_or(what)))
}

/// The first complaint, without the names of our types around it.
fn plain(message: &str) -> String {
    message.split(" (occurred while parsing").next().unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use poem_openapi::Object;

    use super::*;

    #[derive(Debug, Object)]
    struct Sample {
        #[oai(validator(max_length = 3))]
        name: String,
        count: u32,
        note: Option<String>,
    }

    fn refused(body: &str) -> (Code, Vec<String>) {
        let problem = parse::<Sample>(body.as_bytes()).unwrap_err();
        let fields = problem.wrong_fields().iter().map(|wrong| wrong.field.clone()).collect();
        (problem.code(), fields)
    }

    #[test]
    fn what_fits_is_taken() {
        let Input(sample) =
            parse::<Sample>(br#"{"name": "ada", "count": 3, "note": null, "more": 1}"#).unwrap();
        assert_eq!((sample.name.as_str(), sample.count, sample.note), ("ada", 3, None));
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_no_input() {
        for body in ["", "{", "{'a': 1}"] {
            assert_eq!(refused(body).0, Code::InvalidJson, "{body}");
        }
        for body in ["[]", "null", "1"] {
            assert_eq!(refused(body).0, Code::InvalidInput, "{body}");
        }
    }

    #[test]
    fn the_fields_at_fault_are_named() {
        let fields = |body| refused(body).1;
        assert_eq!(fields("{}"), ["name", "count"]);
        assert_eq!(fields(r#"{"name": 7, "count": 3}"#), ["name"]);
        assert_eq!(fields(r#"{"name": "ada", "count": 1.5, "note": []}"#), ["count", "note"]);
        assert_eq!(fields(r#"{"name": "adam", "count": 3}"#), ["name"]);
    }
}
