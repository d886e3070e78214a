//! Enqueueing, cancelling and retrying jobs.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::snapshot::query_jobs;
use crate::database::Tx;
use crate::domain::job::{Job, JobKind, JobSnapshot, JobState};
use crate::domain::{UserId, new_id};

/// The reason why a job was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The person has no such job.
    #[error("there is no such job")]
    NotFound,
    /// The job has ended, so it cannot be cancelled.
    #[error("the job is {0} already")]
    Ended(JobState),
    /// The job has not failed, so it cannot be retried.
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
    let row = query_jobs!(
        "insert into jobs (id, kind, lane, payload, user_id, subject_id, priority, traceparent)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning",
        "",
        new_id(),
        job.kind().as_str(),
        job.lane().as_str(),
        job.payload(),
        user.map(|user| user.0),
        job.subject(),
        priority,
        traceparent,
    )
    .fetch_one(&mut **tx)
    .await?;
    let snapshot = row.announce(tx).await?;
    Ok(snapshot.expect("what was just written is of a known kind, lane and state"))
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
///
/// # Errors
/// [`Refused::Ended`] when it is too late.
pub async fn cancel(tx: &mut impl Tx, user: UserId, id: Uuid) -> Result<JobSnapshot, Refused> {
    match state(tx, user, id).await? {
        ended if ended.is_ending() => Err(Refused::Ended(ended)),
        _ => {
            let row = query_jobs!(
                "update jobs set
                     cancel_requested_at = coalesce(cancel_requested_at, now()),
                     finished_at = case state when 'queued' then now() end,
                     state = case state when 'queued' then 'cancelled' else state end,
                     updated_at = now()
                 where id = $1 returning",
                "",
                id,
            )
            .fetch_one(&mut **tx)
            .await?;
            row.announce(tx).await?.ok_or(Refused::NotFound)
        }
    }
}

/// The subject of the jobs to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// All jobs of the person.
    Person,
    Conversation(Uuid),
    Audio(Uuid),
}

/// Cancels all jobs of a person about a subject that have not ended.
pub async fn cancel_about(tx: &mut impl Tx, user: UserId, about: About) -> sqlx::Result<()> {
    let (conversation, audio) = match about {
        About::Person => (None, None),
        About::Conversation(id) => (Some(id), None),
        About::Audio(id) => (None, Some(id)),
    };
    let unfinished = sqlx::query_scalar!(
        "select id from jobs
         where user_id = $1 and state in ('queued', 'running')
           and ($2::uuid is null or payload ->> 'conversation_id' = $2::text)
           and ($3::uuid is null or payload ->> 'audio_id' = $3::text)",
        user.0,
        conversation,
        audio,
    )
    .fetch_all(&mut **tx)
    .await?;
    for id in unfinished {
        match cancel(tx, user, id).await {
            // The job has ended in the meantime.
            Ok(_)
            | Err(Refused::Ended(_) | Refused::NotFound | Refused::NotEnded(_) | Refused::SoundRemoved) => {}
            Err(Refused::Database(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Queues a dead or cancelled job again. It continues at its last checkpoint.
///
/// # Errors
/// [`Refused::NotEnded`] when it is queued, running or succeeded; [`Refused::SoundRemoved`] when it can
/// never work.
pub async fn retry(tx: &mut impl Tx, user: UserId, id: Uuid) -> Result<JobSnapshot, Refused> {
    match state(tx, user, id).await? {
        JobState::Dead | JobState::Cancelled => {
            if lacks_sound(tx, user, id).await? {
                return Err(Refused::SoundRemoved);
            }
            let row = query_jobs!(
                "update jobs set
                     state = 'queued', crash_count = 0, retries = 0, faulty_since = null, failure = null,
                     cancel_requested_at = null, stage = null, run_at = now(), finished_at = null,
                     updated_at = now()
                 where id = $1 returning",
                "",
                id,
            )
            .fetch_one(&mut **tx)
            .await?;
            row.announce(tx).await?.ok_or(Refused::NotFound)
        }
        other => Err(Refused::NotEnded(other)),
    }
}

/// Whether the job needs a recording whose sound was removed.
async fn lacks_sound(tx: &mut PgConnection, user: UserId, id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from jobs j join audio a on a.id::text = j.payload ->> 'audio_id'
               where j.user_id = $1 and j.id = $2 and a.user_id = $1 and a.removed_at is not null) as "exists!""#,
        user.0,
        id,
    )
    .fetch_one(tx)
    .await
}

/// Reads the state of the job, and locks the job until the end of the transaction.
async fn state(tx: &mut PgConnection, user: UserId, id: Uuid) -> Result<JobState, Refused> {
    let state = sqlx::query_scalar!(
        "select state from jobs where id = $1 and user_id = $2 for no key update",
        id,
        user.0,
    )
    .fetch_optional(tx)
    .await?;
    state.and_then(|state| state.parse().ok()).ok_or(Refused::NotFound)
}
