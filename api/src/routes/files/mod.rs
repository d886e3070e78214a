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
use self_shared::database::files::{self, File, FileHistoryEvent, Filter, Order, StoredContent};
use self_shared::domain::file::FileState;
use uuid::Uuid;

use self::event::{FileEventBatch, RecordedView};
use self::upload::{AcceptedContentView, IncomingContent, not_found};
use super::Tag;
use super::audio::traceparent;
use crate::app::App;
use crate::auth::Caller;
use crate::content::{self, ContentMetadata, ContentResponse, ContentSource};
use crate::id::Id;
use crate::input::Input;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::time::Time;
use crate::views::{FileDetailView, FileEventPageView, FileEventView, FilePageView, FileView};
use crate::wire_enums::{Wire, WireEnum};

/// The number of events in the detail of a file.
const NEWEST: i64 = 20;
/// The number of related conversations in the detail of a file.
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
    /// The server had all of these events already.
    #[oai(status = 200)]
    Known(Json<RecordedView>),
    /// The events are recorded.
    #[oai(status = 201)]
    Recorded(
        Json<RecordedView>,
        /// The address of the file, or of the list of files if the events are about several.
        #[oai(header = "Location")]
        String,
    ),
    /// The events are recorded, and the jobs that process the contents of the files are accepted.
    #[oai(status = 202)]
    Accepted(
        Json<RecordedView>,
        /// The address of the job, or of the list of jobs if there are several.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Uploaded {
    /// The file has this content already.
    #[oai(status = 200)]
    Known(Json<AcceptedContentView>),
    /// The content is stored, and the job that processes it is accepted.
    #[oai(status = 202)]
    Accepted(
        Json<AcceptedContentView>,
        /// The address of the job.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Forgotten {
    /// The file and everything known about it are deleted.
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
    /// Report file events
    ///
    /// Send one event or up to 1,000, in any order: their times decide the order of events. An event
    /// that the server has already (the same id) changes nothing and is answered as before. So if you
    /// are not sure that an event has arrived, send it again. If an id was used before for an event
    /// with other data, the whole request is refused.
    ///
    /// A file is identified by a device and a path. It stays the same file when it is moved, even if
    /// the move is reported before earlier events, and when it is deleted and created again at its
    /// path. If another file is moved to its path, the file is deleted. If the newest event that wrote
    /// a file omits a field, for example its size, the field is unknown from then on.
    ///
    /// Text that is sent as `content` is embedded for search by meaning. Newer content replaces older
    /// content. A file that is deleted loses its content.
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
        /// Only files on this device.
        #[oai(validator(max_length = 200))]
        device: Query<Option<String>>,
        /// Only files whose path begins with this text.
        #[oai(validator(max_length = 4096))]
        path: Query<Option<String>>,
        /// Only files whose path contains this text. Upper and lower case are the same.
        #[oai(validator(max_length = 1000))]
        text: Query<Option<String>>,
        /// Only files in this state.
        state: Query<Option<Wire<FileState>>>,
        /// Only files of this media type.
        #[oai(validator(max_length = 200))]
        content_type: Query<Option<String>>,
        /// Only files that changed at this time or later. If `sort` is by opening time: only files that
        /// were opened at this time or later.
        from: Query<Option<Time>>,
        /// Only files that changed before this time. If `sort` is by opening time: only files that were
        /// opened before this time.
        to: Query<Option<Time>>,
        /// The order. `-changed_at` when absent.
        sort: Query<Option<Wire<Order>>>,
        /// The largest number of files in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page. It is valid only with the same `sort`.
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
    /// With its newest events and related conversations.
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

    /// List the events of a file
    ///
    /// The whole history of the file, newest first, with all paths that it had.
    #[oai(path = "/:id/events", method = "get", operation_id = "list_file_events")]
    async fn events(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The file.
        id: Path<Id>,
        /// The largest number of events in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<FileEventPageView>, Failing<ReadHistory>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let file = files::get(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        let limit = page::limit(limit.0)?;
        let before = page::decode::<ByTime<b'h'>>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let events = files::happened(&mut tx, file.id, before, limit + 1).await?;
        let at = |last: &FileHistoryEvent| ByTime::<b'h'>(last.happened_at, last.id);
        let (events, next_cursor) = page::cut(events, limit, at);
        Ok(Json(FileEventPageView { items: events.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Upload the content of a file
    ///
    /// Text, Markdown, HTML or PDF, up to 64 MiB. It becomes the content of the file as of the newest
    /// event that wrote the file. It replaces earlier content, and is embedded for search by meaning.
    /// To upload the same content again changes nothing.
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

    /// Get the content of a file
    ///
    /// The bytes that were sent last: the whole content, or with `Range` a part of it. `content.as_of`
    /// of the file tells the time that the content is from. `HEAD` returns the headers without the
    /// bytes.
    #[oai(path = "/:id/content", method = "get", operation_id = "get_file_content")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn content(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The file.
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
    ) -> Result<ContentResponse<FileBytes>, Failing<ReadContent>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let file = files::get(&mut tx, id.0.0).await?.ok_or_else(not_found)?;
        let kept = files::content(&mut tx, file.id).await?;
        // No connection is held while the bytes are sent.
        drop(tx);
        let StoredContent { kind, size_bytes, sha256, text, object_key, .. } =
            kept.ok_or_else(|| Problem::new(Code::NotFound, "what is in this file was not sent"))?;
        let source = match object_key {
            Some(object_key) => ContentSource::Object(object_key),
            None => ContentSource::Row(text.unwrap_or_default().into()),
        };
        let filename = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let known =
            ContentMetadata { source, size_bytes, sha256: &sha256, content_type: kind.0.as_str(), filename };
        Ok(content::open(&app.objects, known, request.headers()).await?)
    }

    /// Forget a file
    ///
    /// Deletes the file with its history, its content and its vectors. Jobs of the file are cancelled.
    /// If an event of its history is sent again, it is a new event.
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
