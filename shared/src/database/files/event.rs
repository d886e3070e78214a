//! The history of files: the events that apps sent.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx, row};
use crate::domain::file::FileEventKind;

/// The columns of a [`FileEvent`].
macro_rules! columns {
    () => {
        "id, kind, device, path, from_path, size_bytes, sha256, content_type, content_sha256, happened_at"
    };
}
pub(super) use columns;

row! {
    /// An event of a file, as an app sent it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct FileEvent {
        /// The id that the app chose.
        pub id: Uuid,
        pub kind: EnumColumn<FileEventKind>,
        pub device: String,
        /// The path; for a move, the new path.
        pub path: String,
        /// For a move, the former path.
        pub from_path: Option<String>,
        /// The size of the file at that time, if the app sent it.
        pub size_bytes: Option<i64>,
        /// The SHA-256 of its bytes, if the app sent it.
        pub sha256: Option<Vec<u8>>,
        /// Its media type, if the app sent it.
        pub content_type: Option<String>,
        /// The SHA-256 of the content that was sent with the event.
        pub content_sha256: Option<Vec<u8>>,
        /// The time by the app's clock.
        pub happened_at: DateTime<Utc>,
    }
}

/// A position in the history of a device. Of two events at the same time, the one with the lower id comes
/// first.
pub(super) type Moment = (DateTime<Utc>, Uuid);

impl FileEvent {
    pub(super) const fn moment(&self) -> Moment {
        (self.happened_at, self.id)
    }
}

/// Lists the events of a file before a position, newest first; at most `limit`.
pub async fn happened(
    tx: &mut UserTx,
    file: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<FileEvent>> {
    let (user, (time, id)) = (tx.user(), before.unzip());
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from file_events
         where user_id = $1 and file_id = $2 and ($3::timestamptz is null or (happened_at, id) < ($3, $4))
         order by happened_at desc, id desc limit $5"
    ))
    .bind(user.0)
    .bind(file)
    .bind(time)
    .bind(id)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}
