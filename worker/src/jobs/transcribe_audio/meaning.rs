//! What a transcript means: who and what it mentions, how that hangs together, and its passages as
//! vectors. Computed on threads that may block.

use std::panic::resume_unwind;
use std::sync::{Arc, PoisonError};

use self_shared::domain::job::Ending;
use self_shared::domain::progress::Stage;
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};

use super::super::Bench;
use super::pace;
use super::transcript::Transcript;
use crate::engine::Task;
use crate::models::ModelId;
use crate::models::embedder::{EmbedError, Embedder};
use crate::stages::connect::{Connection, connect};
use crate::stages::embed::{self, EmbeddedPassage, embed};
use crate::stages::extract::Entity;

/// Indices point into the transcript's segments, and into `entities`.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) entities: Vec<Entity>,
    pub(super) finder: ModelId,
    pub(super) connections: Vec<Connection>,
    pub(super) passages: Vec<EmbeddedPassage>,
    pub(super) embedder: ModelId,
}

pub(super) async fn find(bench: &Bench, task: &Task, transcript: &Transcript) -> Result<Meaning, Ending> {
    let progress = task.progress();
    task.report(Stage::Extract, pace::extracting(progress));
    let (finder, texts) = (Arc::clone(&bench.finder), transcript.texts());
    let found = spawn_blocking(move || {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let entities = finder.find(&texts);
        let connections = connect(&entities);
        (entities, connections, finder.id())
    });
    let (entities, connections, finder) = outcome(found.await)?;

    task.report(Stage::Embed, pace::embedding(progress, 0, 1));
    let (embedder, segments) = (Arc::clone(&bench.embedder), transcript.segments.clone());
    let (done, mut steps) = mpsc::unbounded_channel();
    let embedding = spawn_blocking(move || {
        let segments: Vec<embed::Segment<'_>> = segments
            .iter()
            .map(|segment| embed::Segment {
                start_ms: segment.start_ms,
                end_ms: segment.end_ms,
                text: &segment.text,
            })
            .collect();
        let mut embedder = embedder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut awaited = WhileAwaited { embedder: &mut *embedder, done: &done };
        let passages = embed(&segments, &mut awaited, |passage, total| {
            // Heard unless the job was stopped meanwhile.
            let _ = done.send((passage, total));
        })?;
        anyhow::Ok((passages, embedder.id()))
    });
    while let Some((passage, total)) = steps.recv().await {
        task.report(Stage::Embed, pace::embedding(progress, passage, total));
    }
    let (passages, embedder) = outcome(embedding.await)??;
    Ok(Meaning { entities, finder, connections, passages, embedder })
}

/// An embedder that stops when the job does: a thread is not dropped like a future.
struct WhileAwaited<'job> {
    embedder: &'job mut dyn Embedder,
    done: &'job mpsc::UnboundedSender<(usize, usize)>,
}

impl Embedder for WhileAwaited<'_> {
    fn id(&self) -> ModelId {
        self.embedder.id()
    }

    fn dimensions(&self) -> usize {
        self.embedder.dimensions()
    }

    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if self.done.is_closed() { Err(EmbedError::Abandoned) } else { self.embedder.embed(texts) }
    }
}

/// What a thread came to. Its panic is the job's.
fn outcome<T>(joined: Result<T, JoinError>) -> Result<T, Ending> {
    joined.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => Ending::Interrupted,
    })
}
