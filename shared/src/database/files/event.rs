//! The history: what happened to files, as apps told it.

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
    /// Something that happened to a file, as an app told it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct FileEvent {
        /// Names it: the app's own.
        pub id: Uuid,
        /// What happened.
        pub kind: EnumColumn<FileEventKind>,
        /// On which device.
        pub device: String,
        /// At which path; of a move, its end.
        pub path: String,
        /// Of a move, its beginning.
        pub from_path: Option<String>,
        /// How many bytes the file had then, where the app said.
        pub size_bytes: Option<i64>,
        /// The SHA-256 of its bytes, where the app said.
        pub sha256: Option<Vec<u8>>,
        /// Its media type, where the app said.
        pub content_type: Option<String>,
        /// The SHA-256 of the content that came along.
        pub content_sha256: Option<Vec<u8>>,
        /// When, by the app's clock.
        pub happened_at: DateTime<Utc>,
    }
}

/// A moment in the history of a device: of two events at the same time, the lower id comes first.
pub(super) type Moment = (DateTime<Utc>, Uuid);

impl FileEvent {
    pub(super) const fn moment(&self) -> Moment {
        (self.happened_at, self.id)
    }
}

/// What happened to a file, newest first, before a moment; at most `limit`.
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
