//! In which format a transcript is written, and how the document says so.

use poem::http::header;
use poem::web::Accept;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};

use crate::problem::{Code, Problem};
use crate::views::TranscriptionView;
use crate::vocabulary::Vocabulary;

/// How a transcript can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    Srt,
    Vtt,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Srt => "application/x-subrip",
            Self::Vtt => "text/vtt",
        }
    }

    /// The first that is accepted, in the client's order of preference; JSON when it has none.
    ///
    /// # Errors
    /// [`Code::NotAcceptable`].
    pub(super) fn accepted(accept: &Accept) -> Result<Self, Problem> {
        if accept.0.is_empty() {
            return Ok(Self::Json);
        }
        let wanted = accept.0.iter().find_map(|wanted| {
            Self::VALUES.iter().copied().find(|format| {
                let (kind, subtype) =
                    format.media_type().split_once('/').expect("media types have two parts");
                (wanted.type_() == kind || wanted.type_() == "*")
                    && (wanted.subtype() == subtype || wanted.subtype() == "*")
            })
        });
        wanted.ok_or_else(|| {
            let known: Vec<_> = Self::VALUES.iter().map(|format| format.media_type()).collect();
            Problem::new(Code::NotAcceptable, format!("accept one of {}", known.join(", ")))
        })
    }
}

impl Vocabulary for Format {
    const NAME: &'static str = "TranscriptFormat";
    const DESCRIPTION: &'static str = "How a transcript is written.";
    const VALUES: &'static [Self] = &[Self::Json, Self::Text, Self::Srt, Self::Vtt];

    fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }
}

/// A transcript, written.
pub(super) struct Written {
    format: Format,
    body: String,
}

impl Written {
    pub(super) fn json(view: TranscriptionView) -> Self {
        Self { format: Format::Json, body: view.to_json_string() }
    }

    pub(super) fn text(format: Format, body: String) -> Self {
        Self { format, body }
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(format!("{}; charset=utf-8", self.format.media_type()))
            .header(header::VARY, "Accept")
            .body(self.body)
    }
}

impl ApiResponse for Written {
    fn meta() -> MetaResponses {
        let media = |format: &Format| MetaMediaType {
            content_type: format.media_type(),
            schema: match format {
                Format::Json => TranscriptionView::schema_ref(),
                _ => String::schema_ref(),
            },
        };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The transcript.",
                status: Some(200),
                status_range: None,
                content: Format::VALUES.iter().map(media).collect(),
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        TranscriptionView::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Method;
    use poem::{FromRequest, Request};

    use super::*;

    async fn accepted(header: &str) -> Result<Format, Code> {
        let request = Request::builder().method(Method::GET).header("accept", header).finish();
        let accept = Accept::from_request_without_body(&request).await.unwrap();
        Format::accepted(&accept).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn the_format_is_what_the_client_likes_best() {
        for (header, expected) in [
            ("application/json", Format::Json),
            ("text/vtt", Format::Vtt),
            ("application/x-subrip, */*;q=0.1", Format::Srt),
            ("text/html;q=0.9, text/plain;q=0.5", Format::Text),
            ("text/*", Format::Text),
            ("*/*", Format::Json),
            ("text/html, */*;q=0.1", Format::Json),
        ] {
            assert_eq!(accepted(header).await, Ok(expected), "{header}");
        }
        assert_eq!(accepted("image/png").await, Err(Code::NotAcceptable));
    }
}
