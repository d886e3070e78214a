//! The formats of a transcript, and their media types in the document.

use std::marker::PhantomData;

use poem::http::header;
use poem::web::Accept;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use self_shared::database::conversations::Conversation;

use crate::content::disposition;
use crate::problem::{Code, Problem};
use crate::views::TranscriptionView;
use crate::wire_enums::WireEnum;

/// The format of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    Md,
    Srt,
    Vtt,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Md => "text/markdown",
            Self::Srt => "application/x-subrip",
            Self::Vtt => "text/vtt",
        }
    }

    /// Returns the first accepted format in the client's order of preference; JSON if the client has no
    /// preference.
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

impl WireEnum for Format {
    const NAME: &'static str = "TranscriptFormat";
    const DESCRIPTION: &'static str = "How a transcript is written.";
    const VALUES: &'static [Self] = &[Self::Json, Self::Text, Self::Md, Self::Srt, Self::Vtt];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Md => "md",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }
}

/// A transcript in one of the formats.
pub(super) struct Written {
    format: Format,
    /// The filename for saving; `None` for JSON.
    filename: Option<String>,
    body: String,
}

impl Written {
    pub(super) fn json(view: TranscriptionView) -> Self {
        Self { format: Format::Json, filename: None, body: view.to_json_string() }
    }

    pub(super) fn file(format: Format, conversation: &Conversation, body: String) -> Self {
        Self { format, filename: Some(filename(conversation, format)), body }
    }
}

/// The title of the conversation, or its date if it has no title.
fn filename(conversation: &Conversation, format: Format) -> String {
    let title: String = conversation.title.chars().filter(|c| !c.is_control()).collect();
    let stem = match title.trim() {
        "" => conversation.started_at.format("%Y-%m-%d").to_string(),
        title => title.replace(['/', '\\'], "-"),
    };
    let extension = if format == Format::Text { "txt" } else { format.as_wire() };
    format!("{stem}.{extension}")
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let response = Response::builder()
            .content_type(format!("{}; charset=utf-8", self.format.media_type()))
            .header(header::VARY, "Accept");
        match self.filename {
            Some(name) => response.header(header::CONTENT_DISPOSITION, disposition(&name, "transcript")),
            None => response,
        }
        .body(self.body)
    }
}

/// A format that has its own address.
pub(super) trait Fixed: Send + Sync + 'static {
    const FORMAT: Format;
}

macro_rules! fixed {
    ($($format:ident)+) => {$(
        pub(super) struct $format;

        impl Fixed for $format {
            const FORMAT: Format = Format::$format;
        }
    )+};
}

fixed! { Text Md Srt Vtt }

/// A transcript in the only format of its address, so that every generated client can read it.
pub(super) struct File<F> {
    written: Written,
    format: PhantomData<fn() -> F>,
}

impl<F: Fixed> File<F> {
    pub(super) fn new(conversation: &Conversation, body: String) -> Self {
        Self { written: Written::file(F::FORMAT, conversation, body), format: PhantomData }
    }
}

impl<F: Fixed> IntoResponse for File<F> {
    fn into_response(self) -> Response {
        let mut response = self.written.into_response();
        response.headers_mut().remove(header::VARY);
        response
    }
}

impl<F: Fixed> ApiResponse for File<F> {
    fn meta() -> MetaResponses {
        let schema = String::schema_ref();
        MetaResponses {
            responses: vec![answer(vec![MetaMediaType { content_type: F::FORMAT.media_type(), schema }])],
        }
    }

    fn register(_registry: &mut Registry) {}
}

fn answer(content: Vec<MetaMediaType>) -> MetaResponse {
    MetaResponse {
        description: "The transcript.",
        status: Some(200),
        status_range: None,
        content,
        headers: Vec::new(),
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
        MetaResponses { responses: vec![answer(Format::VALUES.iter().map(media).collect())] }
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
            ("text/markdown", Format::Md),
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

    #[test]
    fn a_file_is_called_like_its_conversation() {
        let began = chrono::DateTime::from_timestamp(1_717_236_000, 0).unwrap();
        let untitled = Conversation::new(uuid::Uuid::nil(), "import", Some(began), began);
        assert_eq!(filename(&untitled, Format::Srt), "2024-06-01.srt");
        let titled = Conversation { title: " a/b\nKüche? ".to_owned(), ..untitled };
        assert_eq!(filename(&titled, Format::Text), "a-bKüche?.txt");
    }
}
