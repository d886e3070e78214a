use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::exports::Export;
use self_shared::domain::job::JobState;
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Wire;

/// An export: an archive of all data of the user.
#[derive(Object)]
#[oai(rename = "Export", skip_serializing_if_is_none, example)]
pub(crate) struct ExportView {
    /// The id of the export.
    pub id: Uuid,
    /// The job that writes the archive: it tells the progress, and why the export failed.
    pub job_id: Uuid,
    /// The state of the job. When it is `succeeded`, the archive can be downloaded.
    pub state: Wire<JobState>,
    /// The size of the archive in bytes. Absent until it is complete.
    pub size_bytes: Option<i64>,
    /// The SHA-256 of the archive, in hexadecimal. Absent until it is complete.
    pub sha256: Option<String>,
    /// When the export was requested.
    pub created_at: Time,
    /// When the archive was completed. Absent until then.
    pub completed_at: Option<Time>,
    /// When the archive is deleted: a week after it was completed, or earlier if a newer archive is
    /// completed.
    pub expires_at: Time,
}

/// A page of exports, newest first.
#[derive(Object)]
#[oai(rename = "ExportPage", skip_serializing_if_is_none, example)]
pub(crate) struct ExportPageView {
    /// The exports.
    pub items: Vec<ExportView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        Self {
            id: export.id,
            job_id: export.job_id,
            // An unknown state comes from a newer version. The archive is not ready in it, so it is shown
            // as queued.
            state: Wire(export.state.parse().unwrap_or(JobState::Queued)),
            size_bytes: export.size_bytes,
            sha256: export.sha256.as_deref().map(hex::encode),
            created_at: export.created_at.into(),
            completed_at: export.completed_at.map(Into::into),
            expires_at: export.expires_at.into(),
        }
    }
}

impl Example for ExportView {
    fn example() -> Self {
        Self {
            id: example_id(12),
            job_id: example_id(3),
            state: Wire(JobState::Succeeded),
            size_bytes: Some(731_904_117),
            sha256: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
            created_at: example_time(),
            completed_at: Some(example_time()),
            expires_at: Time(example_time::<DateTime<Utc>>() + TimeDelta::days(7)),
        }
    }
}

impl Example for ExportPageView {
    fn example() -> Self {
        Self { items: vec![ExportView::example()], next_cursor: None }
    }
}
