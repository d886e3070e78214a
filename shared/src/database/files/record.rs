//! Recording the events that apps send: each once, and all of a request or none.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::content::{self, NewContent};
use super::event::{self, FileHistoryEvent};
use super::{announce, identity, lock, state};
use crate::database::{UserTx, insights};
use crate::domain::file::FileState;
use crate::domain::job::JobSnapshot;
use crate::events;

/// An event, as an app sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFileEvent {
    pub event: FileHistoryEvent,
    /// The content of the file after the event.
    pub content: Option<NewContent>,
}

/// The result of recording one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The file of the event.
    pub file_id: Uuid,
    /// Whether the event was recorded before.
    pub is_duplicate: bool,
    /// The job for the content that was sent with it, unless newer content has replaced that.
    pub job_id: Option<Uuid>,
}

/// The result of recording several events.
#[derive(Debug)]
pub struct RecordedBatch {
    /// The result of each event, in the order of the input.
    pub recorded: Vec<RecordedEvent>,
    /// The jobs that were enqueued.
    pub jobs: Vec<JobSnapshot>,
    /// The keys of objects that no row names any more. The caller deletes them after the commit; if that
    /// fails, `sweep_objects` deletes them later.
    pub objects: Vec<String>,
}

/// The reason why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The indexes of events whose ids belong to other events.
    #[error("ids are used for other events")]
    Taken(Vec<usize>),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Records events, updates the state of their files, enqueues jobs for the contents, and adds the events for
/// apps.
///
/// # Errors
/// [`RecordError`]; the caller has to roll back.
pub async fn record(
    tx: &mut UserTx,
    events: &[NewFileEvent],
    traceparent: Option<&str>,
) -> Result<RecordedBatch, RecordError> {
    lock(tx).await?;
    let ids: Vec<Uuid> = events.iter().map(|new| new.event.id).collect();
    let mut known = event::known(tx, &ids).await?;
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
        return Err(RecordError::Taken(taken));
    }
    let (jobs, objects) = ingest(tx, &fresh, traceparent).await?;
    let found = found(tx, &ids).await?;
    let mut fresh: BTreeSet<Uuid> = fresh.iter().map(|new| new.event.id).collect();
    let recorded = events.iter().filter_map(|new| {
        let &(file_id, job_id) = found.get(&new.event.id)?;
        Some(RecordedEvent { file_id, is_duplicate: !fresh.remove(&new.event.id), job_id })
    });
    Ok(RecordedBatch { recorded: recorded.collect(), jobs, objects })
}

/// Returns the enqueued jobs and the keys of superseded objects.
async fn ingest(
    tx: &mut UserTx,
    fresh: &[&NewFileEvent],
    traceparent: Option<&str>,
) -> sqlx::Result<(Vec<JobSnapshot>, Vec<String>)> {
    if fresh.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let events: Vec<&FileHistoryEvent> = fresh.iter().map(|new| &new.event).collect();
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
        tx.emit(&events::FileEvent::forgotten(id));
    }
    Ok((jobs, objects))
}

/// Returns those of the given files that are deleted.
async fn deleted(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select id from files where user_id = $1 and id = any ($2) and state = $3",
        user.0,
        files,
        FileState::Deleted.as_str(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// Reads the file of each event, and the job for its content.
async fn found(tx: &mut UserTx, events: &[Uuid]) -> sqlx::Result<HashMap<Uuid, (Uuid, Option<Uuid>)>> {
    let user = tx.user();
    let found = sqlx::query!(
        r#"select e.id, e.file_id, c.job_id as "job_id?" from file_events e
           left join file_contents c on c.user_id = e.user_id and c.event_id = e.id and c.text is not null
           where e.user_id = $1 and e.id = any ($2)"#,
        user.0,
        events,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(|row| (row.id, (row.file_id, row.job_id))).collect())
}

async fn insert(tx: &mut UserTx, events: &[&FileHistoryEvent], files: &[Uuid]) -> sqlx::Result<()> {
    let each = || events.iter();
    sqlx::query!(
        "insert into file_events (user_id, file_id, id, kind, device, path, from_path, size_bytes, sha256,
                                  content_type, content_sha256, happened_at)
         select $1, event.*
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                     $9::bytea[], $10::text[], $11::bytea[], $12::timestamptz[]) event",
        tx.user().0,
        files,
        &each().map(|event| event.id).collect::<Vec<_>>(),
        &each().map(|event| event.kind.0.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|event| event.device.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|event| event.path.as_str()).collect::<Vec<_>>() as &[&str],
        &each().map(|event| event.from_path.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &each().map(|event| event.size_bytes).collect::<Vec<_>>() as &[Option<i64>],
        &each().map(|event| event.sha256.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &each().map(|event| event.content_type.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &each().map(|event| event.content_sha256.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &each().map(|event| event.happened_at).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
