//! Resolves which file an event is about.
//!
//! A file is whatever is at a path from a moment on, until it is moved away or another file is moved over
//! it. It stays the same file after a move. If a file is deleted and created again at the same path, it is
//! still the same file, since many editors save that way.
//!
//! A move that becomes known late splits a history that was taken for one file. Later events at the new path
//! belong to the file that was moved there. Later events at the former path belong to another file.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::Row;
use uuid::Uuid;

use super::event::{FileEvent, Moment};
use crate::database::UserTx;
use crate::domain::file::FileEventKind;
use crate::domain::new_id;

/// The position before all events.
const BEGINNING: Moment = (DateTime::UNIX_EPOCH, Uuid::nil());

/// A path at a moment.
#[derive(Clone, Copy)]
struct Spot<'a> {
    device: &'a str,
    path: &'a str,
    at: Moment,
}

/// A period in which one file, or none that is known, is at a path.
struct Stay {
    place: Uuid,
    since: Moment,
    file: Option<Uuid>,
}

/// The files of events.
pub(super) struct Placed {
    /// The file of each event, in the order of the input.
    pub files: Vec<Uuid>,
    /// These files, and the files whose histories were split.
    pub touched: BTreeSet<Uuid>,
}

/// Finds the file of each event, and stores the moves among the events. The events must not be inserted yet.
pub(super) async fn resolve_identity(tx: &mut UserTx, events: &[&FileEvent]) -> sqlx::Result<Placed> {
    let mut touched = BTreeSet::new();
    let mut moved = HashMap::new();
    let mut moves: Vec<&FileEvent> =
        events.iter().copied().filter(|event| event.kind.0 == FileEventKind::Moved).collect();
    moves.sort_by_key(|event| event.moment());
    for event in moves {
        moved.insert(event.id, follow(tx, event, &mut touched).await?);
    }
    let others: Vec<&FileEvent> =
        events.iter().copied().filter(|event| !moved.contains_key(&event.id)).collect();
    let spots: Vec<Spot<'_>> = others
        .iter()
        .map(|event| Spot { device: &event.device, path: &event.path, at: event.moment() })
        .collect();
    let found = files_at(tx, &spots).await?;
    let mut file_of: HashMap<Uuid, Uuid> = others.iter().map(|event| event.id).zip(found).collect();
    file_of.extend(moved);
    touched.extend(file_of.values());
    Ok(Placed { files: events.iter().map(|event| file_of[&event.id]).collect(), touched })
}

/// Stores a move. Returns the file that was moved.
async fn follow(tx: &mut UserTx, event: &FileEvent, touched: &mut BTreeSet<Uuid>) -> sqlx::Result<Uuid> {
    let (device, at) = (event.device.as_str(), event.moment());
    let from = Spot { device, path: event.from_path.as_deref().unwrap_or_default(), at };
    let to = Spot { device, path: &event.path, at };
    let file = files_at(tx, &[from]).await?[0];
    let replaced = stays(tx, &[to]).await?.remove(0).file;
    // Events at the former path that are known to be later belong to another file.
    let other = if happens_after(tx, file, at).await? { Some(founded(tx, &[from]).await?[0]) } else { None };
    if let Some(other) = other {
        hand_over(tx, file, other, at).await?;
    }
    if let Some(replaced) = replaced {
        hand_over(tx, replaced, file, at).await?;
    }
    let user = tx.user();
    sqlx::query(
        "insert into file_stays (user_id, place, since, since_event, file_id)
         values ($1, file_place($2, $3), $5, $6, $7), ($1, file_place($2, $4), $5, $6, $8)",
    )
    .bind(user.0)
    .bind(device)
    .bind(to.path)
    .bind(from.path)
    .bind(at.0)
    .bind(at.1)
    .bind(file)
    .bind(other)
    .execute(&mut **tx)
    .await?;
    touched.extend([Some(file), other, replaced].into_iter().flatten());
    Ok(file)
}

async fn happens_after(tx: &mut UserTx, file: Uuid, (time, id): Moment) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from file_events where file_id = $1 and (happened_at, id) > ($2, $3))",
    )
    .bind(file)
    .bind(time)
    .bind(id)
    .fetch_one(&mut **tx)
    .await
}

/// Assigns the later events and stays of one file to another file.
async fn hand_over(tx: &mut UserTx, from: Uuid, to: Uuid, (time, id): Moment) -> sqlx::Result<()> {
    for late in [
        "update file_events set file_id = $2 where file_id = $1 and (happened_at, id) > ($3, $4)",
        "update file_stays set file_id = $2 where file_id = $1 and (since, since_event) > ($3, $4)",
    ] {
        sqlx::query(late).bind(from).bind(to).bind(time).bind(id).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Finds the file at each spot; creates a file if none is known.
async fn files_at(tx: &mut UserTx, spots: &[Spot<'_>]) -> sqlx::Result<Vec<Uuid>> {
    let stays = stays(tx, spots).await?;
    let mut known: HashMap<(Uuid, Moment), Uuid> = HashMap::new();
    let mut unknown = Vec::new();
    for (spot, stay) in spots.iter().zip(&stays) {
        if stay.file.is_none() && known.insert((stay.place, stay.since), Uuid::nil()).is_none() {
            unknown.push((*spot, stay));
        }
    }
    let fresh = founded(tx, &unknown.iter().map(|(spot, _)| *spot).collect::<Vec<_>>()).await?;
    let user = tx.user();
    sqlx::query(
        "insert into file_stays (user_id, place, since, since_event, file_id)
         select $1, stay.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[]) stay
         on conflict (user_id, place, since, since_event) do update set file_id = excluded.file_id",
    )
    .bind(user.0)
    .bind(unknown.iter().map(|(_, stay)| stay.place).collect::<Vec<_>>())
    .bind(unknown.iter().map(|(_, stay)| stay.since.0).collect::<Vec<_>>())
    .bind(unknown.iter().map(|(_, stay)| stay.since.1).collect::<Vec<_>>())
    .bind(&fresh)
    .execute(&mut **tx)
    .await?;
    known.extend(unknown.iter().map(|(_, stay)| (stay.place, stay.since)).zip(fresh));
    Ok(stays.iter().map(|stay| stay.file.unwrap_or_else(|| known[&(stay.place, stay.since)])).collect())
}

/// Finds the stay that contains each spot. A path without moves has one stay since the beginning.
async fn stays(tx: &mut UserTx, spots: &[Spot<'_>]) -> sqlx::Result<Vec<Stay>> {
    let user = tx.user();
    let rows = sqlx::query(
        "select spot.place, stay.since, stay.since_event, stay.file_id
         from (select file_place(device, path) as place, time, id, nth
               from unnest($2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
                    with ordinality as asked (device, path, time, id, nth)) spot
         left join lateral (
             select since, since_event, file_id from file_stays
             where user_id = $1 and place = spot.place and (since, since_event) < (spot.time, spot.id)
             order by since desc, since_event desc limit 1) stay on true
         order by spot.nth",
    )
    .bind(user.0)
    .bind(spots.iter().map(|spot| spot.device).collect::<Vec<_>>())
    .bind(spots.iter().map(|spot| spot.path).collect::<Vec<_>>())
    .bind(spots.iter().map(|spot| spot.at.0).collect::<Vec<DateTime<Utc>>>())
    .bind(spots.iter().map(|spot| spot.at.1).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let since: Option<DateTime<Utc>> = row.try_get("since")?;
            let event: Option<Uuid> = row.try_get("since_event")?;
            let since = since.zip(event).unwrap_or(BEGINNING);
            Ok(Stay { place: row.try_get("place")?, since, file: row.try_get("file_id")? })
        })
        .collect()
}

/// Inserts a new file for each spot. Its other fields are derived from its history.
async fn founded(tx: &mut UserTx, spots: &[Spot<'_>]) -> sqlx::Result<Vec<Uuid>> {
    let (user, ids) = (tx.user(), spots.iter().map(|_| new_id()).collect::<Vec<_>>());
    sqlx::query(
        "insert into files (id, user_id, device, path, state, changed_at)
         select id, $1, device, path, 'present', time
         from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) as fresh (id, device, path, time)",
    )
    .bind(user.0)
    .bind(&ids)
    .bind(spots.iter().map(|spot| spot.device).collect::<Vec<_>>())
    .bind(spots.iter().map(|spot| spot.path).collect::<Vec<_>>())
    .bind(spots.iter().map(|spot| spot.at.0).collect::<Vec<DateTime<Utc>>>())
    .execute(&mut **tx)
    .await?;
    Ok(ids)
}
