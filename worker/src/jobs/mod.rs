//! The handlers of jobs: the input and output around the pure [`crate::stages`].

mod embed_file;
mod erase_user;
mod expire_audio;
mod expire_conversations;
mod export_user;
mod forget_expired;
mod generate_insights;
mod heard_by;
mod refresh_insights;
mod shared_embedder;
mod spool;
mod summarize_conversation;
mod sweep_objects;
mod transcribe_audio;
mod transcript;
mod understand_conversation;
mod understanding;
mod zone;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use self_language::models::{Embedder, EntityFinder};
use self_shared::bus::Bus;
use self_shared::database::Database;
use self_shared::domain::job::{Job, JobError};
use self_shared::objects::ObjectStore;
use self_shared::vectors::Vectors;

use crate::engine::{Jobs, Task};
use crate::models::remote_transcriber::RemoteTranscriber;
use crate::models::summarizer::Summarizer;
use crate::sandbox::Sandbox;
use crate::stages::transcribe::TranscriberPool;

/// What handlers of jobs work with.
pub struct JobContext {
    /// Holds the results.
    pub database: Database,
    /// Its streams still hold events of deleted data.
    pub bus: Bus,
    /// How long events are kept.
    pub events_keep: Duration,
    /// Holds recordings and contents of files.
    pub objects: ObjectStore,
    /// The mirror of the vectors.
    pub vectors: Vectors,
    /// Decodes recordings and reads files.
    pub sandbox: Sandbox,
    /// The transcribers of this worker.
    pub transcribers: Arc<TranscriberPool>,
    /// The remote transcriber, if one is configured.
    pub remote: Option<Arc<RemoteTranscriber>>,
    /// Segments with less confidence are marked as uncertain.
    pub uncertain_below: f32,
    /// Finds names in text.
    pub finder: Arc<dyn EntityFinder>,
    /// Turns text into vectors, one text at a time.
    pub embedder: Arc<Mutex<dyn Embedder + Send>>,
    /// Summarizes conversations, if a service is configured.
    pub summarizer: Option<Summarizer>,
}

impl Jobs for JobContext {
    async fn run(&self, task: &Task, job: &Job) -> Result<(), JobError> {
        match job {
            Job::TranscribeAudio(job) => transcribe_audio::run(self, task, job).await,
            Job::UnderstandConversation(job) => understand_conversation::run(self, task, job).await,
            Job::EmbedFile(job) => embed_file::run(self, task, job).await,
            Job::EraseUser(job) => erase_user::run(self, task, job).await,
            Job::ExportUser(job) => export_user::run(self, task, job).await,
            Job::SweepObjects(_) => sweep_objects::run(self, task).await,
            Job::ExpireConversations(_) => expire_conversations::run(self, task).await,
            Job::ExpireAudio(_) => expire_audio::run(self, task).await,
            Job::ForgetExpired(_) => forget_expired::run(self, task).await,
            Job::GenerateInsights(job) => generate_insights::run(self, task, job).await,
            Job::SummarizeConversation(job) => summarize_conversation::run(self, task, job).await,
            Job::RefreshInsights(_) => refresh_insights::run(self, task).await,
        }
    }
}
