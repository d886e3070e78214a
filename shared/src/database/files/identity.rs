//! Resolves which file an event is about.
//!
//! A file is whatever is at a path from a moment on, until it is moved away or another file is moved over
//! it. It stays the same file after a move. If a file is deleted and created again at the same path, it is
//! still the same file, since many editors save that way.
//!
//! A move that becomes known late splits a history that was taken for one file. Later events at the new path
//! belong to the file that was moved there. Later events at the former path belong to another file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use chrono::DateTime;
use uuid::Uuid;

use super::event::{EventPosition, FileHistoryEvent};
use crate::database::UserTx;
use crate::domain::file::FileEventKind;
use crate::domain::new_id;

/// The position before all events.
const BEGINNING: EventPosition = (DateTime::UNIX_EPOCH, Uuid::nil());

/// A path at a moment.
#[derive(Clone, Copy)]
struct PathAt<'a> {
    device: &'a str,
    path: &'a str,
    at: EventPosition,
}

/// A period in which one file, or none that is known, is at a path.
struct Stay {
    place: Uuid,
    since: EventPosition,
    file: Option<Uuid>,
}

/// Assigns the events and stays of one file after a moment to another file.
struct HandOver {
    from: Uuid,
    to: Uuid,
    after: EventPosition,
}

/// The files of events.
pub(super) struct ResolvedEvents {
    /// The file of each event, in the order of the input.
    pub files: Vec<Uuid>,
    /// These files, and the files whose histories were split.
    pub touched: BTreeSet<Uuid>,
}

/// Finds the file of each event, and stores the moves among the events. The events must not be inserted yet.
pub(super) async fn resolve_identity(
    tx: &mut UserTx,
    events: &[&FileHistoryEvent],
) -> sqlx::Result<ResolvedEvents> {
    let mut touched = BTreeSet::new();
    let mut moved = HashMap::new();
    let mut moves: Vec<&FileHistoryEvent> =
        events.iter().copied().filter(|event| event.kind.0 == FileEventKind::Moved).collect();
    moves.sort_by_key(|event| event.position());
    let mut moves = &moves[..];
    while !moves.is_empty() {
        let files = follow(tx, moves, &mut touched).await?;
        let (stored, later) = moves.split_at(files.len());
        moved.extend(stored.iter().map(|event| event.id).zip(files));
        moves = later;
    }
    let others: Vec<&FileHistoryEvent> =
        events.iter().copied().filter(|event| !moved.contains_key(&event.id)).collect();
    let spots: Vec<PathAt<'_>> = others
        .iter()
        .map(|event| PathAt { device: &event.device, path: &event.path, at: event.position() })
        .collect();
    let found = files_at(tx, &spots).await?;
    let mut file_of: HashMap<Uuid, Uuid> = others.iter().map(|event| event.id).zip(found).collect();
    file_of.extend(moved);
    touched.extend(file_of.values());
    Ok(ResolvedEvents { files: events.iter().map(|event| file_of[&event.id]).collect(), touched })
}

/// Stores the first of the moves, and those after it that are independent of all before them. Returns the
/// files that were moved.
///
/// A move depends on the stays at its two places, and changes these stays and rows of the files there. So
/// moves with different places and different files are stored together. A move that shares a place or a file
/// with an earlier one has to see the effects of that one, and waits for the next call.
async fn follow(
    tx: &mut UserTx,
    moves: &[&FileHistoryEvent],
    touched: &mut BTreeSet<Uuid>,
) -> sqlx::Result<Vec<Uuid>> {
    let (mut from, mut to): (Vec<PathAt<'_>>, Vec<PathAt<'_>>) =
        moves.iter().map(|event| ends(event)).unzip();
    let paths =
        from.iter().zip(&to).map(|(from, to)| [from, to].map(|spot| (spot.device, spot.path)).to_vec());
    let count = independent(paths);
    from.truncate(count);
    to.truncate(count);
    let mut sources = stays(tx, &[&from[..], &to[..]].concat()).await?;
    let targets = sources.split_off(count);
    let count = independent(sources.iter().zip(&targets).map(|(source, target)| {
        [Some(source.place), source.file, Some(target.place), target.file].into_iter().flatten().collect()
    }));
    let from = &from[..count];
    let files = settle(tx, from, &sources[..count]).await?;
    // Events at the former path that are known to be later belong to another file.
    let late = happening_later(tx, &files, from).await?;
    let split: Vec<(Uuid, PathAt<'_>)> =
        files.iter().copied().zip(from.iter().copied()).filter(|(file, _)| late.contains(file)).collect();
    let others = founded(tx, &split.iter().map(|(_, spot)| *spot).collect::<Vec<_>>()).await?;
    let others: HashMap<Uuid, Uuid> = split.iter().map(|(file, _)| *file).zip(others).collect();
    let (mut handed, mut begun) = (Vec::new(), Vec::new());
    for (index, &file) in files.iter().enumerate() {
        let (at, other, replaced) = (from[index].at, others.get(&file).copied(), targets[index].file);
        handed.extend(other.map(|other| HandOver { from: file, to: other, after: at }));
        let replaced_other = replaced.filter(|replaced| *replaced != file);
        handed.extend(replaced_other.map(|replaced| HandOver { from: replaced, to: file, after: at }));
        begun.push(Stay { place: targets[index].place, since: at, file: Some(file) });
        begun.push(Stay { place: sources[index].place, since: at, file: other });
        touched.extend([Some(file), other, replaced].into_iter().flatten());
    }
    hand_over(tx, &handed).await?;
    begin(tx, &begun).await?;
    Ok(files)
}

/// The former place of a move, and the new one.
fn ends(event: &FileHistoryEvent) -> (PathAt<'_>, PathAt<'_>) {
    let (device, at) = (event.device.as_str(), event.position());
    let from = PathAt { device, path: event.from_path.as_deref().unwrap_or_default(), at };
    (from, PathAt { device, path: &event.path, at })
}

/// The number of groups before the first one that shares an item with an earlier group.
fn independent<T: Copy + Eq + Hash>(groups: impl Iterator<Item = Vec<T>>) -> usize {
    let mut seen = HashSet::new();
    let is_new = |group: &Vec<T>| {
        let is_new = !group.iter().any(|item| seen.contains(item));
        seen.extend(group.iter().copied());
        is_new
    };
    groups.take_while(is_new).count()
}

/// Returns those of the given files that have events after the moment of their spot.
async fn happening_later(
    tx: &mut UserTx,
    files: &[Uuid],
    spots: &[PathAt<'_>],
) -> sqlx::Result<HashSet<Uuid>> {
    let user = tx.user();
    let late = sqlx::query_scalar!(
        r#"select moved.file as "file!"
           from unnest($2::uuid[], $3::timestamptz[], $4::uuid[]) moved (file, time, id)
           where exists (select from file_events e
                         where e.user_id = $1 and e.file_id = moved.file
                           and (e.happened_at, e.id) > (moved.time, moved.id))"#,
        user.0,
        files,
        &spots.iter().map(|spot| spot.at.0).collect::<Vec<_>>(),
        &spots.iter().map(|spot| spot.at.1).collect::<Vec<_>>(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(late.into_iter().collect())
}

/// Hands over all at once. Each file may be handed over once only.
async fn hand_over(tx: &mut UserTx, handed: &[HandOver]) -> sqlx::Result<()> {
    if handed.is_empty() {
        return Ok(());
    }
    let user = tx.user();
    sqlx::query!(
        "with handed as (
             select * from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[])
                           as handed (former, latter, time, id)),
         events as (
             update file_events e set file_id = handed.latter from handed
             where e.user_id = $1 and e.file_id = handed.former
               and (e.happened_at, e.id) > (handed.time, handed.id))
         update file_stays s set file_id = handed.latter from handed
         where s.user_id = $1 and s.file_id = handed.former
           and (s.since, s.since_event) > (handed.time, handed.id)",
        user.0,
        &handed.iter().map(|handed| handed.from).collect::<Vec<_>>(),
        &handed.iter().map(|handed| handed.to).collect::<Vec<_>>(),
        &handed.iter().map(|handed| handed.after.0).collect::<Vec<_>>(),
        &handed.iter().map(|handed| handed.after.1).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Inserts the stays that moves begin. Such a stay is there already if the move was recorded before and its
/// file was forgotten since.
async fn begin(tx: &mut UserTx, stays: &[Stay]) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "insert into file_stays (user_id, place, since, since_event, file_id)
         select $1, stay.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[]) stay
         on conflict (user_id, place, since, since_event) do update set file_id = excluded.file_id",
        user.0,
        &stays.iter().map(|stay| stay.place).collect::<Vec<_>>(),
        &stays.iter().map(|stay| stay.since.0).collect::<Vec<_>>(),
        &stays.iter().map(|stay| stay.since.1).collect::<Vec<_>>(),
        &stays.iter().map(|stay| stay.file).collect::<Vec<_>>() as &[Option<Uuid>],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Finds the file at each spot; creates a file if none is known.
async fn files_at(tx: &mut UserTx, spots: &[PathAt<'_>]) -> sqlx::Result<Vec<Uuid>> {
    let stays = stays(tx, spots).await?;
    settle(tx, spots, &stays).await
}

/// Returns the file of the stay that contains each spot; creates a file if none is known.
async fn settle(tx: &mut UserTx, spots: &[PathAt<'_>], stays: &[Stay]) -> sqlx::Result<Vec<Uuid>> {
    let mut known: HashMap<(Uuid, EventPosition), Uuid> = HashMap::new();
    let mut unknown = Vec::new();
    for (spot, stay) in spots.iter().zip(stays) {
        if stay.file.is_none() && known.insert((stay.place, stay.since), Uuid::nil()).is_none() {
            unknown.push((*spot, stay));
        }
    }
    if unknown.is_empty() {
        return Ok(stays.iter().filter_map(|stay| stay.file).collect());
    }
    let fresh = founded(tx, &unknown.iter().map(|(spot, _)| *spot).collect::<Vec<_>>()).await?;
    let user = tx.user();
    sqlx::query!(
        "insert into file_stays (user_id, place, since, since_event, file_id)
         select $1, stay.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[]) stay
         on conflict (user_id, place, since, since_event) do update set file_id = excluded.file_id",
        user.0,
        &unknown.iter().map(|(_, stay)| stay.place).collect::<Vec<_>>(),
        &unknown.iter().map(|(_, stay)| stay.since.0).collect::<Vec<_>>(),
        &unknown.iter().map(|(_, stay)| stay.since.1).collect::<Vec<_>>(),
        &fresh,
    )
    .execute(&mut **tx)
    .await?;
    known.extend(unknown.iter().map(|(_, stay)| (stay.place, stay.since)).zip(fresh));
    Ok(stays.iter().map(|stay| stay.file.unwrap_or_else(|| known[&(stay.place, stay.since)])).collect())
}

/// Finds the stay that contains each spot. A path without moves has one stay since the beginning.
async fn stays(tx: &mut UserTx, spots: &[PathAt<'_>]) -> sqlx::Result<Vec<Stay>> {
    let user = tx.user();
    let rows = sqlx::query!(
        r#"select spot.place as "place!", stay.since as "since?", stay.since_event as "event?",
                  stay.file_id as "file?"
           from (select file_place(device, path) as place, time, id, nth
                 from unnest($2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
                      with ordinality as asked (device, path, time, id, nth)) spot
           left join lateral (
               select since, since_event, file_id from file_stays
               where user_id = $1 and place = spot.place and (since, since_event) < (spot.time, spot.id)
               order by since desc, since_event desc limit 1) stay on true
           order by spot.nth"#,
        user.0,
        &spots.iter().map(|spot| spot.device).collect::<Vec<_>>() as &[&str],
        &spots.iter().map(|spot| spot.path).collect::<Vec<_>>() as &[&str],
        &spots.iter().map(|spot| spot.at.0).collect::<Vec<_>>(),
        &spots.iter().map(|spot| spot.at.1).collect::<Vec<_>>(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let stay = rows.into_iter().map(|row| Stay {
        place: row.place,
        since: row.since.zip(row.event).unwrap_or(BEGINNING),
        file: row.file,
    });
    Ok(stay.collect())
}

/// Inserts a new file for each spot. Its other fields are derived from its history.
async fn founded(tx: &mut UserTx, spots: &[PathAt<'_>]) -> sqlx::Result<Vec<Uuid>> {
    let (user, ids) = (tx.user(), spots.iter().map(|_| new_id()).collect::<Vec<_>>());
    if spots.is_empty() {
        return Ok(ids);
    }
    sqlx::query!(
        "insert into files (id, user_id, device, path, state, changed_at)
         select id, $1, device, path, 'present', time
         from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) as fresh (id, device, path, time)",
        user.0,
        &ids,
        &spots.iter().map(|spot| spot.device).collect::<Vec<_>>() as &[&str],
        &spots.iter().map(|spot| spot.path).collect::<Vec<_>>() as &[&str],
        &spots.iter().map(|spot| spot.at.0).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_independent_up_to_the_first_that_shares_an_item() {
        assert_eq!(independent(std::iter::empty::<Vec<u8>>()), 0);
        assert_eq!(independent([vec![1, 1], vec![2, 3], vec![4]].into_iter()), 3);
        assert_eq!(independent([vec![1, 2], vec![3], vec![4, 2], vec![5]].into_iter()), 2);
    }
}
