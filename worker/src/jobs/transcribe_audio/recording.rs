//! The recording: its row and its bytes.

use std::fs::File;

use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{Ending, TranscribeAudio};
use self_shared::objects::ObjectKey;

use super::super::Bench;
use super::super::spool::Spool;
use crate::engine::Task;

/// Where the bytes are.
#[derive(Debug)]
pub(super) struct Recording {
    key: ObjectKey,
}

impl Recording {
    /// Finds what the job is about.
    pub(super) async fn find(bench: &Bench, task: &Task, job: &TranscribeAudio) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await.map_err(anyhow::Error::from)?;
        let key: Option<String> = sqlx::query_scalar(
            "select audio.object_key from audio
             join transcriptions on transcriptions.id = $2 and transcriptions.conversation_id = $3
             where audio.id = $1 and audio.removed_at is null",
        )
        .bind(job.audio_id)
        .bind(job.transcription_id)
        .bind(job.conversation_id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let key = key.ok_or_else(missing)?.parse().map_err(|_| missing())?;
        Ok(Self { key })
    }

    /// Brings the bytes into a file without a name.
    pub(super) async fn fetch(&self, bench: &Bench) -> Result<File, Ending> {
        let mut spool = Spool::new().await.map_err(anyhow::Error::from)?;
        if !spool.fetch(&bench.objects, &self.key).await? {
            return Err(missing());
        }
        spool.finish().await.map_err(|error| Ending::Retry(error.into()))
    }
}

fn missing() -> Ending {
    Ending::Fail(Failure::new(FailureCode::ObjectMissing, "This recording is not there any more."))
}
