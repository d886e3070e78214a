//! File events, which may arrive in any order, and the content of files.

mod event;
mod kind;
mod upload;

use chrono::{DateTime, Utc};
use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use self_shared::database::UserTx;
use self_shared::database::files::{self, File, FileEvent, Filter, Kept, Order};
use self_shared::domain::file::FileState;
use uuid::Uuid;

use self::event::{FileEventBatch, RecordedView};
use self::upload::{AcceptedContentView, IncomingContent, not_found};
use super::Tag;
use super::audio::traceparent;
use crate::app::App;
use crate::auth::Caller;
use crate::content::{self, ContentMetadata, Held, Outgoing};
use crate::id::Id;
use crate::input::Input;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::time::Time;
use crate::views::{FileDetailView, FileEventPageView, FileEventView, FilePageView, FileView};
use crate::wire_enums::{Wire, WireEnum};

/// Events that are shown with a file.
const NEWEST: i64 = 20;
/// Conversations that are shown beside one.
const RELATED: i64 = 5;

pub(crate) struct FileRoutes;

/// The bytes of a file.
enum FileBytes {}

impl content::Kind for FileBytes {
    const MEDIA_TYPE: &'static str = "*/*";
    const NAME: &'static str = "file";
}

#[derive(ApiResponse)]
enum Taken {
    /// All of it was here already.
    #[oai(status = 200)]
    Known(Json<RecordedView>),
    /// It is written down.
    #[oai(status = 201)]
    Recorded(
        Json<RecordedView>,
        /// Where the file is; where the files are, if it is about several.
        #[oai(header = "Location")]
        String,
    ),
    /// It is written down, and the work on what is in the files is accepted.
    #[oai(status = 202)]
    Accepted(
        Json<RecordedView>,
        /// Where the job is; where the jobs are, if there are several.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Uploaded {
    /// The very same is in it already.
    #[oai(status = 200)]
    Known(Json<AcceptedContentView>),
    /// Stored, and the work on it accepted.
    #[oai(status = 202)]
    Accepted(
        Json<AcceptedContentView>,
        /// Where the job is.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Forgotten {
    /// It is gone, with all that was known of it.
    #[oai(status = 204)]
    Forgotten,
}

declare! {
    Record: EventConflict;
    List: InvalidCursor;
    Read: NotFound;
    ReadHistory: NotFound, InvalidCursor;
    ReadContent: NotFound, ContentMissing, RangeNotSatisfiable, ObjectStorageUnavailable;
    Upload: NotFound, FileDeleted, EmptyUpload, UploadInterrupted, InvalidMultipart, UploadTooLarge,
            UnsupportedMedia, ObjectStorageUnavailable;
}

impl WireEnum for Order {
    const NAME: &'static str = "FileOrder";
    const DESCRIPTION: &'static str = "By what files are sorted; a minus puts the latest first.";
    const VALUES: &'static [Self] = &[Self::Newest, Self::Oldest, Self::Opened];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Newest => "-changed_at",
            Self::Oldest => "changed_at",
            Self::Opened => "-opened_at",
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/files", tag = "Tag::Files")]
impl FileRoutes {
    /// Tell what happened to files
    ///
    /// One event or up to 1,000, in any order: what they say of the time decides. An event that was
    /// here already, by its id, changes nothing and is answered as before; so whoever is not sure
    /// sends it again. The id of an event that says something else is refused, and all that came with
    /// it.
    ///
    /// A file is what is at a path of a device. It stays the same file where it is moved, also if the
    /// move becomes known before the rest, and when it is deleted and created again at its path. A
    /// file that another one is moved over is deleted. What the newest event that wrote a file does not
    /// say of it, its size for example, is not known any more.
    ///
    /// Text that comes along is embedded, to be searched by meaning. Newer content takes the place of
    /// older, and a deleted file loses it.
    #[oai(path = "/events", method = "post", operation_id = "record_file_events")]
    async fn record(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        body: Input<FileEventBatch>,
    ) -> Result<Taken, Failing<Record>> {
        let events = body.0.read()?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        let batch = files::record(&mut tx, &events, traceparent(request)).await.map_err(event::refused)?;
        let recorded = Json(RecordedView::new(&events, &batch.recorded));
        if batch.recorded.iter().all(|recorded| recorded.is_duplicate) {
            return Ok(Taken::Known(recorded));
        }
        tx.commit().await?;
        upload::remove(&app, &batch.objects).await;
        let location = event::location(&batch);
        if batch.jobs.is_empty() {
            return Ok(Taken::Recorded(recorded, location));
        }
        Ok(Taken::Accepted(recorded, location))
    }

    /// List files
    #[oai(path = "/", method = "get", operation_id = "list_files")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Only those on this device.
        #[oai(validator(max_length = 200))]
        device: Query<Option<String>>,
        /// Only those whose path begins like this.
        #[oai(validator(max_length = 4096))]
        path: Query<Option<String>>,
        /// Only those with this somewhere in their path, whatever the case.
        #[oai(validator(max_length = 1000))]
        text: Query<Option<String>>,
        /// Only those that are there, or those that are not.
        state: Query<Option<Wire<FileState>>>,
        /// Only those of this media type.
        #[oai(validator(max_length = 200))]
        content_type: Query<Option<String>>,
        /// Only those that changed, or were opened, if that is the order, then or later.
        from: Query<Option<Time>>,
        /// Only those that changed, or were opened, if that is the order, before.
        to: Query<Option<Time>>,
        /// In which order; `-changed_at` when absent.
        sort: Query<Option<Wire<Order>>>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before. It is good for the same order only.
        cursor: Query<Option<String>>,
    ) -> Result<Json<FilePageView>, Failing<List>> {
        let filter = Filter {
            device: device.0,
            path: path.0,
            text: text.0,
            state: state.0.map(|state| state.0),
            content_type: content_type.0,
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
        };
        let limit = page::limit(limit.0)?;
        let order = sort.0.map_or(Order::default(), |sort| sort.0);
        let (user, cursor) = (caller.0.user, cursor.0.as_deref());
        let mut tx = app.database.as_user(user).await?;
        Ok(Json(match order {
            Order::Newest => listed::<b'f'>(&mut tx, &filter, order, limit, cursor).await?,
            Order::Oldest => listed::<b'F'>(&mut tx, &filter, order, limit, cursor).await?,
            Order::Opened => listed::<b'o'>(&mut tx, &filter, order, limit, cursor).await?,
        }))
    }

    /// Get a file
    ///
    /// With the newest of its history, and the conversations that are about the same.
    #[oai(path = "/:id", method = "get", operation_id = "get_file")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The file.
        id: Path<Id>,
    ) -> Result<Json<FileDetailView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let file = files::get(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        let events = files::happened(&mut tx, file.id, None, NEWEST).await?;
        let related = files::related_conversations(&mut tx, file.id, RELATED).await?;
        Ok(Json(FileDetailView {
            file: file.into(),
            events: events.into_iter().map(FileEventView::from).collect(),
            related_conversations: related.into_iter().map(Into::into).collect(),
        }))
    }

    /// List what happened to a file
    ///
    /// Its whole history, newest first, wherever it was then.
    #[oai(path = "/:id/events", method = "get", operation_id = "list_file_events")]
    async fn events(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The file.
        id: Path<Id>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<FileEventPageView>, Failing<ReadHistory>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let file = files::get(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        let limit = page::limit(limit.0)?;
        let before = page::decode::<ByTime<b'h'>>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let events = files::happened(&mut tx, file.id, before, limit + 1).await?;
        let at = |last: &FileEvent| ByTime::<b'h'>(last.happened_at, last.id);
        let (events, next_cursor) = page::cut(events, limit, at);
        Ok(Json(FileEventPageView { items: events.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Upload what is in a file
    ///
    /// Text, Markdown, HTML or PDF, up to 64 MiB: it is what is in the file as of the newest event that
    /// wrote it, takes the place of what was sent before, and is embedded, to be searched by meaning.
    /// The very same again changes nothing.
    #[oai(path = "/:id/content", method = "put", operation_id = "upload_file_content")]
    async fn upload(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The file.
        id: Path<Id>,
        content: IncomingContent,
    ) -> Result<Uploaded, Failing<Upload>> {
        let accepted = upload::accept(&app, caller.0.user, id.0.0, content, traceparent(request)).await?;
        Ok(match &accepted.job {
            Some(job) => {
                let location = format!("/api/v1/jobs/{}", job.id);
                Uploaded::Accepted(Json(accepted), location)
            }
            None => Uploaded::Known(Json(accepted)),
        })
    }

    /// Get what is in a file
    ///
    /// The bytes that were sent last, whole, or a part by `Range`; `content` of the file tells which time
    /// they are of. `HEAD` tells what there is.
    #[oai(path = "/:id/content", method = "get", operation_id = "get_file_content")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn content(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The file.
        id: Path<Id>,
        /// One range of bytes, as `bytes=0-1023`.
        #[oai(name = "Range")]
        _range: Header<Option<String>>,
        /// The `ETag` of what is there already: 304 if it is still the same.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
        /// The `ETag` that the range is of: everything if it is another by now.
        #[oai(name = "If-Range")]
        _if_range: Header<Option<String>>,
    ) -> Result<Outgoing<FileBytes>, Failing<ReadContent>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let file = files::get(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        let kept = files::content(&mut tx, file.id).await?;
        // No connection is held while the bytes are sent.
        drop(tx);
        let Kept { kind, size_bytes, sha256, text, object_key, .. } =
            kept.ok_or_else(|| Problem::new(Code::NotFound, "what is in this file was not sent"))?;
        let held = match object_key {
            Some(object_key) => Held::Object(object_key),
            None => Held::Row(text.unwrap_or_default().into()),
        };
        let filename = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let known =
            ContentMetadata { held, size_bytes, sha256: &sha256, content_type: kind.0.as_str(), filename };
        Ok(content::open(&app.objects, known, request.headers()).await?)
    }

    /// Forget a file
    ///
    /// With its history, its content and its vectors, as if nobody had ever told of it. Work on it is
    /// stopped. An event of its history that is sent again is new.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_file")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The file.
        id: Path<Id>,
    ) -> Result<Forgotten, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let objects = files::forget(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        tx.commit().await?;
        upload::remove(&app, &objects).await;
        Ok(Forgotten::Forgotten)
    }
}

async fn listed<const LIST: u8>(
    tx: &mut UserTx,
    filter: &Filter,
    order: Order,
    limit: i64,
    cursor: Option<&str>,
) -> Result<FilePageView, Problem> {
    let behind = page::decode::<ByTime<LIST>>(cursor)?.map(|ByTime(time, id)| (time, id));
    let found = files::list(tx, filter, order, behind, limit + 1).await?;
    let at = |last: &File| {
        let (time, id): (DateTime<Utc>, Uuid) = order.cursor(last);
        ByTime::<LIST>(time, id)
    };
    let (found, next_cursor) = page::cut(found, limit, at);
    Ok(FilePageView { items: found.into_iter().map(FileView::from).collect(), next_cursor })
}
