//! The event for changes of a file.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};
use crate::domain::failure::Failure;
use crate::domain::file::{ContentKind, ContentState, FileState, Forgotten};

/// A file was created, changed, moved, understood or forgotten: how it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "FileUpdate")]
pub enum FileEvent {
    /// How the file is now.
    Known(Box<File>),
    /// The file is forgotten, as if nobody had ever told of it.
    Forgotten {
        /// The file.
        id: Uuid,
        /// Always `forgotten`.
        state: Forgotten,
    },
}

/// A file as it is now, as far as is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Names it, wherever it is moved.
    pub id: Uuid,
    /// On which device it is.
    pub device: String,
    /// Where it is there, or was last.
    pub path: String,
    /// Whether it is still there.
    pub state: FileState,
    /// How many bytes, where the newest event that wrote it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// The SHA-256 of its bytes, in hexadecimal, where that event said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Its media type, where that event said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// When it was last created, modified, moved or deleted.
    pub changed_at: DateTime<Utc>,
    /// When it was last opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was first heard of.
    pub created_at: DateTime<Utc>,
    /// When something was last heard of it.
    pub updated_at: DateTime<Utc>,
    /// What is in it, where that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<FileContent>,
}

/// What is in a file, and whether it can be searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileContent {
    /// What it is.
    pub kind: ContentKind,
    /// How many bytes were sent.
    pub size_bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// The time of the event that it belongs to.
    pub as_of: DateTime<Utc>,
    /// Whether the file was changed since, and what is in it now was not sent: this is found until
    /// then.
    pub is_stale: bool,
    /// Whether there is more text in it than is read of a file: the beginning, 1 MiB, can be searched.
    pub is_cut: bool,
    /// Whether it can be searched.
    pub state: ContentState,
    /// Why not, if it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The newest work on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// When it could first be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_at: Option<DateTime<Utc>>,
}

impl FileEvent {
    /// The file is forgotten.
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
