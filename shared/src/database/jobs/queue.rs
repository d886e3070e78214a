//! Enqueueing, cancelling and retrying jobs.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::snapshot::{announce_all, query_jobs};
use crate::database::Tx;
use crate::domain::job::{Job, JobKind, JobSnapshot, JobState};
use crate::domain::{UserId, new_id};

/// The reason why a job was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The person has no such job.
    #[error("there is no such job")]
    NotFound,
    /// The job has ended.
    #[error("the job is {0} already")]
    Ended(JobState),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The reason why a job was not retried.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The person has no such job.
    #[error("there is no such job")]
    NotFound,
    /// The job is queued, running or succeeded.
    #[error("the job is {0}: only one that is dead or cancelled can be tried again")]
    NotEnded(JobState),
    /// The job needs a recording whose sound was removed.
    #[error("the sound that it needs was removed")]
    SoundRemoved,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Enqueues a job, in the transaction that stores its subject. The job starts after the commit.
pub async fn enqueue(
    tx: &mut impl Tx,
    user: Option<UserId>,
    job: &Job,
    priority: i16,
    traceparent: Option<&str>,
) -> sqlx::Result<JobSnapshot> {
    let enqueued = enqueue_all(tx, user, std::slice::from_ref(job), priority, traceparent).await?.pop();
    Ok(enqueued.expect("what was just written is of a known kind, lane and state"))
}

/// Enqueues jobs as [`enqueue`] does. They start in the order in which they are given.
pub async fn enqueue_all(
    tx: &mut impl Tx,
    user: Option<UserId>,
    jobs: &[Job],
    priority: i16,
    traceparent: Option<&str>,
) -> sqlx::Result<Vec<JobSnapshot>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = query_jobs!(
        "insert into jobs (id, kind, lane, payload, user_id, subject_id, priority, traceparent)
         select id, kind, lane, payload, $1, subject_id, $2, $3
         from unnest($4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::uuid[])
              as fresh (id, kind, lane, payload, subject_id)
         returning",
        "",
        user.map(|user| user.0),
        priority,
        traceparent,
        &jobs.iter().map(|_| new_id()).collect::<Vec<_>>(),
        &jobs.iter().map(|job| job.kind().as_str()).collect::<Vec<_>>() as &[&str],
        &jobs.iter().map(|job| job.lane().as_str()).collect::<Vec<_>>() as &[&str],
        &jobs.iter().map(Job::payload).collect::<Vec<_>>(),
        &jobs.iter().map(Job::subject).collect::<Vec<_>>() as &[Option<Uuid>],
    )
    .fetch_all(&mut **tx)
    .await?;
    // Ids of one process ascend.
    rows.sort_by_key(|row| row.id);
    announce_all(tx, rows).await
}

/// Enqueues a job, unless a job of the same kind and subject is queued already. That job is locked until the
/// end of this transaction, so it starts afterwards and sees the changes of this transaction.
pub async fn enqueue_once(
    tx: &mut impl Tx,
    user: UserId,
    job: &Job,
    traceparent: Option<&str>,
) -> sqlx::Result<Option<JobSnapshot>> {
    let waits = sqlx::query_scalar!(
        "select id from jobs
         where user_id = $1 and kind = any ($2) and subject_id = $3 and state = 'queued'
         limit 1 for no key update",
        user.0,
        &job.kind().names() as &[&str],
        job.subject(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    match waits {
        Some(_) => Ok(None),
        None => enqueue(tx, Some(user), job, 0, traceparent).await.map(Some),
    }
}

/// Finds the queued jobs of a kind, by their subjects among the given ones. They are locked until the end of
/// this transaction, as in [`enqueue_once`].
pub async fn waiting(
    tx: &mut PgConnection,
    user: UserId,
    kind: JobKind,
    subjects: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Uuid>> {
    let waiting = sqlx::query!(
        r#"select subject_id as "subject_id!", id from jobs
           where user_id = $1 and kind = any ($2) and subject_id = any ($3) and state = 'queued'
           order by id for no key update"#,
        user.0,
        &kind.names() as &[&str],
        subjects,
    )
    .fetch_all(tx)
    .await?;
    Ok(waiting.into_iter().map(|row| (row.subject_id, row.id)).collect())
}

/// Cancels a job. A queued job is cancelled at once. For a running job, the request is stored, and its
/// worker sees it at the next heartbeat or checkpoint.
pub async fn cancel(tx: &mut impl Tx, user: UserId, id: Uuid) -> Result<JobSnapshot, CancelError> {
    let state = lock(tx, user, id).await?.ok_or(CancelError::NotFound)?;
    if state.is_ending() {
        return Err(CancelError::Ended(state));
    }
    let row = query_jobs!(
        "update jobs set
             cancel_requested_at = coalesce(cancel_requested_at, now()),
             finished_at = case state when 'queued' then now() end,
             state = case state when 'queued' then 'cancelled' else state end,
             updated_at = now()
         where user_id = $1 and id = $2 returning",
        "",
        user.0,
        id,
    )
    .fetch_one(&mut **tx)
    .await?;
    row.announce(tx).await?.ok_or(CancelError::NotFound)
}

/// The jobs of a person to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelScope {
    /// All jobs of the person.
    Person,
    /// The jobs about a conversation.
    Conversation(Uuid),
    /// The jobs about a recording.
    Audio(Uuid),
    /// The jobs about a file.
    File(Uuid),
}

/// Cancels all jobs of a person in a scope that have not ended, as [`cancel`] does.
pub async fn cancel_all(tx: &mut impl Tx, user: UserId, scope: CancelScope) -> sqlx::Result<()> {
    let (conversation, audio, file) = match scope {
        CancelScope::Person => (None, None, None),
        CancelScope::Conversation(id) => (Some(id), None, None),
        CancelScope::Audio(id) => (None, Some(id), None),
        CancelScope::File(id) => (None, None, Some(id)),
    };
    // Locked in the order of ids, so that two transactions with common jobs cannot wait for one another.
    let mut rows = query_jobs!(
        "with unfinished as (
             select id as unfinished_id from jobs
             where user_id = $1 and state in ('queued', 'running')
               and ($2::uuid is null or payload ->> 'conversation_id' = $2::text)
               and ($3::uuid is null or payload ->> 'audio_id' = $3::text)
               and ($4::uuid is null or subject_id = $4)
             order by id for no key update)
         update jobs set
             cancel_requested_at = coalesce(cancel_requested_at, now()),
             finished_at = case state when 'queued' then now() end,
             state = case state when 'queued' then 'cancelled' else state end,
             updated_at = now()
         from unfinished where user_id = $1 and id = unfinished_id
         returning",
        "",
        user.0,
        conversation,
        audio,
        file,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.sort_by_key(|row| row.id);
    announce_all(tx, rows).await.map(|_| ())
}

/// Queues a dead or cancelled job again. It continues at its last checkpoint.
pub async fn retry(tx: &mut impl Tx, user: UserId, id: Uuid) -> Result<JobSnapshot, RetryError> {
    let state = lock(tx, user, id).await?.ok_or(RetryError::NotFound)?;
    if !matches!(state, JobState::Dead | JobState::Cancelled) {
        return Err(RetryError::NotEnded(state));
    }
    if lacks_sound(tx, user, id).await? {
        return Err(RetryError::SoundRemoved);
    }
    let row = query_jobs!(
        "update jobs set
             state = 'queued', crash_count = 0, fault_count = 0, failing_since = null, failure = null,
             cancel_requested_at = null, stage = null, run_at = now(), finished_at = null, updated_at = now()
         where user_id = $1 and id = $2 returning",
        "",
        user.0,
        id,
    )
    .fetch_one(&mut **tx)
    .await?;
    row.announce(tx).await?.ok_or(RetryError::NotFound)
}

/// Whether the job needs a recording whose sound was removed.
async fn lacks_sound(tx: &mut PgConnection, user: UserId, id: Uuid) -> sqlx::Result<bool> {
    // A payload of another kind has no such key: the comparison with null is not true.
    sqlx::query_scalar!(
        r#"select exists (
               select from jobs j join audio a on a.id = (j.payload ->> 'audio_id')::uuid
               where j.user_id = $1 and j.id = $2 and a.user_id = $1 and a.removed_at is not null) as "exists!""#,
        user.0,
        id,
    )
    .fetch_one(tx)
    .await
}

/// Locks the job until the end of the transaction, and reads its state. Returns `None` if the person has no
/// such job, or if only a newer version knows the state.
async fn lock(tx: &mut PgConnection, user: UserId, id: Uuid) -> sqlx::Result<Option<JobState>> {
    let state = sqlx::query_scalar!(
        "select state from jobs where user_id = $1 and id = $2 for no key update",
        user.0,
        id,
    )
    .fetch_optional(tx)
    .await?;
    Ok(state.and_then(|state| state.parse().ok()))
}
