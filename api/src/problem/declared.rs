//! The problems that each route can answer: declared beside the route, listed in the OpenAPI document.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{
    MetaApi, MetaHeader, MetaMediaType, MetaOperation, MetaParamIn, MetaResponse, MetaResponses, MetaSchema,
    MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};

use super::{Code, Problem, ProblemView};

/// The problems of one kind of request. See [`declare`].
pub trait Codes: Send + Sync + 'static {
    /// The codes of the problems.
    const CODES: &'static [Code];
}

/// A [`Problem`] of a route that declares its codes.
pub struct Failing<C>(Problem, PhantomData<fn() -> C>);

/// Declares the problems of a route: `declare!(Login: InvalidCredentials, TooManyAttempts);` and then
/// `Result<…, Failing<Login>>`.
///
/// Problems of every route (no token, a body that is no JSON, no database) are not repeated there.
macro_rules! declare {
    ($($name:ident: $($code:ident),*;)+) => {$(
        #[doc = concat!("The problems of `", stringify!($name), "`.")]
        pub(crate) enum $name {}

        impl $crate::problem::Codes for $name {
            const CODES: &'static [$crate::problem::Code] = &[$($crate::problem::Code::$code),*];
        }
    )+};
}
pub(crate) use declare;

impl<C, E: Into<Problem>> From<E> for Failing<C> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<C> From<Failing<C>> for poem::Error {
    fn from(failing: Failing<C>) -> Self {
        failing.0.into()
    }
}

impl<C> fmt::Debug for Failing<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C: Codes> ApiResponse for Failing<C> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: by_status(C::CODES)
                .into_iter()
                .map(|(status, codes)| response(status, &codes))
                .collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ProblemView::register(registry);
    }
}

/// An API whose document also lists the problems that every route with the same kind of input has.
pub struct Documented<T>(pub T);

impl<T: OpenApi> OpenApi for Documented<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            let has_query = checks_query(&path.path);
            for operation in &mut path.operations {
                for (status, codes) in by_status(&shared(operation, has_query)) {
                    add(&mut operation.responses.responses, status, &codes);
                }
                operation.responses.responses.sort_by_key(|response| response.status);
                operation.responses.responses.iter_mut().for_each(narrow);
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        ProblemView::register(registry);
        T::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(table);
    }
}

/// Whether unknown query parameters of a path are refused. Probes of the server may have any query.
pub(crate) fn checks_query(path: &str) -> bool {
    path.starts_with("/api/v1/")
}

/// The problems that follow from the security and the input of an operation. `has_query` says that its query
/// is checked.
fn shared(operation: &MetaOperation, has_query: bool) -> Vec<Code> {
    let mut codes = vec![Code::Internal];
    if !operation.security.is_empty() {
        codes.extend([Code::Unauthenticated, Code::DatabaseUnavailable]);
    }
    // An invalid path parameter is a 404.
    if has_query || operation.params.iter().any(|param| param.in_type != MetaParamIn::Path) {
        codes.push(Code::InvalidInput);
    }
    let takes_json = operation.request.as_ref().is_some_and(|request| {
        request.content.iter().any(|media| media.content_type.starts_with("application/json"))
    });
    if takes_json {
        codes.extend([
            Code::InvalidInput,
            Code::InvalidJson,
            Code::BodyTooLarge,
            Code::UnsupportedContentType,
        ]);
    }
    codes.sort();
    codes.dedup();
    codes
}

fn by_status(codes: &[Code]) -> BTreeMap<u16, Vec<Code>> {
    let mut statuses: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        statuses.entry(code.status().as_u16()).or_default().push(*code);
    }
    statuses
}

/// Adds codes to the response with this status; the document can have only one for each status.
fn add(responses: &mut Vec<MetaResponse>, status: u16, codes: &[Code]) {
    match responses.iter_mut().find(|response| response.status == Some(status)) {
        Some(known) => {
            let more: Vec<_> =
                codes.iter().filter(|code| !known.description.contains(&line(**code))).collect();
            let lines = more.into_iter().map(|code| line(*code));
            known.description = text(
                std::iter::once(known.description.to_owned()).chain(lines).collect::<Vec<_>>().join("\n"),
            );
        }
        None => responses.push(response(status, codes)),
    }
}

/// Lists in the schema the codes that a response can have: apps match on these, and a fuzzer reports any
/// code that was not declared.
fn narrow(response: &mut MetaResponse) {
    let declared = Code::ALL.iter().filter(|code| response.description.contains(&line(**code)));
    let codes: Vec<_> = declared.map(|code| code.as_str().into()).collect();
    let problem = |media: &&mut MetaMediaType| media.content_type == "application/problem+json";
    if let Some(media) = response.content.iter_mut().find(problem) {
        let code = MetaSchema { enum_items: codes, ..MetaSchema::new("string") };
        media.schema = MetaSchemaRef::Inline(Box::new(MetaSchema {
            all_of: vec![ProblemView::schema_ref()],
            required: vec!["code"],
            properties: vec![("code", MetaSchemaRef::Inline(Box::new(code)))],
            ..MetaSchema::new("object")
        }));
    }
}

fn response(status: u16, codes: &[Code]) -> MetaResponse {
    let header = |name: &str, description: &str| MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    };
    MetaResponse {
        description: text(codes.iter().map(|code| line(*code)).collect::<Vec<_>>().join("\n")),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType {
            content_type: "application/problem+json",
            schema: ProblemView::schema_ref(),
        }],
        headers: match status {
            401 => vec![header("WWW-Authenticate", "How to prove who you are.")],
            429 | 503 => vec![header("Retry-After", "When to try again, in seconds.")],
            _ => Vec::new(),
        },
    }
}

fn line(code: Code) -> String {
    format!("- `{}`: {}.", code.as_str(), code.title())
}

/// Makes a text static, which the document needs. The document is made only a few times in a process.
fn text(text: String) -> &'static str {
    text.leak()
}
