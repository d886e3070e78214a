//! One embedder for several jobs.

use std::sync::{Mutex, PoisonError};

use self_language::models::{EmbedError, Embedder};
use self_shared::domain::model::ModelId;
use tokio::sync::mpsc;

/// The embedder for a job on a blocking thread. It is locked for one batch of texts at a time, so that
/// several jobs advance at once. It stops when nobody receives the job's progress any more: a thread cannot
/// be dropped like a future.
pub(super) struct SharedEmbedder<'job> {
    pub(super) embedder: &'job Mutex<dyn Embedder + Send>,
    pub(super) progress: &'job mpsc::UnboundedSender<(usize, usize)>,
}

impl Embedder for SharedEmbedder<'_> {
    fn id(&self) -> ModelId {
        self.embedder.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    fn dimensions(&self) -> usize {
        self.embedder.lock().unwrap_or_else(PoisonError::into_inner).dimensions()
    }

    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if self.progress.is_closed() {
            return Err(EmbedError::Abandoned);
        }
        self.embedder.lock().unwrap_or_else(PoisonError::into_inner).embed(texts)
    }
}
