use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{JobKind, JobSnapshot, JobState, Lane};
use self_shared::domain::progress::Stage;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Wire;

/// A job: its state, its progress, and the things that it is about. The events `job_update` and
/// `job_progress` of the WebSocket carry the same values.
#[derive(Object)]
#[oai(rename = "Job", skip_serializing_if_is_none, example)]
pub(crate) struct JobView {
    /// The id of the job.
    pub id: Uuid,
    /// The kind of the job.
    pub kind: Wire<JobKind>,
    /// The lane in which the job runs.
    pub lane: Wire<Lane>,
    /// The state of the job.
    pub state: Wire<JobState>,
    /// The current stage, while the job is running.
    pub stage: Option<Wire<Stage>>,
    /// The progress of the whole job, from 0 to 100.
    pub percent: f32,
    /// The duration of the sound that is transcribed so far, in milliseconds.
    pub audio_done_ms: u64,
    /// The duration of the whole sound, in milliseconds. Absent until it is known.
    pub audio_total_ms: Option<u64>,
    /// The bytes of recordings that an export has copied so far.
    pub bytes_done: u64,
    /// The bytes of all recordings that an export copies.
    pub bytes_total: Option<u64>,
    /// The estimated remaining time in milliseconds, from the speed measured so far.
    pub eta_ms: Option<u64>,
    /// The measured speed: seconds of sound per second of work.
    pub speed: Option<f32>,
    /// The number of jobs in the lane that come before this one, while it is queued.
    pub place_in_queue: Option<u64>,
    /// How many times the job has been started.
    pub attempt: i32,
    /// Whether the cancellation of the job was requested.
    pub cancel_requested: bool,
    /// Why the job is dead, or why its last attempt failed.
    pub failure: Option<FailureView>,
    /// The recording that the job is about.
    pub audio_id: Option<Uuid>,
    /// The conversation that the job is about.
    pub conversation_id: Option<Uuid>,
    /// The transcript that the job writes.
    pub transcription_id: Option<Uuid>,
    /// The export that the job writes.
    pub export_id: Option<Uuid>,
    /// The file that the job is about.
    pub file_id: Option<Uuid>,
    /// When the job was accepted.
    pub created_at: Time,
    /// When the job may start, or start again.
    pub run_at: Time,
    /// When the job last started.
    pub started_at: Option<Time>,
    /// When the job ended.
    pub finished_at: Option<Time>,
}

/// Why a job failed.
#[derive(Object)]
#[oai(rename = "Failure")]
pub(crate) struct FailureView {
    /// The stable code of the failure. Programs decide by this field.
    pub code: Wire<FailureCode>,
    /// What went wrong and what to do, as text for the user.
    pub detail: String,
}

/// A page of jobs, newest first.
#[derive(Object)]
#[oai(rename = "JobPage", skip_serializing_if_is_none, example)]
pub(crate) struct JobPageView {
    /// The jobs.
    pub items: Vec<JobView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        Self { code: Wire(failure.code), detail: failure.detail }
    }
}

impl From<JobSnapshot> for JobView {
    fn from(job: JobSnapshot) -> Self {
        Self {
            id: job.id,
            kind: Wire(job.kind),
            lane: Wire(job.lane),
            state: Wire(job.state),
            stage: job.stage.map(Wire),
            percent: job.progress.percent,
            audio_done_ms: job.progress.audio_done_ms,
            audio_total_ms: job.progress.audio_total_ms,
            bytes_done: job.progress.bytes_done,
            bytes_total: job.progress.bytes_total,
            eta_ms: job.progress.eta_ms,
            speed: job.progress.speed,
            place_in_queue: job.place_in_queue,
            attempt: job.attempt,
            cancel_requested: job.cancel_requested,
            failure: job.failure.map(FailureView::from),
            audio_id: job.audio_id,
            conversation_id: job.conversation_id,
            transcription_id: job.transcription_id,
            file_id: job.file_id,
            export_id: job.export_id,
            created_at: job.created_at.into(),
            run_at: job.run_at.into(),
            started_at: job.started_at.map(Into::into),
            finished_at: job.finished_at.map(Into::into),
        }
    }
}

impl Example for JobView {
    fn example() -> Self {
        Self {
            id: example_id(3),
            kind: Wire(JobKind::TranscribeAudio),
            lane: Wire(Lane::Audio),
            state: Wire(JobState::Running),
            stage: Some(Wire(Stage::Transcribe)),
            percent: 42.0,
            audio_done_ms: 25_700,
            audio_total_ms: Some(61_300),
            bytes_done: 0,
            bytes_total: None,
            eta_ms: Some(900),
            speed: Some(41.5),
            place_in_queue: None,
            attempt: 1,
            cancel_requested: false,
            failure: None,
            audio_id: Some(example_id(1)),
            conversation_id: Some(example_id(2)),
            transcription_id: Some(example_id(4)),
            export_id: None,
            file_id: None,
            created_at: example_time(),
            run_at: example_time(),
            started_at: Some(example_time()),
            finished_at: None,
        }
    }
}

impl Example for JobPageView {
    fn example() -> Self {
        Self { items: vec![JobView::example()], next_cursor: None }
    }
}
