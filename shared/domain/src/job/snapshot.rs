//! A job as clients see it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{JobKind, JobState, Lane};
use crate::failure::Failure;
use crate::progress::{Progress, Stage};

/// A job as clients see it: the same figures by polling and by push.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobSnapshot {
    /// Its id.
    pub id: Uuid,
    /// What kind of work it is.
    pub kind: JobKind,
    /// Where it runs.
    pub lane: Lane,
    /// Where it stands.
    pub state: JobState,
    /// What it is doing right now, while running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// How many jobs of the lane come first, while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_in_queue: Option<u64>,
    /// How often it was started.
    pub attempt: i32,
    /// Whether somebody asked for it to stop.
    pub cancel_requested: bool,
    /// Why it died, or why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The recording that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The conversation that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
    /// The transcription that it fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription_id: Option<Uuid>,
    /// The archive that it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_id: Option<Uuid>,
    /// The file that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<Uuid>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it may start, or start again.
    pub run_at: DateTime<Utc>,
    /// When it last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached its ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}
