//! The event for changes of a file.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::failure::Failure;
use crate::domain::file::{ContentKind, ContentState, FileState, Forgotten};

/// A file was created, changed, moved, made searchable or forgotten. The event holds the current state of the
/// file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "FileUpdate")]
pub enum FileEvent {
    /// The file as it is now.
    Known(Box<File>),
    /// The file was forgotten: the server deleted everything that it knew about the file.
    Forgotten {
        /// The id of the file.
        id: Uuid,
        /// Always `forgotten`.
        state: Forgotten,
    },
}

/// The last known state of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// The id of the file. It stays the same when the file is moved.
    pub id: Uuid,
    /// The device that the file is on.
    pub device: String,
    /// The path of the file on the device; of a deleted file, its last path.
    pub path: String,
    /// Whether the file still exists.
    pub state: FileState,
    /// The size in bytes. Absent if the newest event that wrote the file did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// The SHA-256 of the bytes of the file, in hexadecimal. Absent if the newest event that wrote the file
    /// did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The media type. Absent if the newest event that wrote the file did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// When the file was last created, modified, moved or deleted.
    pub changed_at: DateTime<Utc>,
    /// When the file was last opened. Absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// When the server received the first event of the file.
    pub created_at: DateTime<Utc>,
    /// When the server last received an event or content of the file.
    pub updated_at: DateTime<Utc>,
    /// The content of the file. Absent if no content was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<FileContent>,
}

/// The content of a file, and whether it can be searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileContent {
    /// The media type of the content.
    pub kind: ContentKind,
    /// The size of the content in bytes.
    pub size_bytes: i64,
    /// The SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// The time of the file event that the content belongs to.
    pub as_of: DateTime<Utc>,
    /// Whether the file has changed after `as_of` and its new content was not sent. Search then still uses
    /// this content.
    pub is_stale: bool,
    /// Whether the text is longer than the limit of 1 MiB. Only the first 1 MiB can then be searched.
    pub is_cut: bool,
    /// Whether the content can be searched.
    pub state: ContentState,
    /// Why the content cannot be read. Absent if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The newest job of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// When the content could first be searched. Absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_at: Option<DateTime<Utc>>,
}

impl FileEvent {
    /// The event for a forgotten file.
    #[must_use]
    pub const fn forgotten(id: Uuid) -> Self {
        Self::Forgotten { id, state: Forgotten::Forgotten }
    }
}

impl Payload for FileEvent {
    const NAME: &'static str = "file_event";
    const FORMER_NAMES: &'static [&'static str] = &["file_update"];

    fn rooms(&self) -> Vec<Room> {
        let id = match self {
            Self::Known(file) => file.id,
            Self::Forgotten { id, .. } => *id,
        };
        vec![Room::File(id)]
    }
}
