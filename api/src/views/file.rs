use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::files::{self, FileHistoryEvent};
use self_shared::domain::file::{ContentKind, ContentState, FileEventKind, FileState};
use self_shared::events::{File, FileContent};
use uuid::Uuid;

use super::conversation::RelatedConversationView;
use super::job::FailureView;
use super::{example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Wire;

/// The last known state of a file. The event `file_event` of the WebSocket carries the same fields. If
/// the file is forgotten, the event carries only its `id`, and `forgotten` as `state`.
#[derive(Object)]
#[oai(rename = "File", skip_serializing_if_is_none, example)]
pub(crate) struct FileView {
    /// The id of the file. It stays the same when the file is moved.
    pub id: Uuid,
    /// The device that the file is on.
    pub device: String,
    /// The path of the file on the device; of a deleted file, its last path.
    pub path: String,
    /// Whether the file still exists.
    pub state: Wire<FileState>,
    /// The size in bytes, if the newest event that wrote the file contained it.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of the file's bytes, in hexadecimal, if that event contained it.
    pub sha256: Option<String>,
    /// The media type, if that event contained it.
    pub content_type: Option<String>,
    /// When the file was last created, modified, moved or deleted.
    pub changed_at: Time,
    /// When the file was last opened.
    pub opened_at: Option<Time>,
    /// When the server received the first event of the file.
    pub created_at: Time,
    /// When the server last received something about the file.
    pub updated_at: Time,
    /// The content of the file. Absent if no content was sent.
    pub content: Option<FileContentView>,
}

/// The content of a file, and whether it can be searched.
#[derive(Object)]
#[oai(rename = "FileContent", skip_serializing_if_is_none)]
pub(crate) struct FileContentView {
    /// The kind of the content.
    pub kind: Wire<ContentKind>,
    /// The size of the content in bytes.
    pub size_bytes: i64,
    /// The SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// The time of the file event that the content belongs to.
    pub as_of: Time,
    /// Whether the file has changed since, without new content. Search then still uses this content.
    pub is_stale: bool,
    /// Whether the text is longer than the limit of 1 MiB. Only the first 1 MiB can then be searched.
    pub is_cut: bool,
    /// Whether the content can be searched.
    pub state: Wire<ContentState>,
    /// Why the content cannot be read. Absent if it can.
    pub failure: Option<FailureView>,
    /// The newest job of the content.
    pub job_id: Option<Uuid>,
    /// When the content could first be searched. Absent until then.
    pub embedded_at: Option<Time>,
}

/// A file with its newest events and related conversations.
#[derive(Object)]
#[oai(rename = "FileDetail", example)]
pub(crate) struct FileDetailView {
    /// The file.
    #[oai(flatten)]
    pub file: FileView,
    /// The newest twenty events of the file, newest first.
    pub events: Vec<FileEventView>,
    /// The conversations whose meaning is most similar, most similar first.
    pub related_conversations: Vec<RelatedConversationView>,
}

/// An event of a file.
#[derive(Object)]
#[oai(rename = "FileEvent", skip_serializing_if_is_none, example)]
pub(crate) struct FileEventView {
    /// The id of the event, made by the app.
    pub id: Uuid,
    /// The kind of the event.
    pub kind: Wire<FileEventKind>,
    /// The device that the file is on.
    pub device: String,
    /// The path of the file; for a move, the new path.
    pub path: String,
    /// The previous path. Only for a move.
    pub from_path: Option<String>,
    /// The size of the file after the event, in bytes.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: Option<String>,
    /// The media type of the file.
    pub content_type: Option<String>,
    /// When the event happened, by the app's clock.
    pub happened_at: Time,
    /// Whether the event contained the content of the file.
    pub has_content: bool,
}

/// A page of files.
#[derive(Object)]
#[oai(rename = "FilePage", skip_serializing_if_is_none, example)]
pub(crate) struct FilePageView {
    /// The files, in the requested order.
    pub items: Vec<FileView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// A page of the events of a file.
#[derive(Object)]
#[oai(rename = "FileEventPage", skip_serializing_if_is_none, example)]
pub(crate) struct FileEventPageView {
    /// The events, newest first.
    pub items: Vec<FileEventView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

impl From<files::File> for FileView {
    fn from(file: files::File) -> Self {
        File::from(file).into()
    }
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            device: file.device,
            path: file.path,
            state: Wire(file.state),
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            content_type: file.content_type,
            changed_at: file.changed_at.into(),
            opened_at: file.opened_at.map(Into::into),
            created_at: file.created_at.into(),
            updated_at: file.updated_at.into(),
            content: file.content.map(FileContentView::from),
        }
    }
}

impl From<FileContent> for FileContentView {
    fn from(content: FileContent) -> Self {
        Self {
            kind: Wire(content.kind),
            size_bytes: content.size_bytes,
            sha256: content.sha256,
            as_of: content.as_of.into(),
            is_stale: content.is_stale,
            is_cut: content.is_cut,
            state: Wire(content.state),
            failure: content.failure.map(FailureView::from),
            job_id: content.job_id,
            embedded_at: content.embedded_at.map(Into::into),
        }
    }
}

impl From<FileHistoryEvent> for FileEventView {
    fn from(event: FileHistoryEvent) -> Self {
        Self {
            id: event.id,
            kind: Wire(event.kind.0),
            device: event.device,
            path: event.path,
            from_path: event.from_path,
            size_bytes: event.size_bytes,
            sha256: event.sha256.as_deref().map(hex::encode),
            content_type: event.content_type,
            happened_at: event.happened_at.into(),
            has_content: event.content_sha256.is_some(),
        }
    }
}

impl Example for FileView {
    fn example() -> Self {
        Self {
            id: example_id(8),
            device: "laptop".to_owned(),
            path: "/home/ada/notes/kitchen.md".to_owned(),
            state: Wire(FileState::Present),
            size_bytes: Some(41),
            sha256: Some("0f7e".repeat(16)),
            content_type: Some("text/markdown".to_owned()),
            changed_at: example_time(),
            opened_at: None,
            created_at: example_time(),
            updated_at: example_time(),
            content: Some(FileContentView {
                kind: Wire(ContentKind::Markdown),
                size_bytes: 41,
                sha256: "0f7e".repeat(16),
                as_of: example_time(),
                is_stale: false,
                is_cut: false,
                state: Wire(ContentState::Embedded),
                failure: None,
                job_id: Some(example_id(3)),
                embedded_at: Some(example_time()),
            }),
        }
    }
}

impl Example for FileEventView {
    fn example() -> Self {
        Self {
            id: example_id(9),
            kind: Wire(FileEventKind::Moved),
            device: "laptop".to_owned(),
            path: "/home/ada/notes/kitchen.md".to_owned(),
            from_path: Some("/home/ada/kitchen.md".to_owned()),
            size_bytes: None,
            sha256: None,
            content_type: None,
            happened_at: example_time(),
            has_content: false,
        }
    }
}

impl Example for FileDetailView {
    fn example() -> Self {
        Self {
            file: FileView::example(),
            events: vec![FileEventView::example()],
            related_conversations: Vec::new(),
        }
    }
}

impl Example for FilePageView {
    fn example() -> Self {
        Self { items: vec![FileView::example()], next_cursor: None }
    }
}

impl Example for FileEventPageView {
    fn example() -> Self {
        Self { items: vec![FileEventView::example()], next_cursor: None }
    }
}
