//! The recording: its row and its bytes.

use std::fs::File;
use std::io::{Seek, Write};

use futures_util::StreamExt;
use self_shared::database::audio;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{Ending, TranscribeAudio};
use self_shared::objects::{ObjectError, ObjectKey};

use super::super::Bench;
use crate::engine::Task;

/// Where the bytes are.
#[derive(Debug)]
pub(super) struct Recording {
    key: ObjectKey,
}

impl Recording {
    /// Finds what the job is about.
    pub(super) async fn find(bench: &Bench, task: &Task, job: &TranscribeAudio) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await?;
        let (conversation, transcription) = (job.conversation_id, job.transcription_id);
        let key = audio::object_to_transcribe(&mut tx, job.audio_id, conversation, transcription).await?;
        let key = key.ok_or_else(missing)?.parse().map_err(|_| missing())?;
        Ok(Self { key })
    }

    /// Brings the bytes into a file that has no name, so that nothing is left of it however this
    /// process ends.
    pub(super) async fn fetch(&self, bench: &Bench) -> Result<File, Ending> {
        let mut object = bench.objects.get(&self.key, None).await.map_err(ending)?;
        let mut file = tempfile::tempfile()?;
        while let Some(bytes) = object.content.next().await {
            let bytes = bytes.map_err(ending)?;
            // Into the page cache: shorter than a switch of threads.
            file.write_all(&bytes)?;
        }
        file.rewind()?;
        Ok(file)
    }
}

fn ending(error: ObjectError) -> Ending {
    match error {
        ObjectError::NotFound => missing(),
        error => Ending::Retry(error.into()),
    }
}

fn missing() -> Ending {
    Ending::Fail(Failure::new(FailureCode::ObjectMissing, "This recording is not there any more."))
}
