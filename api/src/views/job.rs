use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{JobKind, JobSnapshot, JobState, Lane};
use self_shared::domain::progress::Stage;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Wire;

/// Work that was accepted: where it stands, how far it is, and what it is about. The events
/// `job_update` and `job_progress` of the WebSocket carry the same figures.
#[derive(Object)]
#[oai(rename = "Job", skip_serializing_if_is_none, example)]
pub(crate) struct JobView {
    /// Names it.
    pub id: Uuid,
    /// What kind of work it is.
    pub kind: Wire<JobKind>,
    /// Where it runs.
    pub lane: Wire<Lane>,
    /// Where it stands.
    pub state: Wire<JobState>,
    /// What it is doing, while running.
    pub stage: Option<Wire<Stage>>,
    /// How far the whole of it is, 0 to 100.
    pub percent: f32,
    /// Sound already transcribed.
    pub audio_done_ms: u64,
    /// Sound in all, once known.
    pub audio_total_ms: Option<u64>,
    /// Bytes of recordings already copied, by an export.
    pub bytes_done: u64,
    /// Bytes of recordings that there are to copy.
    pub bytes_total: Option<u64>,
    /// Time to go, from the speed measured so far.
    pub eta_ms: Option<u64>,
    /// Seconds of sound per second of work, as measured.
    pub speed: Option<f32>,
    /// How many jobs of the lane come first, while queued.
    pub place_in_queue: Option<u64>,
    /// How often it was started.
    pub attempt: i32,
    /// Whether somebody asked for it to stop.
    pub cancel_requested: bool,
    /// Why it died, or why the last try failed.
    pub failure: Option<FailureView>,
    /// The recording that it is about.
    pub audio_id: Option<Uuid>,
    /// The conversation that it is about.
    pub conversation_id: Option<Uuid>,
    /// The transcript that it fills.
    pub transcription_id: Option<Uuid>,
    /// The archive that it writes.
    pub export_id: Option<Uuid>,
    /// The file that it is about.
    pub file_id: Option<Uuid>,
    /// When it was accepted.
    pub created_at: Time,
    /// When it may start, or start again.
    pub run_at: Time,
    /// When it last started.
    pub started_at: Option<Time>,
    /// When it reached its ending.
    pub finished_at: Option<Time>,
}

/// Why a job died.
#[derive(Object)]
#[oai(rename = "Failure")]
pub(crate) struct FailureView {
    /// What programs match on: stable.
    pub code: Wire<FailureCode>,
    /// What went wrong and what to do, for the person whose recording it is.
    pub detail: String,
}

/// A page of jobs, newest first.
#[derive(Object)]
#[oai(rename = "JobPage", skip_serializing_if_is_none, example)]
pub(crate) struct JobPageView {
    /// The jobs.
    pub items: Vec<JobView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
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
