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
    /// The current stage. Present only while the job runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The progress of the job.
    #[serde(flatten)]
    pub progress: Progress,
    /// The number of jobs of the lane that come before this job. Present only while the job is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_in_queue: Option<u64>,
    /// The number of times that the job was started.
    pub attempt: i32,
    /// Whether somebody asked to cancel the job.
    pub cancel_requested: bool,
    /// The reason why the job died, or why its last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The id of the recording that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The id of the conversation that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
    /// The id of the transcription that the job fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription_id: Option<Uuid>,
    /// The id of the archive that the job writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_id: Option<Uuid>,
    /// The id of the file that the job is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<Uuid>,
    /// The time when the job was accepted.
    pub created_at: DateTime<Utc>,
    /// The earliest time at which the job may start, or start again.
    pub run_at: DateTime<Utc>,
    /// The time of the last start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// The time when the job reached its end state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}
