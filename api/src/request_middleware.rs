//! The middleware of every request: request id, errors as problems, log line, metrics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::OperationId;
use tracing::Instrument;
use uuid::Uuid;

use crate::methods::Methods;
use crate::problem::{Problem, redress};

/// The header of the request id, in requests and responses.
const REQUEST_ID: &str = "x-request-id";

/// Wraps an endpoint. Every error leaves it as a problem response.
pub(crate) struct RequestMiddleware(pub Methods);

pub(crate) struct RequestEndpoint<E> {
    inside: E,
    methods: Methods,
}

impl<E: Endpoint> Middleware<E> for RequestMiddleware {
    type Output = RequestEndpoint<E>;

    fn transform(&self, inside: E) -> RequestEndpoint<E> {
        RequestEndpoint { inside, methods: self.0.clone() }
    }
}

impl<E: Endpoint> Endpoint for RequestEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let id = request_id(request.header(REQUEST_ID));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let streams = streams(&request);
        let span = tracing::info_span!("request", id = %id);

        let answered =
            AssertUnwindSafe(self.inside.call(request)).catch_unwind().instrument(span.clone()).await;
        let (mut response, operation) = span.in_scope(|| match answered {
            Ok(Ok(response)) => {
                let response = response.into_response();
                let operation = response.data::<OperationId>().map(|operation| operation.0);
                (response, operation)
            }
            Ok(Err(error)) => {
                let operation = error.data::<OperationId>().map(|operation| operation.0);
                (redress(error).into_response(&id), operation)
            }
            Err(panic) => {
                (Problem::internal(anyhow::anyhow!("panicked: {}", said(&*panic))).into_response(&id), None)
            }
        });

        if let Ok(id) = HeaderValue::try_from(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
            .headers_mut()
            .entry(header::X_CONTENT_TYPE_OPTIONS)
            .or_insert(HeaderValue::from_static("nosniff"));
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(allowed) = HeaderValue::try_from(self.methods.allowed(uri.path()))
        {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if streams && !response.status().is_success() {
            // The unread rest of the body is still arriving, so the connection cannot carry another
            // request. `close` tells the client so.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let (status, took) = (response.status().as_u16(), started.elapsed());
        let operation = operation.unwrap_or("other");
        span.in_scope(|| tracing::debug!(%method, operation, status, ms = took.as_millis(), "answered"));
        metrics::counter!("self_http_requests_total", "operation" => operation, "status" => status.to_string())
            .increment(1);
        metrics::histogram!("self_http_request_duration_seconds", "operation" => operation)
            .record(took.as_secs_f64());
        Ok(response)
    }
}

/// Whether the body is larger than the part that is read together with the head of a request.
fn streams(request: &Request) -> bool {
    const READ_AT_ONCE: u64 = 8 * 1024;
    let length = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    request.header(header::TRANSFER_ENCODING).is_some() || length.is_some_and(|length| length > READ_AT_ONCE)
}

/// The client's own request id, if it is safe for logs and headers; otherwise a new one.
fn request_id(given: Option<&str>) -> String {
    let fits = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte))
    };
    given.filter(fits).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use poem::http::Method;
    use poem::{EndpointExt, Route, handler};

    use super::*;

    #[handler]
    fn panics() -> &'static str {
        panic!("the secret is 42")
    }

    #[handler]
    fn works() -> &'static str {
        "yes"
    }

    async fn answer(method: Method, path: &str) -> (Response, String) {
        let routes = Route::new().at("/panics", poem::get(panics)).at("/works", poem::get(works));
        let request = Request::builder().method(method).uri_str(path).header(REQUEST_ID, "abc-123").finish();
        let mut response = routes.with(RequestMiddleware(Methods::default())).get_response(request).await;
        let body = response.take_body().into_string().await.unwrap();
        (response, body)
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_its_words() {
        let (response, body) = answer(Method::GET, "/panics").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.content_type(), Some("application/problem+json"));
        assert!(body.contains("\"code\":\"internal\"") && !body.contains("42"), "{body}");
    }

    #[tokio::test]
    async fn errors_of_the_framework_are_problems_with_the_request_id() {
        for (method, path, code) in
            [(Method::GET, "/nowhere", "no_such_route"), (Method::POST, "/works", "method_not_allowed")]
        {
            let (response, body) = answer(method, path).await;
            assert_eq!(response.header(REQUEST_ID), Some("abc-123"));
            assert!(body.contains(&format!("\"code\":\"{code}\"")) && body.contains("abc-123"), "{body}");
            assert_eq!(response.header("allow").is_some(), code == "method_not_allowed");
        }
    }

    #[test]
    fn strange_request_ids_are_replaced() {
        assert_eq!(request_id(Some("a-1")), "a-1");
        for strange in ["", "a b", "a\"b", &"x".repeat(129)] {
            assert_ne!(request_id(Some(strange)), strange);
        }
    }
}
