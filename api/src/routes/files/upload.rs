//! Accepts the content of a file: stores the object first, then commits all rows in one transaction, as for
//! recordings.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Example;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, Object};
use self_shared::database::files::{self, Upload, UploadOutcome};
use self_shared::domain::{UserId, new_id};
use self_shared::objects::{LONGEST_UPLOAD, ObjectError, ObjectKey};
use tokio::time::Instant;
use uuid::Uuid;

use super::kind;
use crate::app::App;
use crate::problem::{Code, Problem};
use crate::routes::audio::incoming::Incoming;
use crate::views::{FileView, JobView};

/// The largest file whose content is accepted, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The upload of a file's content.
pub(super) struct IncomingContent {
    incoming: Incoming,
    declared: Option<String>,
}

/// A file whose content is accepted, and its job.
#[derive(Object)]
#[oai(rename = "AcceptedFileContent", skip_serializing_if_is_none, example)]
pub(super) struct AcceptedContentView {
    /// The file.
    pub file: FileView,
    /// The job that processes the content. Absent if the file had the same content already. Follow it
    /// with `GET /api/v1/jobs/{id}` or over the WebSocket.
    pub job: Option<JobView>,
}

/// Stores the content of a file and writes its rows.
pub(super) async fn accept(
    app: &App,
    user: UserId,
    file: Uuid,
    content: IncomingContent,
    traceparent: Option<&str>,
) -> Result<AcceptedContentView, Problem> {
    // Checked before the bytes are uploaded in vain.
    let mut tx = app.database.as_user(user).await?;
    let known = files::get(&mut tx, file).await?.ok_or_else(not_found)?;
    drop(tx);
    let (first, bytes) = content.incoming.begun(kind::TELLING).await?;
    let declared = content.declared.as_deref().or(known.content_type.as_deref());
    let Some(kind) = kind::of_bytes(&first, declared, &known.path) else {
        bytes.read_over().await;
        let detail = format!("the file does not begin like one that can be read; send {}", kind::ACCEPTED);
        return Err(Problem::new(Code::UnsupportedMedia, detail));
    };
    let began = Instant::now();
    let id = new_id();
    let object = ObjectKey::file(user, id);
    let stored = app.objects.put(&object, bytes.chunks(), LARGEST).await;
    if matches!(stored, Err(ObjectError::TooLarge { .. })) {
        bytes.read_over().await;
    }
    let stored = stored?;
    let upload = Upload {
        id,
        kind,
        size_bytes: i64::try_from(stored.size_bytes).map_err(Problem::internal)?,
        sha256: &stored.sha256,
        object_key: object.as_str(),
    };
    let mut committing = false;
    let outcome = async {
        if began.elapsed() > LONGEST_UPLOAD {
            // By now the sweep may have deleted the object as an orphan.
            return Err(Problem::new(Code::UploadInterrupted, "the content took too long to arrive"));
        }
        let mut tx = app.database.as_user(user).await?;
        let uploaded = files::upload(&mut tx, file, &upload, traceparent).await?;
        committing = matches!(uploaded, UploadOutcome::Accepted(..));
        if committing {
            tx.commit().await?;
        }
        Ok(uploaded)
    }
    .await;
    let is_new = matches!(outcome, Ok(UploadOutcome::Accepted(..)));
    // A commit that returned an error may still have succeeded: then the object stays.
    if !is_new && !committing {
        remove(app, &[object.as_str().to_owned()]).await;
    }
    match outcome? {
        UploadOutcome::Accepted(file, job, former) => {
            remove(app, &former).await;
            Ok(AcceptedContentView { file: (*file).into(), job: Some(JobView::from(*job)) })
        }
        UploadOutcome::Known(file) => Ok(AcceptedContentView { file: (*file).into(), job: None }),
        UploadOutcome::Deleted => Err(Problem::new(
            Code::FileDeleted,
            "send the event that says that it is there again, and then what is in it",
        )),
        UploadOutcome::NotFound => Err(not_found()),
    }
}

/// Deletes objects that no row refers to any more. If a deletion fails, the job `sweep_objects` deletes the
/// object later.
pub(super) async fn remove(app: &App, objects: &[String]) {
    for key in objects.iter().filter_map(|key| key.parse::<ObjectKey>().ok()) {
        if let Err(error) = app.objects.delete(&key).await {
            tracing::warn!(%error, "an object without a row was not deleted; the next sweep deletes it");
        }
    }
}

pub(super) fn not_found() -> Problem {
    Problem::not_found("file")
}

impl<'a> ApiExtractor<'a> for IncomingContent {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let media = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema {
                min_length: Some(1),
                ..MetaSchema::new_with_format("string", "binary")
            })),
        };
        Some(MetaRequest {
            description: Some(
                "The bytes of the file, as the body or as the only field of a form, `file`. A PDF is found in \
                 the bytes; for text, its media type or the end of the file's path says what it is.",
            ),
            content: vec![
                media("application/octet-stream"),
                media("text/plain"),
                media("text/markdown"),
                media("text/html"),
                media("application/pdf"),
            ],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let declared = request.content_type().map(str::to_owned);
        let is_form = declared.as_deref().is_some_and(|declared| declared.starts_with("multipart/"));
        let declared = declared.filter(|_| !is_form);
        Ok(Self { incoming: Incoming::from_request(request, body, options).await?, declared })
    }
}

impl Example for AcceptedContentView {
    fn example() -> Self {
        Self { file: FileView::example(), job: Some(JobView::example()) }
    }
}
