//! An uploaded recording: the bytes of a raw body, or of the `file` field of a form, streamed and never
//! held as a whole.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use poem::http::header;
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::{container, form};
use crate::problem::{BadBody, Code, Problem};

/// An upload that sends no bytes for this long is interrupted.
const SILENCE: Duration = Duration::from_secs(60);
/// The number of bytes of a refused file that are read before the refusal is sent.
pub(super) const READ_OVER: usize = 16 * 1024 * 1024;

/// The bytes of a recording, as a stream.
pub(in crate::routes) type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// The upload of a recording or of another file.
pub(in crate::routes) struct Incoming {
    /// The filename in the form.
    pub filename: Option<String>,
    chunks: Chunks,
}

impl Incoming {
    /// Returns the media type of the file, found in its first bytes, and all of its bytes.
    ///
    /// # Errors
    /// [`Code::EmptyUpload`], [`Code::UnsupportedMedia`], [`Code::UploadInterrupted`].
    pub(super) async fn detect_media_type(self) -> Result<(&'static str, UploadBody), Problem> {
        let (first, bytes) = self.begun(container::TELLING).await?;
        if let Some(media_type) = container::media_type(&first) {
            return Ok((media_type, bytes));
        }
        let again = Self { filename: None, chunks: bytes.chunks() };
        let (first, bytes) = again.begun(container::TELLING_BEHIND_JUNK).await?;
        // A megabyte of headers to look at is too much work for a thread that serves others.
        let found = spawn_blocking(move || container::media_type_behind_junk(&first)).await;
        let Some(media_type) = found.map_err(Problem::internal)? else {
            bytes.read_over().await;
            return Err(Problem::new(
                Code::UnsupportedMedia,
                format!(
                    "the file does not begin like a recording of a known kind; send {}",
                    container::ACCEPTED
                ),
            ));
        };
        Ok((media_type, bytes))
    }

    /// Returns at least this many first bytes of the file (all, if it is shorter), and all of its
    /// bytes.
    ///
    /// # Errors
    /// [`Code::EmptyUpload`], [`Code::UploadInterrupted`].
    pub(in crate::routes) async fn begun(self, telling: usize) -> Result<(Bytes, UploadBody), Problem> {
        let mut chunks = patient(self.chunks);
        let mut first = Vec::new();
        while first.len() < telling {
            match chunks.next().await {
                Some(chunk) => first.extend_from_slice(&chunk.map_err(interrupted)?),
                None => break,
            }
        }
        if first.is_empty() {
            return Err(Problem::new(Code::EmptyUpload, "send the bytes as the body, or in a form"));
        }
        let first = Bytes::from(first);
        let again = first.clone();
        let begin = stream::once(async move { Ok(again) });
        Ok((first, UploadBody::new(begin.chain(chunks).boxed())))
    }
}

fn interrupted(error: io::Error) -> Problem {
    if let Some(refused) = BadBody::within(&error) {
        return refused;
    }
    Problem::new(Code::UploadInterrupted, "not all of it arrived, and nothing of it was kept; send it again")
        .because(error)
}

/// The bytes of a file that may be a recording. When the code that stores them gives up, the unread
/// bytes are still available here.
pub(in crate::routes) struct UploadBody(Arc<Mutex<Chunks>>);

impl UploadBody {
    fn new(chunks: Chunks) -> Self {
        Self(Arc::new(Mutex::new(chunks)))
    }

    /// The bytes that are not read yet.
    pub(in crate::routes) fn chunks(&self) -> Chunks {
        stream::unfold(self.0.clone(), |chunks| async {
            let chunk = chunks.lock().await.next().await?;
            Some((chunk, chunks))
        })
        .boxed()
    }

    /// Reads and drops some of the remaining bytes. Many clients read the answer only after they have
    /// sent everything: without this they would see a broken connection instead of the refusal.
    pub(in crate::routes) async fn read_over(&self) {
        let mut read = 0;
        let mut chunks = self.chunks();
        let reading = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                read += chunk.len();
                if read > READ_OVER {
                    break;
                }
            }
        };
        // The answer is the same whatever the result is.
        drop(tokio::time::timeout(Duration::from_secs(2), reading).await);
    }
}

/// The same chunks, with an error if the next chunk does not arrive in time.
fn patient(chunks: Chunks) -> Chunks {
    stream::unfold(Some(chunks), |chunks| async {
        let mut chunks = chunks?;
        match tokio::time::timeout(SILENCE, chunks.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(chunks))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    })
    // After its end, the stream stays ended.
    .fuse()
    .boxed()
}

impl<'a> ApiExtractor<'a> for Incoming {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let binary = || {
            let bytes = MetaSchema::new_with_format("string", "binary");
            MetaSchemaRef::Inline(Box::new(MetaSchema { min_length: Some(1), ..bytes }))
        };
        let form = MetaSchema {
            required: vec!["file"],
            properties: vec![("file", binary())],
            ..MetaSchema::new("object")
        };
        let media = |content_type| MetaMediaType { content_type, schema: binary() };
        Some(MetaRequest {
            description: Some(
                "The bytes of the recording, as the body or as the only field of a form, `file`. The kind of \
                 file is found in the bytes; what the request says of it does not matter.",
            ),
            content: vec![
                media("application/octet-stream"),
                media("audio/*"),
                MetaMediaType {
                    content_type: "multipart/form-data",
                    schema: MetaSchemaRef::Inline(Box::new(form)),
                },
            ],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if request.header(header::CONTENT_RANGE).is_some() {
            return Err(Problem::field(
                header::CONTENT_RANGE.as_str(),
                "is not supported: the body must be the whole file",
            )
            .into());
        }
        let is_form = request.content_type().is_some_and(|content_type| {
            content_type.trim_start().to_ascii_lowercase().starts_with("multipart/")
        });
        if is_form {
            let form = <Multipart as FromRequest>::from_request(request, body).await?;
            let (filename, chunks) = form::file(form).await?;
            return Ok(Self { filename, chunks });
        }
        Ok(Self { filename: None, chunks: body.take()?.into_bytes_stream().boxed() })
    }
}
