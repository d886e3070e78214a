//! The state of a file, derived from the newest events of its history.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::event::{self, FileHistoryEvent};
use crate::database::UserTx;
use crate::domain::file::{FileEventKind, FileState};

/// The fields of a file that are derived from its history.
#[derive(Clone, Debug, PartialEq)]
struct ProjectedState {
    device: String,
    path: String,
    state: FileState,
    size_bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    content_type: Option<String>,
    changed_at: DateTime<Utc>,
    written_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
}

impl ProjectedState {
    /// Derives the state of a file from its newest event of each kind, and from the time when another file
    /// was moved over it, if any. Returns `None` if the file has no events.
    ///
    /// Size, hash and type are those of the newest event that wrote the bytes; values that this event does
    /// not have are unknown. A move may have the hash, too.
    fn of(newest: &[FileHistoryEvent], replaced_at: Option<DateTime<Utc>>) -> Option<Self> {
        let last = |is_it: &dyn Fn(&FileHistoryEvent) -> bool| {
            newest.iter().filter(|event| is_it(event)).max_by_key(|event| event.position())
        };
        let wrote = |kind| matches!(kind, FileEventKind::Created | FileEventKind::Modified);
        let newest = last(&|_| true)?;
        let opened = last(&|event| event.kind.0 == FileEventKind::Opened);
        let changed = last(&|event| event.kind.0 != FileEventKind::Opened);
        let written = last(&|event| wrote(event.kind.0));
        let tells = |event: &FileHistoryEvent| {
            wrote(event.kind.0) || event.kind.0 == FileEventKind::Moved && event.sha256.is_some()
        };
        let told = last(&tells);
        let is_deleted = changed.is_some_and(|event| event.kind.0 == FileEventKind::Deleted);
        let replaced_at = replaced_at.filter(|_| !is_deleted);
        let is_gone = is_deleted || replaced_at.is_some();
        Some(Self {
            device: newest.device.clone(),
            path: newest.path.clone(),
            state: if is_gone { FileState::Deleted } else { FileState::Present },
            size_bytes: told.and_then(|event| event.size_bytes),
            sha256: told.and_then(|event| event.sha256.clone()),
            content_type: told.and_then(|event| event.content_type.clone()),
            changed_at: replaced_at.unwrap_or(changed.unwrap_or(newest).happened_at),
            written_at: written.map(|event| event.happened_at),
            opened_at: opened.map(|event| event.happened_at),
        })
    }
}

/// Updates the state of files from their histories, and deletes files without events: their events turned
/// out to belong to another file. Returns the deleted files.
pub(super) async fn project_state(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let mut newest = event::newest(tx, files).await?;
    let replaced = replaced(tx, files).await?;
    let (mut shaped, mut shapes, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let events = newest.remove(file).unwrap_or_default();
        match ProjectedState::of(&events, replaced.get(file).copied()) {
            Some(shape) => {
                shaped.push(*file);
                shapes.push(shape);
            }
            None => gone.push(*file),
        }
    }
    let user = tx.user();
    sqlx::query!("delete from files where user_id = $1 and id = any ($2)", user.0, &gone)
        .execute(&mut **tx)
        .await?;
    write(tx, &shaped, &shapes).await?;
    Ok(gone)
}

/// Finds the files over which another file was moved, with the time.
async fn replaced(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<HashMap<Uuid, DateTime<Utc>>> {
    let user = tx.user();
    let replaced = sqlx::query!(
        r#"select wanted.file as "file!", next.since from unnest($2::uuid[]) wanted (file)
           cross join lateral (
               select place, since, since_event from file_stays
               where user_id = $1 and file_id = wanted.file
               order by since desc, since_event desc limit 1) last
           cross join lateral (
               select since from file_stays next
               where next.user_id = $1 and next.place = last.place
                 and (next.since, next.since_event) > (last.since, last.since_event)
               order by next.since, next.since_event limit 1) next"#,
        user.0,
        files,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(replaced.into_iter().map(|row| (row.file, row.since)).collect())
}

async fn write(tx: &mut UserTx, files: &[Uuid], shapes: &[ProjectedState]) -> sqlx::Result<()> {
    let each = || shapes.iter();
    sqlx::query!(
        "update files set
             device = now.device, path = now.path, state = now.state, size_bytes = now.size_bytes,
             sha256 = now.sha256, content_type = now.content_type, changed_at = now.changed_at,
             written_at = now.written_at, opened_at = now.opened_at, updated_at = now()
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[], $8::text[],
                     $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
              as now (id, device, path, state, size_bytes, sha256, content_type, changed_at, written_at, opened_at)
         where files.user_id = $1 and files.id = now.id",
        tx.user().0,
        files,
        &each().map(|shape| shape.device.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|shape| shape.path.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|shape| shape.state.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|shape| shape.size_bytes).collect::<Vec<_>>() as &[Option<i64>],
        &each().map(|shape| shape.sha256.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &each().map(|shape| shape.content_type.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &each().map(|shape| shape.changed_at).collect::<Vec<_>>(),
        &each().map(|shape| shape.written_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &each().map(|shape| shape.opened_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::EnumColumn;

    fn event(second: u32, kind: FileEventKind, sha256: Option<u8>) -> FileHistoryEvent {
        FileHistoryEvent {
            id: Uuid::from_u128(second.into()),
            kind: EnumColumn(kind),
            device: "laptop".to_owned(),
            path: format!("/{second}"),
            from_path: None,
            size_bytes: sha256.map(i64::from),
            sha256: sha256.map(|byte| vec![byte]),
            content_type: None,
            content_sha256: None,
            happened_at: DateTime::from_timestamp(second.into(), 0).unwrap(),
        }
    }

    fn at(second: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(second.into(), 0).unwrap()
    }

    #[test]
    fn what_happened_last_counts_in_whatever_order_it_is_given() {
        use FileEventKind::{Created, Deleted, Modified, Moved, Opened};
        let mut events = [
            event(1, Created, Some(1)),
            event(2, Deleted, None),
            event(3, Modified, Some(3)),
            event(4, Moved, None),
            event(5, Opened, None),
        ];
        let shape = ProjectedState::of(&events, None).unwrap();
        assert_eq!((shape.path.as_str(), shape.state), ("/5", FileState::Present));
        assert_eq!((shape.sha256.as_deref(), shape.written_at), (Some(&[3_u8][..]), Some(at(3))));
        assert_eq!((shape.changed_at, shape.opened_at), (at(4), Some(at(5))));
        events.reverse();
        assert_eq!(ProjectedState::of(&events, None), Some(shape));
    }

    #[test]
    fn looking_into_a_file_does_not_bring_it_back_and_moving_over_it_takes_it_away() {
        use FileEventKind::{Created, Deleted, Opened};
        let state =
            |events: &[FileHistoryEvent], replaced_at| ProjectedState::of(events, replaced_at).unwrap().state;
        assert_eq!(state(&[event(1, Deleted, None), event(2, Opened, None)], None), FileState::Deleted);
        assert_eq!(state(&[event(1, Deleted, None), event(2, Created, None)], None), FileState::Present);
        let replaced = ProjectedState::of(&[event(1, Created, None)], Some(at(9))).unwrap();
        assert_eq!((replaced.state, replaced.changed_at), (FileState::Deleted, at(9)));
        assert_eq!(ProjectedState::of(&[], None), None);
    }

    #[test]
    fn what_the_last_writing_does_not_tell_is_not_known_until_a_move_tells_it() {
        use FileEventKind::{Created, Modified, Moved};
        let sha256 = |events: &[FileHistoryEvent]| ProjectedState::of(events, None).unwrap().sha256;
        assert_eq!(sha256(&[event(1, Created, Some(1)), event(2, Modified, None)]), None);
        assert_eq!(sha256(&[event(1, Created, Some(1)), event(2, Moved, None)]), Some(vec![1]));
        assert_eq!(sha256(&[event(1, Created, Some(1)), event(2, Moved, Some(2))]), Some(vec![2]));
    }
}
