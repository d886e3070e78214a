//! Answers of the API.

use bytes::Bytes;
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, with its whole body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Sends a request and reads the whole answer.
    pub async fn of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await? })
    }

    /// The value of a header; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a successful answer; any other answer fails the test.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The status and the code of an error answer. It must be a complete problem document without internal
    /// details.
    #[must_use]
    #[track_caller]
    pub fn refused(&self) -> (u16, String) {
        let text = self.text();
        assert!(self.status >= 400, "{} {text}", self.status);
        assert!(self.header("content-type").starts_with("application/problem+json"), "{text}");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status, "{text}");
        for field in ["type", "title", "code", "request_id"] {
            assert!(problem[field].as_str().is_some_and(|given| !given.is_empty()), "no {field}: {text}");
        }
        for inside in ["sqlx", "panicked", "src/", ".rs:", "postgres", "select ", "redis://", "nats://"] {
            assert!(!text.contains(inside), "tells of the inside ({inside}): {text}");
        }
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}
