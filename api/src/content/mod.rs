//! Download of stored bytes: whole or in ranges, streamed.

mod range;

use std::marker::PhantomData;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::web::headers::{ETag, HeaderMapExt as _, IfNoneMatch, IfRange};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use self_shared::objects::{ByteRange, Content, InvalidKey, ObjectKey, ObjectStore};

use self::range::{RangeSelection, part};
use crate::problem::{Code, Problem};

/// The kind of a download.
pub(crate) trait Kind: Send + Sync + 'static {
    /// The media type in the document.
    const MEDIA_TYPE: &'static str;
    /// The file name for content without a name.
    const NAME: &'static str;
}

/// Where the bytes are stored.
pub(crate) enum Held {
    /// In the object of this key.
    Object(String),
    /// In a row of the database, since they are few.
    Row(Bytes),
}

/// The stored bytes and their metadata.
pub(crate) struct ContentMetadata<'a> {
    pub held: Held,
    pub size_bytes: i64,
    pub sha256: &'a [u8],
    pub content_type: &'a str,
    pub filename: &'a str,
}

/// The response of a download: all bytes, a range, or 304.
pub(crate) struct Outgoing<K> {
    status: StatusCode,
    headers: HeaderMap,
    content: Option<Content>,
    kind: PhantomData<fn() -> K>,
}

/// Opens the bytes that a request asks for.
pub(crate) async fn open<K: Kind>(
    objects: &ObjectStore,
    known: ContentMetadata<'_>,
    asked: &HeaderMap,
) -> Result<Outgoing<K>, Problem> {
    let size = u64::try_from(known.size_bytes).map_err(Problem::internal)?;
    let etag = format!("\"{}\"", hex::encode(known.sha256));
    let mut headers = HeaderMap::new();
    let mut set = |name, value: String| -> Result<(), Problem> {
        headers.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
        Ok(())
    };
    set(header::ETAG, etag.clone())?;
    set(header::ACCEPT_RANGES, "bytes".to_owned())?;
    set(header::CACHE_CONTROL, "private, no-cache".to_owned())?;

    let etag: ETag = etag.parse().map_err(Problem::internal)?;
    if has(asked, &etag) {
        return Ok(Outgoing::new(StatusCode::NOT_MODIFIED, headers, None));
    }
    // A range of another version would be of no use, so the whole content is sent.
    let is_current = !asked.contains_key(header::IF_RANGE)
        || asked.typed_get::<IfRange>().is_some_and(|asked| !asked.is_modified(Some(&etag), None));
    let range = asked.get(header::RANGE).filter(|_| is_current).and_then(|value| value.to_str().ok());
    let (status, first, length) = match part(range, size) {
        RangeSelection::Whole => (StatusCode::OK, 0, size),
        RangeSelection::Bytes(first, last) => {
            set(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))?;
            (StatusCode::PARTIAL_CONTENT, first, last - first + 1)
        }
        RangeSelection::Unsatisfiable => {
            let all = HeaderValue::try_from(format!("bytes */{size}")).map_err(Problem::internal)?;
            let detail = format!("there are {size} bytes");
            return Err(Problem::new(Code::RangeNotSatisfiable, detail).header(header::CONTENT_RANGE, all));
        }
    };
    set(header::CONTENT_TYPE, known.content_type.to_owned())?;
    set(header::CONTENT_LENGTH, length.to_string())?;
    set(header::CONTENT_DISPOSITION, disposition(known.filename, K::NAME))?;
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())?;
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned())?;

    let range = (status == StatusCode::PARTIAL_CONTENT).then_some(ByteRange { offset: first, length });
    let content = known.held.read(objects, range).await?;
    Ok(Outgoing::new(status, headers, Some(content)))
}

impl Held {
    /// Opens all bytes, or a range.
    async fn read(self, objects: &ObjectStore, range: Option<ByteRange>) -> Result<Content, Problem> {
        match self {
            Self::Object(key) => {
                let key: ObjectKey = key.parse().map_err(|error: InvalidKey| Problem::internal(error))?;
                Ok(objects.get(&key, range).await?.content)
            }
            Self::Row(bytes) => {
                let at = |place: u64| usize::try_from(place).map_err(Problem::internal);
                let part = match range {
                    Some(ByteRange { offset, length }) => bytes.slice(at(offset)?..at(offset + length)?),
                    None => bytes,
                };
                Ok(stream::iter([Ok(part)]).boxed())
            }
        }
    }
}

impl<K> Outgoing<K> {
    const fn new(status: StatusCode, headers: HeaderMap, content: Option<Content>) -> Self {
        Self { status, headers, content, kind: PhantomData }
    }
}

/// Whether the client has this version already.
fn has(asked: &HeaderMap, etag: &ETag) -> bool {
    asked.typed_get::<IfNoneMatch>().is_some_and(|tags| !tags.precondition_passes(etag))
}

/// The `Content-Disposition` header (RFC 6266): an ASCII name for old clients, and the full name in
/// percent-encoded UTF-8 (RFC 8187).
pub(crate) fn disposition(filename: &str, otherwise: &str) -> String {
    let filename = if filename.is_empty() { otherwise } else { filename };
    let plain: String = filename
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " .-_".contains(c) { c } else { '_' })
        .collect();
    let encoded: String = filename
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

impl<K: Kind> IntoResponse for Outgoing<K> {
    fn into_response(self) -> Response {
        let body = self.content.map_or_else(Body::empty, Body::from_bytes_stream);
        let mut response = Response::builder().status(self.status).body(body);
        *response.headers_mut() = self.headers;
        response
    }
}

impl<K: Kind> ApiResponse for Outgoing<K> {
    fn meta() -> MetaResponses {
        let content = || {
            vec![MetaMediaType {
                content_type: K::MEDIA_TYPE,
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
            }]
        };
        let header = |name: &str, description: &str| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let etag = || header("ETag", "Names these bytes.");
        let range = header("Content-Range", "Which bytes these are, and of how many.");
        let response = |status, description, content, headers| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers,
        };
        MetaResponses {
            responses: vec![
                response(200, "All of it.", content(), vec![etag()]),
                response(206, "The part that was asked for.", content(), vec![etag(), range]),
                response(304, "It is what you have.", Vec::new(), vec![etag()]),
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filename_breaks_out_of_its_header() {
        for name in
            ["a\"; filename=\"b.exe", "a\r\nSet-Cookie: x=1", "naïve – süß.wav", "", "../../etc/passwd"]
        {
            let value = disposition(name, "recording");
            assert!(HeaderValue::try_from(value.as_str()).is_ok(), "{value}");
            assert_eq!(value.matches('"').count(), 2, "{value}");
        }
        assert_eq!(
            disposition("ü.wav", "recording"),
            "inline; filename=\"_.wav\"; filename*=UTF-8''%C3%BC.wav"
        );
    }

    #[test]
    fn tags_are_compared_weakly() {
        let etag = "\"b\"".parse().unwrap();
        for (tags, expected) in
            [("\"a\", W/\"b\"", true), ("*", true), ("\"bb\"", false), ("b", false), ("", false)]
        {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tags))]);
            assert_eq!(has(&asked, &etag), expected, "{tags}");
        }
    }
}
