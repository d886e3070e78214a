//! The history of files: the events that apps sent.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx};
use crate::domain::file::FileEventKind;

/// A statement whose rows are [`FileHistoryEvent`]s: the conditions and the order, the parameters.
macro_rules! query_events {
    ($after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            FileHistoryEvent,
            r#"select id, kind as "kind: EnumColumn<FileEventKind>", device, path, from_path, size_bytes, sha256,
                      content_type, content_sha256, happened_at
               from file_events "#
                + $after,
            $($parameter),+
        )
    };
}

/// An event of a file, as an app sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileHistoryEvent {
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

/// A position in the history of a device. Of two events at the same time, the one with the lower id comes
/// first.
pub(super) type EventPosition = (DateTime<Utc>, Uuid);

impl FileHistoryEvent {
    pub(super) const fn position(&self) -> EventPosition {
        (self.happened_at, self.id)
    }
}

/// Lists the events of a file before a position, newest first; at most `limit`.
pub async fn happened(
    tx: &mut UserTx,
    file: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<FileHistoryEvent>> {
    let (user, (time, id)) = (tx.user(), before.unzip());
    query_events!(
        "where user_id = $1 and file_id = $2 and ($3::timestamptz is null or (happened_at, id) < ($3, $4))
         order by happened_at desc, id desc limit $5",
        user.0,
        file,
        time,
        id,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Returns those of the given events that were recorded before.
pub(super) async fn known(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<HashMap<Uuid, FileHistoryEvent>> {
    let user = tx.user();
    let known =
        query_events!("where user_id = $1 and id = any ($2)", user.0, ids).fetch_all(&mut **tx).await?;
    Ok(known.into_iter().map(|event| (event.id, event)).collect())
}

/// Reads the newest event of each kind, for each file.
pub(super) async fn newest(
    tx: &mut UserTx,
    files: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Vec<FileHistoryEvent>>> {
    let kinds: Vec<&str> = FileEventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let user = tx.user();
    let rows = sqlx::query!(
        r#"select newest.file_id, newest.id, newest.kind as "kind: EnumColumn<FileEventKind>", newest.device,
                  newest.path, newest.from_path, newest.size_bytes, newest.sha256, newest.content_type,
                  newest.content_sha256, newest.happened_at
           from unnest($2::uuid[]) wanted (file)
           cross join unnest($3::text[]) of_kind (word)
           cross join lateral (
               select * from file_events
               where user_id = $1 and file_id = wanted.file and kind = of_kind.word
               order by happened_at desc, id desc limit 1) newest"#,
        user.0,
        files,
        &kinds as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut newest: HashMap<Uuid, Vec<FileHistoryEvent>> = HashMap::new();
    for row in rows {
        newest.entry(row.file_id).or_default().push(FileHistoryEvent {
            id: row.id,
            kind: row.kind,
            device: row.device,
            path: row.path,
            from_path: row.from_path,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            content_type: row.content_type,
            content_sha256: row.content_sha256,
            happened_at: row.happened_at,
        });
    }
    Ok(newest)
}
