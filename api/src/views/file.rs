use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::files::{self, FileEvent};
use self_shared::domain::file::{ContentKind, ContentState, FileEventKind, FileState};
use self_shared::events::{File, FileContent};
use uuid::Uuid;

use super::conversation::RelatedConversationView;
use super::job::FailureView;
use super::{example_id, example_time, hex};
use crate::time::Time;
use crate::wire_enums::Wire;

/// A file as it is now, as far as is known. The event `file_event` of the WebSocket carries the same, or
/// of a file that is forgotten, its `id` with `state` as `forgotten`.
#[derive(Object)]
#[oai(rename = "File", skip_serializing_if_is_none, example)]
pub(crate) struct FileView {
    /// Names it, wherever it is moved.
    pub id: Uuid,
    /// On which device it is.
    pub device: String,
    /// Where it is there, or was last.
    pub path: String,
    /// Whether it is still there.
    pub state: Wire<FileState>,
    /// How many bytes, where the newest event that wrote it said.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of its bytes, in hexadecimal, where that event said.
    pub sha256: Option<String>,
    /// Its media type, where that event said.
    pub content_type: Option<String>,
    /// When it was last created, modified, moved or deleted.
    pub changed_at: Time,
    /// When it was last opened.
    pub opened_at: Option<Time>,
    /// When it was first heard of.
    pub created_at: Time,
    /// When something was last heard of it.
    pub updated_at: Time,
    /// What is in it, where that was sent.
    pub content: Option<FileContentView>,
}

/// What is in a file, and whether it can be searched.
#[derive(Object)]
#[oai(rename = "FileContent", skip_serializing_if_is_none)]
pub(crate) struct FileContentView {
    /// What it is.
    pub kind: Wire<ContentKind>,
    /// How many bytes were sent.
    pub size_bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// The time of the event that it belongs to.
    pub as_of: Time,
    /// Whether the file was changed since, and what is in it now was not sent: this is found until
    /// then.
    pub is_stale: bool,
    /// Whether there is more text in it than is read of a file: the beginning, 1 MiB, can be searched.
    pub is_cut: bool,
    /// Whether it can be searched.
    pub state: Wire<ContentState>,
    /// Why not, if it cannot be read.
    pub failure: Option<FailureView>,
    /// The newest work on it.
    pub job_id: Option<Uuid>,
    /// When it could first be searched.
    pub embedded_at: Option<Time>,
}

/// A file with what happened to it last, and what else is about the same.
#[derive(Object)]
#[oai(rename = "FileDetail", example)]
pub(crate) struct FileDetailView {
    /// The file itself.
    #[oai(flatten)]
    pub file: FileView,
    /// The newest twenty events of its history, newest first.
    pub events: Vec<FileEventView>,
    /// The conversations that are closest in meaning, best first.
    pub related_conversations: Vec<RelatedConversationView>,
}

/// Something that happened to a file.
#[derive(Object)]
#[oai(rename = "FileEvent", skip_serializing_if_is_none, example)]
pub(crate) struct FileEventView {
    /// Names it: the app's own id.
    pub id: Uuid,
    /// What happened.
    pub kind: Wire<FileEventKind>,
    /// On which device.
    pub device: String,
    /// At which path; of a move, its end.
    pub path: String,
    /// Of a move, its beginning.
    pub from_path: Option<String>,
    /// How many bytes the file had then.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// When, by the app's clock.
    pub happened_at: Time,
    /// Whether its content came along.
    pub has_content: bool,
}

/// A page of files.
#[derive(Object)]
#[oai(rename = "FilePage", skip_serializing_if_is_none, example)]
pub(crate) struct FilePageView {
    /// The files, in the order that was asked for.
    pub items: Vec<FileView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// A page of a file's history.
#[derive(Object)]
#[oai(rename = "FileEventPage", skip_serializing_if_is_none, example)]
pub(crate) struct FileEventPageView {
    /// What happened, newest first.
    pub items: Vec<FileEventView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
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

impl From<FileEvent> for FileEventView {
    fn from(event: FileEvent) -> Self {
        Self {
            id: event.id,
            kind: Wire(event.kind.0),
            device: event.device,
            path: event.path,
            from_path: event.from_path,
            size_bytes: event.size_bytes,
            sha256: event.sha256.as_deref().map(hex),
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
