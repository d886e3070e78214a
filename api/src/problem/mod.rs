//! Errors as clients see them: `application/problem+json` (RFC 9457), with a stable code.
//!
//! Inside the program, every error becomes a [`Problem`] by `?`. Internal details are kept as its cause.
//! The cause is logged with the request id when the response is written, and is never sent.

mod codes;
mod declared;
mod foreign;

use std::borrow::Cow;
use std::fmt;

use poem::error::ResponseError;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::Object;
use poem_openapi::types::{Example, ToJSON};
use serde_json::json;

pub use codes::Code;
pub use declared::{Codes, Documented, Failing};
pub(crate) use declared::{checks_query, declare};
pub(crate) use foreign::{BadBody, redress};

use crate::wire_enums::Wire;

/// The reason why a request is not answered as asked.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    fields: Vec<FieldProblem>,
    retry_after: Option<u64>,
    challenge: Option<&'static str>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    cause: Option<anyhow::Error>,
}

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct FieldProblem {
    /// The name of the field in the body, the query or the path.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An error (RFC 9457): why the request was not answered as asked.
#[derive(Object)]
#[oai(rename = "Problem", example)]
pub struct ProblemView {
    /// A URI that represents `code`.
    #[oai(rename = "type")]
    kind: String,
    /// The meaning of `code`.
    title: String,
    /// The HTTP status of the response.
    status: u16,
    /// The stable code of the error. Programs decide by this field.
    code: Wire<Code>,
    /// What is wrong with this request, and what to do about it.
    detail: String,
    /// The id of the request in the server's logs. Quote it when you ask for help.
    request_id: String,
    /// The invalid fields. Absent if no field is at fault.
    #[oai(default, skip_serializing_if_is_empty)]
    errors: Vec<FieldProblem>,
}

impl Example for ProblemView {
    fn example() -> Self {
        let problem = Problem::field("limit", "must be between 1 and 100");
        problem.view("0192f0c8-8a53-7d3e-a0f5-7d0f6f3d2a11")
    }
}

impl Problem {
    /// A problem with a code and a detail: what is wrong this time, and what to do about it.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = match code.status() {
            StatusCode::SERVICE_UNAVAILABLE => Some(2),
            _ => None,
        };
        let challenge = (code == Code::Unauthenticated).then_some("Bearer realm=\"self\"");
        Self {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after,
            challenge,
            header: None,
            cause: None,
        }
    }

    /// A problem with one field of the input.
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { field: field.into(), detail: detail.into() }])
    }

    /// A problem with several fields.
    #[must_use]
    pub fn fields(wrong: Vec<FieldProblem>) -> Self {
        let details: Vec<_> =
            wrong.iter().map(|wrong| format!("`{}` {}", wrong.field, wrong.detail)).collect();
        let mut problem = Self::new(Code::InvalidInput, details.join("; "));
        problem.fields = wrong;
        problem
    }

    /// Adds the fields that are at fault.
    #[must_use]
    pub fn at(mut self, wrong: Vec<FieldProblem>) -> Self {
        self.fields = wrong;
        self
    }

    /// An internal error. The cause is logged, never sent.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(
            Code::Internal,
            "this was not your fault; try again, and tell us the request id if it lasts",
        )
        .because(cause)
    }

    /// No row has this id, or it belongs to another person.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} with this id, or it is not yours"))
    }

    /// Adds a cause, which is logged and never sent.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// Says in `WWW-Authenticate` that the token of the request is invalid.
    #[must_use]
    pub fn invalid_token(mut self) -> Self {
        self.challenge = Some("Bearer realm=\"self\", error=\"invalid_token\"");
        self
    }

    /// Adds a header to the response of this problem.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The fields that are at fault.
    #[must_use]
    pub fn wrong_fields(&self) -> &[FieldProblem] {
        &self.fields
    }

    fn view(&self, request_id: &str) -> ProblemView {
        ProblemView {
            kind: format!("urn:self:problem:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: Wire(self.code),
            detail: self.detail.clone().into_owned(),
            request_id: request_id.to_owned(),
            errors: self.fields.clone(),
        }
    }

    /// Makes the response, and logs the cause if the server is at fault.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        if let Some(cause) = &self.cause {
            let code = self.code.as_str();
            if self.code.status() == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!(request_id, code, "{cause:#}");
            } else {
                tracing::warn!(request_id, code, "{cause:#}");
            }
        }
        let body = self.view(request_id).to_json().unwrap_or_else(|| json!({}));
        let mut response = Response::builder()
            .status(self.code.status())
            .content_type("application/problem+json")
            .header(header::CACHE_CONTROL, "no-store");
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds.to_string());
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            let challenge = self.challenge.unwrap_or("Bearer realm=\"self\"");
            response = response.header(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some((name, value)) = self.header.map(|header| *header) {
            response = response.header(name, value);
        }
        response.body(Body::from_string(body.to_string()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.code.status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_and_each_stands_for_one_thing() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} is there twice", code.as_str());
            assert!(code.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", code.as_str());
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn what_goes_with_a_status_is_there() {
        let unauthenticated = Problem::new(Code::Unauthenticated, "x").into_response("id");
        assert!(
            unauthenticated
                .header("www-authenticate")
                .is_some_and(|challenge| challenge.starts_with("Bearer"))
        );
        for code in Code::ALL.iter().filter(|code| code.status() == StatusCode::SERVICE_UNAVAILABLE) {
            assert!(Problem::new(*code, "x").into_response("id").header("retry-after").is_some(), "{code:?}");
        }
    }

    #[tokio::test]
    async fn a_cause_is_logged_and_not_sent() {
        let problem = Problem::internal(anyhow::anyhow!("password of the database is hunter2"));
        let body = problem.into_response("id").into_body().into_string().await.unwrap();
        assert!(!body.contains("hunter2"));
        assert!(body.contains("\"request_id\":\"id\""));
    }
}
