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
        /// Id of the file.
        id: Uuid,
        /// Always `forgotten`.
        state: Forgotten,
    },
}

/// A file, in its latest known state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Id of the file. It stays the same when the file is moved.
    pub id: Uuid,
    /// Device that holds the file.
    pub device: String,
    /// Path on the device. For a deleted file, the last known path.
    pub path: String,
    /// Whether the file still exists on the device.
    pub state: FileState,
    /// Size in bytes. Absent if the newest event that wrote the file did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// SHA-256 of the bytes of the file, in hexadecimal. Absent if the newest event that wrote the file did
    /// not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Media type. Absent if the newest event that wrote the file did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Time when the file was last created, modified, moved or deleted.
    pub changed_at: DateTime<Utc>,
    /// Time when the file was last opened, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// Time when the server received the first event of the file.
    pub created_at: DateTime<Utc>,
    /// Time when the server last received an event or content of the file.
    pub updated_at: DateTime<Utc>,
    /// Content of the file. Absent if none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<FileContent>,
}

/// The content that was sent of a file, and whether it can be searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileContent {
    /// Media type of the content.
    pub kind: ContentKind,
    /// Number of bytes that were sent.
    pub size_bytes: i64,
    /// SHA-256 of the bytes that were sent, in hexadecimal.
    pub sha256: String,
    /// Time of the file event that the content belongs to.
    pub as_of: DateTime<Utc>,
    /// Whether the file has changed since `as_of` without new content being sent. Search finds this content
    /// until new content is sent.
    pub is_stale: bool,
    /// Whether the content holds more text than the server reads. Only the first 1 MiB of the text can be
    /// searched.
    pub is_cut: bool,
    /// Whether the content can be searched.
    pub state: ContentState,
    /// Reason why the content cannot be read. Present only in the state `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Id of the newest job for the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Time when the content first became searchable.
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
