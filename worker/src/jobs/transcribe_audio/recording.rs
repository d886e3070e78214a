//! A recording in the database and the storage: its row and its bytes.

use std::fs::File;

use self_shared::database::audio;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{JobError, TranscribeAudio};
use self_shared::objects::ObjectKey;

use super::super::JobContext;
use super::super::spool::Spool;
use crate::engine::RunningJob;

/// The key of a recording's bytes.
#[derive(Debug)]
pub(super) struct StoredRecording {
    key: ObjectKey,
}

impl StoredRecording {
    /// Finds the recording of a job.
    pub(super) async fn find(
        context: &JobContext,
        running_job: &RunningJob,
        job: &TranscribeAudio,
    ) -> Result<Self, JobError> {
        let mut tx = context.database.as_user(running_job.user()?).await?;
        let (conversation, transcription) = (job.conversation_id, job.transcription_id);
        let key = audio::object_to_transcribe(&mut tx, job.audio_id, conversation, transcription).await?;
        let key = key.ok_or_else(missing)?.parse().map_err(|_| missing())?;
        Ok(Self { key })
    }

    /// Copies the bytes into a temporary file without a name.
    pub(super) async fn fetch(&self, context: &JobContext) -> Result<File, JobError> {
        let mut spool = Spool::new().await?;
        if !spool.fetch(&context.objects, &self.key).await? {
            return Err(missing());
        }
        Ok(spool.finish().await?)
    }
}

fn missing() -> JobError {
    JobError::Fail(Failure::new(FailureCode::ObjectMissing, "This recording is not there any more."))
}
