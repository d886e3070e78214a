//! Jobs as clients see them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::Tx;
use crate::domain::UserId;
use crate::domain::job::{JobKind, JobSnapshot, JobState, Lane};
use crate::events::JobUpdate;
use crate::redis::wake_ups::WakeUp;

/// Filters for the list of jobs; a filter that is `None` matches all.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobFilter {
    pub state: Option<JobState>,
    pub kind: Option<JobKind>,
    pub lane: Option<Lane>,
    pub audio_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub file_id: Option<Uuid>,
}

/// Reads one job of the person, with its position in the queue.
pub async fn get(tx: &mut PgConnection, user: UserId, id: Uuid) -> sqlx::Result<Option<JobSnapshot>> {
    let row = query_jobs!("select", "from jobs where id = $1 and user_id = $2", id, user.0)
        .fetch_optional(&mut *tx)
        .await?;
    let mut found: Vec<JobSnapshot> = row.and_then(JobRow::into_snapshot).into_iter().collect();
    fill_queue_positions(tx, &mut found).await?;
    Ok(found.pop())
}

/// Lists the person's jobs, newest first, at most `limit`, after `cursor` (the id of the last job of the
/// previous page). Jobs that are added in the meantime do not shift the pages.
pub async fn list(
    tx: &mut PgConnection,
    user: UserId,
    filter: &JobFilter,
    cursor: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<JobSnapshot>> {
    let rows = query_jobs!(
        "select",
        "from jobs
         where user_id = $1
           and ($2::uuid is null or id < $2)
           and ($3::text is null or state = $3)
           and ($4::text[] is null or kind = any ($4))
           and ($5::text is null or lane = $5)
           and ($6::uuid is null or payload ->> 'audio_id' = $6::text)
           and ($7::uuid is null or payload ->> 'conversation_id' = $7::text)
           and ($8::uuid is null or payload ->> 'file_id' = $8::text)
         order by id desc limit $9",
        user.0,
        cursor,
        filter.state.map(JobState::as_str),
        filter.kind.map(JobKind::names) as Option<Vec<&str>>,
        filter.lane.map(Lane::as_str),
        filter.audio_id,
        filter.conversation_id,
        filter.file_id,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut found: Vec<JobSnapshot> = rows.into_iter().filter_map(JobRow::into_snapshot).collect();
    fill_queue_positions(tx, &mut found).await?;
    Ok(found)
}

/// Computes the position in the queue of those jobs that are queued.
async fn fill_queue_positions(tx: &mut PgConnection, jobs: &mut [JobSnapshot]) -> sqlx::Result<()> {
    let queued: Vec<Uuid> =
        jobs.iter().filter(|job| job.state == JobState::Queued).map(|job| job.id).collect();
    if queued.is_empty() {
        return Ok(());
    }
    let places = sqlx::query!(r#"select id as "id!", place as "place!" from queue_places($1)"#, &queued)
        .fetch_all(tx)
        .await?;
    let places: HashMap<Uuid, i64> = places.into_iter().map(|row| (row.id, row.place)).collect();
    for job in jobs {
        job.place_in_queue = places.get(&job.id).and_then(|place| u64::try_from(*place).ok());
    }
    Ok(())
}

/// A statement whose rows are [`JobRow`]s: the text before their columns, the text after them, the parameters.
macro_rules! query_jobs {
    ($before:literal, $after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::database::jobs::snapshot::JobRow,
            $before
                + r#" jobs.id, jobs.kind, jobs.lane, jobs.payload, jobs.user_id, jobs.state, jobs.attempt,
                     jobs.crash_count, jobs.run_at, jobs.run_at <= now() as "is_due!", jobs.cancel_requested_at,
                     jobs.stage, jobs.progress, jobs.failure, jobs.traceparent, jobs.created_at,
                     jobs.started_at, jobs.finished_at "#
                + $after,
            $($parameter),+
        )
    };
}
pub(super) use query_jobs;

#[derive(Clone, Debug)]
pub(super) struct JobRow {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) lane: String,
    pub(super) payload: Value,
    pub(super) user_id: Option<Uuid>,
    pub(super) state: String,
    pub(super) attempt: i32,
    pub(super) crash_count: i32,
    pub(super) run_at: DateTime<Utc>,
    pub(super) is_due: bool,
    pub(super) cancel_requested_at: Option<DateTime<Utc>>,
    pub(super) stage: Option<String>,
    pub(super) progress: Value,
    pub(super) failure: Option<Value>,
    pub(super) traceparent: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
}

impl JobRow {
    /// Returns `None` for a kind or state that only a newer version knows.
    pub(super) fn into_snapshot(self) -> Option<JobSnapshot> {
        let about = |field: &str| self.payload.get(field)?.as_str()?.parse().ok();
        Some(JobSnapshot {
            id: self.id,
            kind: self.kind.parse().ok()?,
            lane: self.lane.parse().ok()?,
            state: self.state.parse().ok()?,
            stage: self.stage.and_then(|stage| stage.parse().ok()),
            progress: serde_json::from_value(self.progress).unwrap_or_default(),
            place_in_queue: None,
            attempt: self.attempt,
            cancel_requested: self.cancel_requested_at.is_some(),
            failure: self.failure.and_then(|failure| serde_json::from_value(failure).ok()),
            audio_id: about("audio_id"),
            conversation_id: about("conversation_id"),
            transcription_id: about("transcription_id"),
            export_id: about("export_id"),
            file_id: about("file_id"),
            created_at: self.created_at,
            run_at: self.run_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }

    /// Adds the `job_update` event with the position in the queue, and a wake-up if the job can start.
    pub(super) async fn announce(self, tx: &mut impl Tx) -> sqlx::Result<Option<JobSnapshot>> {
        Ok(announce_all(tx, vec![self]).await?.pop())
    }
}

/// Announces each job, as [`JobRow::announce`] does, in this order. Leaves out jobs of a kind or state that
/// only a newer version knows.
pub(super) async fn announce_all(tx: &mut impl Tx, rows: Vec<JobRow>) -> sqlx::Result<Vec<JobSnapshot>> {
    let (mut users, mut snapshots) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        let (user, is_due) = (row.user_id.map(UserId), row.is_due);
        let Some(snapshot) = row.into_snapshot() else { continue };
        if snapshot.state == JobState::Queued && is_due {
            let JobSnapshot { lane, id: job, attempt, .. } = snapshot;
            tx.outbox().start(WakeUp { lane, job, attempt });
        }
        users.push(user);
        snapshots.push(snapshot);
    }
    // Jobs of the system have no events.
    if users.iter().any(Option::is_some) {
        fill_queue_positions(tx, &mut snapshots).await?;
    }
    for (user, snapshot) in users.into_iter().zip(&snapshots) {
        if let Some(user) = user {
            tx.outbox().emit(user, &JobUpdate(snapshot.clone()));
        }
    }
    Ok(snapshots)
}
