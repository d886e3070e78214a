//! Files: their events, in whatever order these arrive, and their current state.
//!
//! `file_events` is the history, from which all else is derived. The file of an event follows from the path
//! and the moves before it (`identity.rs`). The state of a file follows from the newest events of its
//! history (`state.rs`). Neither depends on the order in which events arrive. A lock ([`lock`]) lets one
//! transaction change a person's files at a time.

mod content;
mod event;
mod forget;
mod identity;
mod list;
mod record;
mod related;
mod state;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{EnumColumn, UserTx};
use crate::domain::failure::Failure;
use crate::domain::file::{ContentKind, ContentState, FileState};
use crate::domain::job::JobState;
use crate::events;

pub use self::content::{
    NewContent, StoredContent, Upload, UploadOutcome, content, current, embedded, orphaned, upload,
};
pub use self::event::{FileHistoryEvent, happened};
pub use self::forget::forget;
pub use self::list::{FileCursor, Filter, Order, list};
pub use self::record::{NewFileEvent, RecordError, RecordedBatch, RecordedEvent, record};
pub use self::related::related_conversations;

/// The columns of a [`FileRow`], for a statement that is built at run time: the same as those in [`some`].
macro_rules! columns {
    () => {
        "f.id, f.device, f.path, f.state, f.size_bytes, f.sha256, f.content_type, f.changed_at, f.opened_at,
         f.created_at, f.updated_at, c.id as content_id, c.kind, c.size_bytes as content_bytes,
         c.sha256 as content_sha256, c.as_of, c.is_cut, c.embedded_at, c.job_id, j.state as job_state, j.failure,
         coalesce(f.written_at > c.as_of and (f.sha256 is null or f.sha256 is distinct from c.file_sha256), false)
             as is_stale
         from files f
         left join file_contents c on c.user_id = f.user_id and c.file_id = f.id
         left join jobs j on j.user_id = f.user_id and j.id = c.job_id"
    };
}
use columns;

/// The state of a file.
#[derive(Clone, Debug)]
pub struct File {
    /// The same after every move.
    pub id: Uuid,
    pub device: String,
    /// The path on the device.
    pub path: String,
    pub state: FileState,
    /// The size, if known.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of its bytes, if known.
    pub sha256: Option<Vec<u8>>,
    /// The media type, if known.
    pub content_type: Option<String>,
    /// The time when it was last created, modified, moved or deleted.
    pub changed_at: DateTime<Utc>,
    /// The time when it was last opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// The time when the first event of it arrived.
    pub created_at: DateTime<Utc>,
    /// The time when its row last changed.
    pub updated_at: DateTime<Utc>,
    /// Its content, if that was sent.
    pub content: Option<Content>,
}

/// The content of a file.
#[derive(Clone, Debug)]
pub struct Content {
    /// Each version has its own id.
    pub id: Uuid,
    pub kind: ContentKind,
    /// The number of bytes that were sent.
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
    /// The time of the event that it belongs to.
    pub as_of: DateTime<Utc>,
    /// Whether the file was changed since, without new content being sent.
    pub is_stale: bool,
    /// Whether it is longer than the part of a file that is read.
    pub is_cut: bool,
    pub state: ContentState,
    /// The reason, if it cannot be read.
    pub failure: Option<Failure>,
    /// The newest job for it.
    pub job_id: Option<Uuid>,
    /// The time when it became searchable.
    pub embedded_at: Option<DateTime<Utc>>,
}

/// A file with its content, if there is one, and with the job for that.
#[derive(sqlx::FromRow)]
struct FileRow {
    id: Uuid,
    device: String,
    path: String,
    state: EnumColumn<FileState>,
    size_bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    content_type: Option<String>,
    changed_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    content_id: Option<Uuid>,
    kind: Option<EnumColumn<ContentKind>>,
    content_bytes: Option<i64>,
    content_sha256: Option<Vec<u8>>,
    as_of: Option<DateTime<Utc>>,
    is_stale: bool,
    is_cut: Option<bool>,
    embedded_at: Option<DateTime<Utc>>,
    job_id: Option<Uuid>,
    job_state: Option<EnumColumn<JobState>>,
    failure: Option<Value>,
}

impl From<FileRow> for File {
    fn from(mut row: FileRow) -> Self {
        let content = row.take_content();
        Self {
            id: row.id,
            device: row.device,
            path: row.path,
            state: row.state.0,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            content_type: row.content_type,
            changed_at: row.changed_at,
            opened_at: row.opened_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            content,
        }
    }
}

impl FileRow {
    /// Returns `None` if there is no content. Content has all of its columns.
    fn take_content(&mut self) -> Option<Content> {
        let state = match (self.embedded_at, self.job_state) {
            (Some(_), _) => ContentState::Embedded,
            (None, Some(EnumColumn(JobState::Dead))) => ContentState::Failed,
            (None, Some(EnumColumn(JobState::Cancelled))) => ContentState::Cancelled,
            (None, _) => ContentState::Pending,
        };
        // A job that is retried has a failure, too.
        let failure = self.failure.take().filter(|_| state == ContentState::Failed);
        Some(Content {
            id: self.content_id?,
            kind: self.kind?.0,
            size_bytes: self.content_bytes?,
            sha256: self.content_sha256.take()?,
            as_of: self.as_of?,
            is_stale: self.is_stale,
            is_cut: self.is_cut?,
            state,
            failure: failure.and_then(|failure| serde_json::from_value(failure).ok()),
            job_id: self.job_id,
            embedded_at: self.embedded_at,
        })
    }
}

/// Locks the person's files until the end of the transaction.
pub async fn lock(tx: &mut UserTx) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('files ' || $1::uuid::text, 0))", user.0)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Reads one file of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<File>> {
    Ok(some(tx, &[id]).await?.pop())
}

/// Reads those of the given files that exist, in no order.
async fn some(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<Vec<File>> {
    let user = tx.user();
    let rows = sqlx::query_as!(
        FileRow,
        r#"select f.id, f.device, f.path, f.state as "state: EnumColumn<FileState>", f.size_bytes, f.sha256,
                  f.content_type, f.changed_at, f.opened_at, f.created_at, f.updated_at, c.id as "content_id?",
                  c.kind as "kind?: EnumColumn<ContentKind>", c.size_bytes as "content_bytes?",
                  c.sha256 as "content_sha256?", c.as_of as "as_of?", c.is_cut as "is_cut?",
                  c.embedded_at as "embedded_at?", c.job_id as "job_id?",
                  j.state as "job_state?: EnumColumn<JobState>", j.failure as "failure?",
                  coalesce(f.written_at > c.as_of
                           and (f.sha256 is null or f.sha256 is distinct from c.file_sha256), false)
                      as "is_stale!"
           from files f
           left join file_contents c on c.user_id = f.user_id and c.file_id = f.id
           left join jobs j on j.user_id = f.user_id and j.id = c.job_id
           where f.user_id = $1 and f.id = any ($2)"#,
        user.0,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(File::from).collect())
}

/// Adds one event for each file, with its state.
pub async fn announce(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<()> {
    let mut files = some(tx, ids).await?;
    files.sort_by_key(|file| file.id);
    for file in files {
        tx.emit(&events::FileEvent::Known(Box::new(file.into())));
    }
    Ok(())
}

impl From<File> for events::File {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            device: file.device,
            path: file.path,
            state: file.state,
            size_bytes: file.size_bytes,
            sha256: file.sha256.as_deref().map(hex),
            content_type: file.content_type,
            changed_at: file.changed_at,
            opened_at: file.opened_at,
            created_at: file.created_at,
            updated_at: file.updated_at,
            content: file.content.map(Into::into),
        }
    }
}

impl From<Content> for events::FileContent {
    fn from(content: Content) -> Self {
        Self {
            kind: content.kind,
            size_bytes: content.size_bytes,
            sha256: hex(&content.sha256),
            as_of: content.as_of,
            is_stale: content.is_stale,
            is_cut: content.is_cut,
            state: content.state,
            failure: content.failure,
            job_id: content.job_id,
            embedded_at: content.embedded_at,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
