//! When a transcript was said, and where.

use chrono::{DateTime, TimeDelta, Utc};
use self_language::resolve::Zone;
use self_shared::domain::job::Ending;

use super::super::transcript::Transcript;
use super::super::{Bench, zone};
use crate::engine::Task;

/// The clock by which dates are understood: the recording's own, in its owner's time zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began_at: DateTime<Utc>,
    pub(super) zone: Zone,
}

impl Clock {
    pub(super) async fn load(bench: &Bench, task: &Task, transcript: &Transcript) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await.map_err(anyhow::Error::from)?;
        let began_at = sqlx::query_scalar(
            "select coalesce((select recorded_at from audio where id = $2), started_at)
             from conversations where id = $1",
        )
        .bind(transcript.conversation_id)
        .bind(transcript.audio_id)
        .fetch_one(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let zone = zone::of(&mut tx).await.map_err(anyhow::Error::from)?;
        Ok(Self { began_at, zone })
    }

    /// The moment at which each segment begins.
    pub(super) fn moments(&self, transcript: &Transcript) -> Vec<DateTime<Utc>> {
        let moment = |ms: u64| self.began_at + TimeDelta::milliseconds(ms.cast_signed());
        transcript.segments.iter().map(|segment| moment(segment.start_ms)).collect()
    }
}
