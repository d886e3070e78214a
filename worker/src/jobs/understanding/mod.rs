//! Analyses a transcript: finds its entities, their mentions and connections, and embeds its passages.
//! Blocking threads compute; the results are saved with the job's success in one transaction.

mod embedding_cache;
mod graph;
mod said;
mod save;

use std::panic::resume_unwind;
use std::sync::Arc;

use self_language::connect::{Connection, connect};
use self_language::decide::decide;
use self_language::embed::{self, EmbeddedPassage, embed};
use self_language::extract::{Entity, extract};
use self_language::models::Embedder;
use self_language::resolve::{Dates, resolve};
use self_shared::database::entities;
use self_shared::domain::entity::Decision;
use self_shared::domain::job::JobError;
use self_shared::domain::model::ModelId;
use self_shared::domain::progress::{Progress, Stage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, spawn_blocking};

pub(super) use self::embedding_cache::EmbeddingCache;
use self::said::Clock;
use super::JobContext;
use super::shared_embedder::SharedEmbedder;
use super::transcript::Transcript;
use crate::engine::Task;

/// The part of the remaining progress, in percent, that is done once names are found.
const EXTRACTED: f32 = 20.0;
/// The part that is done once all passages have vectors.
const EMBEDDED: f32 = 95.0;

/// The result of the analysis. Indices refer to the transcript's segments and to `entities`.
#[derive(Debug)]
struct Meaning {
    entities: Vec<Entity>,
    /// The dates of the mentions that are dates.
    dates: Dates,
    finder: ModelId,
    connections: Vec<Connection>,
    passages: Vec<EmbeddedPassage>,
    embedder: ModelId,
    /// The person's decisions about names, as the analysis used them.
    decisions: Vec<Decision>,
}

/// Analyses a transcript and completes the job. `heard_as` is the language of the transcript, `done` the
/// percentage of the job that is done already.
pub(super) async fn understand(
    context: &JobContext,
    task: &Task,
    transcript: &Transcript,
    heard_as: Option<&str>,
    done: f32,
) -> Result<(), JobError> {
    let so_far = |part: f32| Progress { percent: done + (100.0 - done) * part / 100.0, ..task.progress() };
    let known = EmbeddingCache::load(context, task, transcript).await?;
    let decisions = decisions(context, task).await?;
    let clock = Clock::load(context, task, transcript).await?;
    let meaning = find(context, task, transcript, known, (decisions, clock), &so_far).await?;
    task.report(Stage::Save, Progress { eta_ms: Some(0), ..so_far(EMBEDDED) });
    save::save(context, task, transcript, &meaning, heard_as).await
}

async fn find(
    context: &JobContext,
    task: &Task,
    transcript: &Transcript,
    known: EmbeddingCache,
    (decisions, clock): (Vec<Decision>, Clock),
    so_far: &impl Fn(f32) -> Progress,
) -> Result<Meaning, JobError> {
    task.report(Stage::Extract, so_far(0.0));
    let (finder, texts) = (Arc::clone(&context.finder), transcript.texts());
    let said_at = clock.moments(transcript);
    let (waiting, awaited) = oneshot::channel::<()>();
    let found = spawn_blocking(move || {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let entities = extract(&texts, &*finder, &|| !waiting.is_closed())?;
        let (entities, dates) = resolve(entities, &texts, &said_at, clock.zone);
        let entities = decide(entities, &decisions);
        let connections = connect(&entities);
        anyhow::Ok((entities, dates, connections, decisions, finder.id()))
    });
    let (entities, dates, connections, decisions, finder) = outcome(found.await)??;
    drop(awaited);

    task.report(Stage::Embed, so_far(EXTRACTED));
    let (embedder, segments) = (Arc::clone(&context.embedder), transcript.segments.clone());
    let (done, mut steps) = mpsc::unbounded_channel();
    let embedding = spawn_blocking(move || {
        let segments: Vec<embed::Segment<'_>> = segments
            .iter()
            .map(|segment| embed::Segment {
                start_ms: segment.start_ms,
                end_ms: segment.end_ms,
                text: segment.certain_text(),
            })
            .collect();
        let mut shared = SharedEmbedder { embedder: &embedder, progress: &done };
        let passages = embed(&segments, &mut known.before(&mut shared), |passage, total| {
            // Received unless the job was stopped meanwhile.
            let _ = done.send((passage, total));
        })?;
        anyhow::Ok((passages, shared.id()))
    });
    while let Some((passage, total)) = steps.recv().await {
        let part = passage as f32 / (total as f32).max(1.0);
        task.report(Stage::Embed, so_far(EXTRACTED + (EMBEDDED - EXTRACTED) * part));
    }
    let (passages, embedder) = outcome(embedding.await)??;
    Ok(Meaning { entities, dates, finder, connections, passages, embedder, decisions })
}

async fn decisions(context: &JobContext, task: &Task) -> Result<Vec<Decision>, JobError> {
    let mut tx = context.database.as_user(task.user()?).await?;
    Ok(entities::decisions(&mut tx).await?)
}

/// The result of a blocking thread. A panic in the thread becomes a panic of the job.
pub(super) fn outcome<T>(joined: Result<T, JoinError>) -> Result<T, JobError> {
    joined.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => JobError::Interrupted,
    })
}
