//! The time and the time zone in which a transcript was spoken.

use chrono::{DateTime, TimeDelta, Utc};
use self_language::resolve::Zone;
use self_shared::database::conversations;
use self_shared::domain::job::JobError;

use super::super::transcript::Transcript;
use super::super::{JobContext, zone};
use crate::engine::RunningJob;

/// The clock for the dates in a text: the recording's own time, in its owner's time zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordingClock {
    began_at: DateTime<Utc>,
    pub(super) zone: Zone,
}

impl RecordingClock {
    pub(super) async fn load(
        context: &JobContext,
        running_job: &RunningJob,
        transcript: &Transcript,
    ) -> Result<Self, JobError> {
        let mut tx = context.database.as_user(running_job.user()?).await?;
        let (conversation, audio) = (transcript.conversation_id, transcript.audio_id);
        let began_at = conversations::began_at(&mut tx, conversation, audio).await?;
        let zone = zone::of(&mut tx).await?;
        Ok(Self { began_at, zone })
    }

    /// The moment at which each segment begins.
    pub(super) fn moments(&self, transcript: &Transcript) -> Vec<DateTime<Utc>> {
        let moment = |ms: u64| self.began_at + TimeDelta::milliseconds(ms.cast_signed());
        transcript.segments.iter().map(|segment| moment(segment.start_ms)).collect()
    }
}
