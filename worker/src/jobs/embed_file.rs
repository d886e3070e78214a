//! Makes the content of a file searchable: fetch → read → embed → save.

use std::fs::File;
use std::sync::Arc;

use self_language::embed::{self, EmbeddedPassage, Segment};
use self_language::models::{EmbedError, Embedder};
use self_shared::database::embeddings::{self, NewFilePassage};
use self_shared::database::files::{self, StoredContent};
use self_shared::database::{UserTx, jobs};
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{EmbedFile, GenerateInsights, InsightTrigger, Job, JobError};
use self_shared::domain::model::ModelId;
use self_shared::domain::progress::{Progress, Stage};
use self_shared::domain::sentences::sentences;
use self_shared::objects::ObjectKey;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::JobContext;
use super::shared_embedder::SharedEmbedder;
use super::spool::Spool;
use super::understanding::{EmbeddingCache, outcome};
use crate::engine::RunningJob;
use crate::sandbox::ReadError;
use crate::stages::read::{ExtractedText, Unreadable};

/// The progress in percent once the text is read, and once all passages have vectors.
const READ: f32 = 10.0;
const EMBEDDED: f32 = 95.0;

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &EmbedFile,
) -> Result<(), JobError> {
    let at = |percent: f32| Progress { percent, ..Progress::default() };
    running_job.report(Stage::Fetch, at(0.0));
    let mut tx = context.database.as_user(running_job.user()?).await?;
    let kept = files::current(&mut tx, job.file_id).await?;
    drop(tx);
    // The file or its content is gone, or an earlier job has embedded it already.
    let Some(kept) = kept.filter(|kept| !kept.is_embedded) else {
        return running_job.succeed_without_results().await;
    };
    let file = fetch(context, &kept).await?;

    running_job.report(Stage::Read, at(0.0));
    let extracted = match context.sandbox.read(file, kept.kind.0).await {
        Ok(text) => text,
        Err(ReadError::Machine(error)) => return Err(JobError::Retry(error.into())),
        Err(ReadError::Refused(why)) => {
            forget(running_job, job.file_id, &kept).await?;
            return Err(JobError::Fail(failure(&why)));
        }
    };

    running_job.report(Stage::Embed, at(READ));
    let known = EmbeddingCache::of_file(context, running_job, job.file_id).await?;
    let (embedder, text) = (Arc::clone(&context.embedder), extracted.text.clone());
    let (done, mut steps) = mpsc::unbounded_channel();
    let embedding = spawn_blocking(move || {
        let mut shared = SharedEmbedder { embedder: &embedder, progress: &done };
        let id = shared.id();
        let passages = passages(&text, &mut known.before(&mut shared), |passage, total| {
            // Received unless the job was stopped meanwhile.
            let _ = done.send((passage, total));
        })?;
        anyhow::Ok((passages, id))
    });
    while let Some((passage, total)) = steps.recv().await {
        let part = passage as f32 / (total as f32).max(1.0);
        running_job.report(Stage::Embed, at(READ + (EMBEDDED - READ) * part));
    }
    let (passages, model) = outcome(embedding.await)??;

    running_job.report(Stage::Save, at(EMBEDDED));
    save(running_job, job.file_id, &kept, &extracted, &passages, model).await
}

/// Copies the content into a temporary file without a name.
async fn fetch(context: &JobContext, kept: &StoredContent) -> Result<File, JobError> {
    let mut spool = Spool::new().await?;
    if let Some(text) = &kept.text {
        spool.write(text.as_bytes()).await?;
    }
    if let Some(key) = &kept.object_key {
        let key: ObjectKey = key.parse().map_err(|_| missing())?;
        if !spool.fetch(&context.objects, &key).await? {
            return Err(missing());
        }
    }
    Ok(spool.finish().await?)
}

/// Cuts a text into passages of whole sentences, and embeds them.
fn passages(
    text: &str,
    embedder: &mut dyn Embedder,
    progress: impl FnMut(usize, usize),
) -> Result<Vec<EmbeddedPassage>, EmbedError> {
    let sentences: Vec<String> = text.lines().flat_map(sentences).collect();
    let segments: Vec<Segment<'_>> =
        sentences.iter().map(|text| Segment { start_ms: 0, end_ms: 0, text }).collect();
    embed::embed(&segments, embedder, progress)
}

/// Replaces the vectors of the file. If the content has changed since, nothing is written: the job of the
/// new content does it.
async fn save(
    running_job: &RunningJob,
    file: Uuid,
    kept: &StoredContent,
    extracted: &ExtractedText,
    passages: &[EmbeddedPassage],
    model: ModelId,
) -> Result<(), JobError> {
    let mut tx = running_job.begin().await?;
    if is_current(&mut tx, file, kept).await? {
        let passages: Vec<NewFilePassage<'_>> = passages
            .iter()
            .map(|one| NewFilePassage { text: &one.passage.text, embedding: &one.vector })
            .collect();
        embeddings::replace_of_file(&mut tx, file, &model, &passages).await?;
        files::embedded(&mut tx, kept.id, extracted.is_cut).await?;
        files::announce(&mut tx, &[file]).await?;
        let user = tx.user();
        let job = GenerateInsights { user, trigger: InsightTrigger::File(file) };
        jobs::enqueue_once(&mut tx, user, &Job::GenerateInsights(job), None).await?;
    }
    running_job.succeed(tx).await
}

/// Removes the vectors of a file whose new content cannot be read: neither the new nor the old content can
/// be found.
async fn forget(running_job: &RunningJob, file: Uuid, kept: &StoredContent) -> Result<(), JobError> {
    let mut tx = running_job.begin().await?;
    if is_current(&mut tx, file, kept).await? {
        embeddings::remove_of_file(&mut tx, file).await?;
    }
    Ok(tx.commit().await?)
}

async fn is_current(tx: &mut UserTx, file: Uuid, kept: &StoredContent) -> sqlx::Result<bool> {
    Ok(files::current(tx, file).await?.is_some_and(|current| current.id == kept.id))
}

fn failure(why: &Unreadable) -> Failure {
    let code = match why {
        Unreadable::NotText | Unreadable::OnlyPictures => FailureCode::NotText,
        Unreadable::Encrypted => FailureCode::EncryptedFile,
        Unreadable::Damaged => FailureCode::DamagedFile,
        Unreadable::TimedOut | Unreadable::OutOfMemory => FailureCode::ReaderLimit,
    };
    Failure::new(code, why.to_string())
}

fn missing() -> JobError {
    JobError::Fail(Failure::new(FailureCode::ObjectMissing, "What is in this file is not there any more."))
}
