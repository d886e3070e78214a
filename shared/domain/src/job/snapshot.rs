//! A job as clients see it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{JobKind, JobState, Lane};
use crate::failure::Failure;
use crate::progress::{Progress, Stage};

/// A job as clients see it. REST and events give the same values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobSnapshot {
    /// The id of the job.
    pub id: Uuid,
    /// The kind of the job.
    pub kind: JobKind,
    /// The lane in which the job runs.
    pub lane: Lane,
    /// The state of the job.
    pub state: JobState,
    /// The current stage, while the job is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The progress of the job.
    #[serde(flatten)]
    pub progress: Progress,
    /// The number of jobs in the lane that come before this one, while it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_in_queue: Option<u64>,
    /// How many times the job has been started.
    pub attempt: i32,
    /// Whether the cancellation of the job was requested.
    pub cancel_requested: bool,
    /// Why the job is dead, or why its last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The recording that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The conversation that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
    /// The transcript that the job writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription_id: Option<Uuid>,
    /// The export that the job writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_id: Option<Uuid>,
    /// The file that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<Uuid>,
    /// When the job was accepted.
    pub created_at: DateTime<Utc>,
    /// When the job may start, or start again.
    pub run_at: DateTime<Utc>,
    /// When the job last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the job ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}
