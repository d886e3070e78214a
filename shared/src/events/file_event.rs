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

/// A file, in its latest known state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// The id of the file. It stays the same when the file is moved.
    pub id: Uuid,
    /// The device that holds the file.
    pub device: String,
    /// The path on the device. For a deleted file, the last known path.
    pub path: String,
    /// Whether the file still exists on the device.
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
    /// The time when the file was last created, modified, moved or deleted.
    pub changed_at: DateTime<Utc>,
    /// The time when the file was last opened, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// The time when the server received the first event of the file.
    pub created_at: DateTime<Utc>,
    /// The time when the server last received an event or content of the file.
    pub updated_at: DateTime<Utc>,
    /// The content of the file. Absent if none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<FileContent>,
}

/// The content that was sent of a file, and whether it can be searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileContent {
    /// The media type of the content.
    pub kind: ContentKind,
    /// The number of bytes that were sent.
    pub size_bytes: i64,
    /// The SHA-256 of the bytes that were sent, in hexadecimal.
    pub sha256: String,
    /// The time of the file event that the content belongs to.
    pub as_of: DateTime<Utc>,
    /// Whether the file has changed since `as_of` without new content being sent. Search finds this content
    /// until new content is sent.
    pub is_stale: bool,
    /// Whether the content holds more text than the server reads. Only the first 1 MiB of the text can be
    /// searched.
    pub is_cut: bool,
    /// Whether the content can be searched.
    pub state: ContentState,
    /// The reason why the content cannot be read. Present only in the state `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The id of the newest job for the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// The time when the content first became searchable.
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
