//! Exports: an archive of everything that a person has.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use self_shared::database::UserTx;
use self_shared::database::exports::{self, Export};
use self_shared::objects::ObjectKey;
use uuid::Uuid;

use super::Tag;
use super::audio::traceparent;
use crate::app::App;
use crate::auth::Caller;
use crate::content::{self, ContentMetadata, ContentResponse, ContentSource};
use crate::id::Id;
use crate::page::{self, ById, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::{ExportPageView, ExportView, JobView};

type ExportCursor = ById<b'x'>;

pub(crate) struct ExportRoutes;

/// The bytes of an archive.
enum Archive {}

impl content::Kind for Archive {
    const MEDIA_TYPE: &'static str = "application/zip";
    const NAME: &'static str = "export.zip";
}

/// An export, and the job that writes its archive.
#[derive(Object)]
#[oai(rename = "AcceptedExport", example)]
struct AcceptedExportView {
    /// The export.
    export: ExportView,
    /// The job that writes the archive. Follow it with `GET /api/v1/jobs/{id}` or over the WebSocket.
    job: JobView,
}

#[derive(ApiResponse)]
enum Accepted {
    /// The archive is being written. If an earlier export is still being written, the answer describes
    /// that one.
    #[oai(status = 202)]
    Accepted(
        Json<AcceptedExportView>,
        /// The address of the job.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The export and its archive are deleted, and its job is cancelled.
    #[oai(status = 204)]
    Deleted,
}

declare! {
    Plain: ;
    List: InvalidCursor;
    Read: NotFound;
    ReadContent: NotFound, ExportIncomplete, ContentMissing, RangeNotSatisfiable, ObjectStorageUnavailable;
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Users")]
impl ExportRoutes {
    /// Export everything of mine
    ///
    /// Writes a zip archive with the recordings as they were uploaded; each conversation as JSON,
    /// Markdown and subtitles; entities, connections, decisions, files, insights and sessions as JSON;
    /// and a README that explains the contents. Only one archive is written at a time: a request during
    /// this time gets the same export. The archive is kept for a week, or until a newer one is
    /// complete.
    ///
    /// If data changes while the archive is being written, the archive contains either the old or the
    /// new state. Each single conversation is consistent.
    #[oai(path = "/users/me/export", method = "post", operation_id = "export_me")]
    async fn export(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
    ) -> Result<Accepted, Failing<Plain>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let (export, job) = exports::request(&mut tx, traceparent(request)).await?;
        tx.commit().await?;
        let accepted = AcceptedExportView { export: export.into(), job: job.into() };
        let location = format!("/api/v1/jobs/{}", accepted.job.id);
        Ok(Accepted::Accepted(Json(accepted), location))
    }

    /// List my exports
    ///
    /// Newest first.
    #[oai(path = "/exports", method = "get", operation_id = "list_exports")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The largest number of exports in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ExportPageView>, Failing<List>> {
        let (limit, after) = (page::limit(limit.0)?, page::decode::<ExportCursor>(cursor.0.as_deref())?);
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = exports::list(&mut tx, after.map(|ById(id)| id), limit + 1).await?;
        let (found, next_cursor) = page::cut(found, limit, |export| ById::<b'x'>(export.id));
        Ok(Json(ExportPageView { items: found.into_iter().map(ExportView::from).collect(), next_cursor }))
    }

    /// Get an export
    #[oai(path = "/exports/:id", method = "get", operation_id = "get_export")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The export.
        id: Path<Id>,
    ) -> Result<Json<ExportView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        Ok(Json(known(&mut tx, id.0.0).await?.into()))
    }

    /// Get the archive of an export
    ///
    /// The whole archive, or with `Range` a part of it: so a client can continue a download that was
    /// interrupted. `HEAD` returns the headers without the bytes.
    #[oai(path = "/exports/:id/content", method = "get", operation_id = "get_export_content")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn content(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The export.
        id: Path<Id>,
        /// One range of bytes, such as `bytes=0-1023`.
        #[oai(name = "Range")]
        _range: Header<Option<String>>,
        /// The `ETag` of the client's copy. If it is still current, the answer is 304 without the
        /// bytes.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
        /// The `ETag` of the content that the range belongs to. If the content has changed since, the
        /// answer is the whole content.
        #[oai(name = "If-Range")]
        _if_range: Header<Option<String>>,
    ) -> Result<ContentResponse<Archive>, Failing<ReadContent>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let export = known(&mut tx, id.0.0).await?;
        // No connection is held while the bytes are sent.
        drop(tx);
        let Export {
            object_key: Some(object_key), size_bytes: Some(size_bytes), sha256: Some(sha256), ..
        } = &export
        else {
            let detail = "follow its job, and ask again once it has succeeded";
            return Err(Problem::new(Code::ExportIncomplete, detail).into());
        };
        let filename = format!("export-{}.zip", export.created_at.format("%Y-%m-%d"));
        let known = ContentMetadata {
            source: ContentSource::Object(object_key.clone()),
            size_bytes: *size_bytes,
            sha256,
            content_type: "application/zip",
            filename: &filename,
        };
        Ok(content::open(&app.objects, known, request.headers()).await?)
    }

    /// Delete an export
    ///
    /// Deletes the export with its archive. If the archive is still being written, its job is
    /// cancelled.
    #[oai(path = "/exports/:id", method = "delete", operation_id = "delete_export")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The export.
        id: Path<Id>,
    ) -> Result<Deleted, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let key = exports::delete(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("export"))?;
        tx.commit().await?;
        if let Some(key) = key.and_then(|key| key.parse::<ObjectKey>().ok())
            && let Err(error) = app.objects.delete(&key).await
        {
            tracing::warn!(%error, "an object without a row was not deleted; the next sweep deletes it");
        }
        Ok(Deleted::Deleted)
    }
}

async fn known(tx: &mut UserTx, id: Uuid) -> Result<Export, Problem> {
    exports::get(tx, id).await?.ok_or_else(|| Problem::not_found("export"))
}

impl Example for AcceptedExportView {
    fn example() -> Self {
        Self { export: ExportView::example(), job: JobView::example() }
    }
}
