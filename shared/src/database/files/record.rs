//! Taking events in: each once, all of them or none.

use std::collections::{BTreeSet, HashMap};

use sqlx::FromRow;
use uuid::Uuid;

use super::content::{self, NewContent};
use super::event::{FileEvent, columns};
use super::{announce, identity, lock, state};
use crate::database::{UserTx, insights};
use crate::domain::file::FileState;
use crate::domain::job::JobSnapshot;
use crate::events as told;

/// An event, as an app sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFileEvent {
    /// What happened.
    pub event: FileEvent,
    /// What is in the file from then on.
    pub content: Option<NewContent>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The file that it is about.
    pub file_id: Uuid,
    /// Whether it was here already.
    pub is_duplicate: bool,
    /// The work on the content that came with it, unless newer content has taken its place.
    pub job_id: Option<Uuid>,
}

/// What became of several events.
#[derive(Debug)]
pub struct Batch {
    /// Each of them, in the order in which they were given.
    pub recorded: Vec<Recorded>,
    /// The work that was accepted.
    pub jobs: Vec<JobSnapshot>,
    /// The keys of objects that no row names any more, to be removed once this is committed: if that
    /// fails, they are swept.
    pub objects: Vec<String>,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// These have the ids of other events.
    #[error("ids are used for other events")]
    Taken(Vec<usize>),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Takes events in, brings the files that they are about up to date, accepts the work on what came
/// with them, and tells apps.
///
/// # Errors
/// [`Refused`]; nothing may be committed then.
pub async fn record(
    tx: &mut UserTx,
    events: &[NewFileEvent],
    traceparent: Option<&str>,
) -> Result<Batch, Refused> {
    lock(tx).await?;
    let mut known = known(tx, events).await?;
    let (mut fresh, mut taken) = (Vec::new(), Vec::new());
    for (index, NewFileEvent { event, .. }) in events.iter().enumerate() {
        match known.get(&event.id) {
            Some(before) if before != event => taken.push(index),
            Some(_) => {}
            None => {
                known.insert(event.id, event.clone());
                fresh.push(&events[index]);
            }
        }
    }
    if !taken.is_empty() {
        return Err(Refused::Taken(taken));
    }
    let (jobs, objects) = take_in(tx, &fresh, traceparent).await?;
    let found = found(tx, events).await?;
    let mut fresh: BTreeSet<Uuid> = fresh.iter().map(|new| new.event.id).collect();
    let recorded = events.iter().filter_map(|new| {
        let &(file_id, job_id) = found.get(&new.event.id)?;
        Some(Recorded { file_id, is_duplicate: !fresh.remove(&new.event.id), job_id })
    });
    Ok(Batch { recorded: recorded.collect(), jobs, objects })
}

/// Answers the accepted jobs and the keys of superseded objects.
async fn take_in(
    tx: &mut UserTx,
    fresh: &[&NewFileEvent],
    traceparent: Option<&str>,
) -> sqlx::Result<(Vec<JobSnapshot>, Vec<String>)> {
    if fresh.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let events: Vec<&FileEvent> = fresh.iter().map(|new| &new.event).collect();
    let placed = identity::resolve_identity(tx, &events).await?;
    insert(tx, &events, &placed.files).await?;
    content::insert(tx, fresh, &placed.files).await?;
    let touched: Vec<Uuid> = placed.touched.into_iter().collect();
    content::follow(tx, &touched).await?;
    let gone = state::project_state(tx, &touched).await?;
    let objects = content::prune_orphans(tx, &touched).await?;
    let deleted = deleted(tx, &touched).await?;
    insights::withdraw_files(tx, &deleted).await?;
    let jobs = content::enqueue(tx, &touched, traceparent).await?;
    announce(tx, &touched).await?;
    for id in gone {
        tx.tell(&told::FileEvent::forgotten(id));
    }
    Ok((jobs, objects))
}

/// Those of these files that are not there any more.
async fn deleted(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar("select id from files where user_id = $1 and id = any ($2) and state = $3")
        .bind(user.0)
        .bind(files)
        .bind(FileState::Deleted.as_str())
        .fetch_all(&mut **tx)
        .await
}

/// Those of these events that were here before.
async fn known(tx: &mut UserTx, events: &[NewFileEvent]) -> sqlx::Result<HashMap<Uuid, FileEvent>> {
    let user = tx.user();
    let known: Vec<FileEvent> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from file_events where user_id = $1 and id = any ($2)"
    ))
    .bind(user.0)
    .bind(events.iter().map(|new| new.event.id).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    Ok(known.into_iter().map(|event| (event.id, event)).collect())
}

/// The file of each event, and the work on what came with it.
async fn found(
    tx: &mut UserTx,
    events: &[NewFileEvent],
) -> sqlx::Result<HashMap<Uuid, (Uuid, Option<Uuid>)>> {
    let user = tx.user();
    let found = sqlx::query(
        "select e.id, e.file_id, c.job_id from file_events e
         left join file_contents c on c.user_id = e.user_id and c.event_id = e.id and c.text is not null
         where e.user_id = $1 and e.id = any ($2)",
    )
    .bind(user.0)
    .bind(events.iter().map(|new| new.event.id).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    let pair = |row: &sqlx::postgres::PgRow| {
        let (id, file, job) = <(Uuid, Uuid, Option<Uuid>)>::from_row(row)?;
        Ok((id, (file, job)))
    };
    found.iter().map(pair).collect()
}

async fn insert(tx: &mut UserTx, events: &[&FileEvent], files: &[Uuid]) -> sqlx::Result<()> {
    let each = events.iter();
    sqlx::query(
        "insert into file_events (user_id, file_id, id, kind, device, path, from_path, size_bytes, sha256,
                                  content_type, content_sha256, happened_at)
         select $1, event.*
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                     $9::bytea[], $10::text[], $11::bytea[], $12::timestamptz[]) event",
    )
    .bind(tx.user().0)
    .bind(files)
    .bind(each.clone().map(|event| event.id).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.kind.0.as_str()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.device.as_str()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.path.as_str()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.from_path.as_deref()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.size_bytes).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.sha256.as_deref()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.content_type.as_deref()).collect::<Vec<_>>())
    .bind(each.clone().map(|event| event.content_sha256.as_deref()).collect::<Vec<_>>())
    .bind(each.map(|event| event.happened_at).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
