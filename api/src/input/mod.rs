//! Request bodies in JSON: bounded in size, with different errors for invalid JSON and for JSON of the
//! wrong shape.

pub(crate) mod choice;
pub(crate) mod query;
mod schema;
pub(crate) mod schema_check;
pub(crate) mod text;

use std::marker::PhantomData;
use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::Method;
use poem::web::headers::{ContentLength, HeaderMapExt as _};
use poem::{Request, RequestBody};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{Json, ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::offload::offload;
use crate::problem::{Code, Problem};

/// A limit for the size of JSON bodies.
pub(crate) trait Limit: 'static {
    /// The largest body, in bytes.
    const BYTES: usize;
    /// What to do about a larger one.
    const REMEDY: &'static str;
}

/// The limit of most routes: 1 MiB.
#[derive(Debug)]
pub(crate) enum Usual {}

impl Limit for Usual {
    const BYTES: usize = 1024 * 1024;
    const REMEDY: &'static str = "send less";
}

/// How many bodies above the usual limit are in memory at a time. Further ones wait.
static LARGE: Semaphore = Semaphore::const_new(32);
/// How long such a body may take to arrive, so that none keeps its place from others for long.
const LARGE_TIME: Duration = Duration::from_secs(300);

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Input<T, L = Usual>(pub T, PhantomData<fn() -> L>);

impl<T: Type, L: Limit> Payload for Input<T, L> {
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

impl<T: ParseFromJSON + 'static, L: Limit> ParsePayload for Input<T, L> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let length = request.headers().typed_get::<ContentLength>();
        let is_usual =
            L::BYTES <= Usual::BYTES || length.is_some_and(|length| length.0 <= Usual::BYTES as u64);
        let _memory = if is_usual { None } else { Some(LARGE.acquire().await.map_err(Problem::internal)?) };
        let read = body.take()?.into_bytes_limit(L::BYTES);
        let read = match is_usual {
            true => read.await,
            false => timeout(LARGE_TIME, read).await.map_err(|_| {
                let detail = format!("the body did not arrive within {} seconds", LARGE_TIME.as_secs());
                Problem::new(Code::InvalidInput, detail)
            })?,
        };
        let bytes = read.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => {
                let detail = format!("the body may have up to {} bytes; {}", L::BYTES, L::REMEDY);
                poem::Error::from(Problem::new(Code::BodyTooLarge, detail))
            }
            other => other.into(),
        })?;
        let is_change = request.method() == Method::PATCH;
        let parsed = offload(bytes.len(), move || parse(&bytes, is_change)).await??;
        Ok(Self(parsed, PhantomData))
    }
}

impl_apirequest_for_payload!(Input<T, L>, T: ParseFromJSON + 'static, L: Limit);

/// Parses a body; a change must contain at least one value.
fn parse<T: ParseFromJSON>(bytes: &[u8], is_change: bool) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Problem::new(Code::InvalidInput, "the body must be a JSON object"));
    };
    let schema = schema::of::<T>();
    let wrong = schema_check::violations(&schema.named, &schema.body, &value);
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    if is_change && fields.values().all(Value::is_null) {
        let names: Vec<_> = schema.body.properties.iter().map(|(name, _)| format!("`{name}`")).collect();
        let detail = format!("nothing is to change: send at least one of {}", names.join(", "));
        return Err(Problem::new(Code::InvalidInput, detail));
    }
    T::parse_from_json(Some(value)).map_err(|error| {
        let message = error.into_message();
        match validated(&message) {
            Some((field, what)) => Problem::field(field, format!("is out of bounds: {what}")),
            None => Problem::new(Code::InvalidInput, plain(&message)),
        }
    })
}

/// The field that a validator of poem-openapi refused, and the reason.
fn validated(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("field `")?;
    let (field, what) = rest.split_once("` verification failed. ")?;
    Some((field, what.split(" (occurred while parsing").next().unwrap_or(what)))
}

/// The first complaint, without the names of Rust types.
fn plain(message: &str) -> String {
    message.split(" (occurred while parsing").next().unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use poem_openapi::Object;
    use uuid::Uuid;

    use super::*;
    use crate::time::Time;

    #[derive(Debug, Object)]
    struct Sample {
        #[oai(validator(max_length = 3))]
        name: String,
        count: u32,
        note: Option<String>,
        #[oai(default)]
        parts: Vec<TestPart>,
    }

    #[derive(Debug, Object)]
    struct TestPart {
        id: Option<Uuid>,
        at: Option<Time>,
        #[oai(default)]
        marks: BTreeMap<String, String>,
    }

    fn refused(body: &str) -> (Code, Vec<String>) {
        let problem = parse::<Sample>(body.as_bytes(), false).unwrap_err();
        let fields = problem.wrong_fields().iter().map(|wrong| wrong.field.clone()).collect();
        (problem.code(), fields)
    }

    #[test]
    fn what_fits_is_taken() {
        let body = r#"{"name": "äda", "count": 3, "note": null, "parts": [{"marks": {"A": "b"}}]}"#;
        let sample = parse::<Sample>(body.as_bytes(), true).unwrap();
        assert_eq!((sample.name.as_str(), sample.count, sample.note), ("äda", 3, None));
        assert_eq!(sample.parts[0].marks["A"], "b");
        assert!(sample.parts[0].id.is_none() && sample.parts[0].at.is_none());
    }

    #[test]
    fn invalid_json_is_distinguished_from_invalid_input() {
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
        assert_eq!(fields(r#"{"name": "ada", "count": 4294967296}"#), ["count"]);
        assert_eq!(fields(r#"{"name": "a\u0000", "count": -1}"#), ["name", "count"]);
    }

    #[test]
    fn what_nobody_reads_is_refused_wherever_it_is() {
        let fields = |body| refused(body).1;
        assert_eq!(fields(r#"{"name": "ada", "count": 3, "more": null}"#), ["more"]);
        assert_eq!(
            fields(r#"{"name": "ada", "count": 3, "parts": [{"marks": {"own": "b"}, "mark": 1}]}"#),
            ["parts[0].mark"]
        );
        let problem = parse::<TestPart>(br#"{"mark": 1}"#, false).unwrap_err();
        assert_eq!(problem.wrong_fields()[0].detail, "is not known: there is `id`, `at`, `marks`");
    }

    #[test]
    fn a_change_changes_something() {
        for body in ["{}", r#"{"id": null}"#] {
            assert_eq!(
                parse::<TestPart>(body.as_bytes(), true).unwrap_err().code(),
                Code::InvalidInput,
                "{body}"
            );
            assert!(parse::<TestPart>(body.as_bytes(), false).is_ok(), "{body}");
        }
    }

    #[test]
    fn the_place_of_a_misfit_is_named_however_deep_it_is() {
        let fields = |parts: &str| refused(&format!(r#"{{"name": "ada", "count": 3, "parts": {parts}}}"#)).1;
        assert_eq!(fields("[{}, 7]"), ["parts[1]"]);
        assert_eq!(fields(r#"[{"id": "7", "at": "today"}]"#), ["parts[0].id", "parts[0].at"]);
        assert_eq!(
            fields(r#"[{"marks": {"A": 7}}, {"marks": {"\u0000": "b"}}]"#),
            ["parts[0].marks.A", "parts[1].marks"]
        );
        let many = fields(&format!("[{}]", vec!["7"; 1000].join(",")));
        assert!(many.len() < 100, "{} complaints", many.len());
    }
}
