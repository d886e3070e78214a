//! Analyses a transcript that was sent as text or that a person has corrected.

use self_shared::domain::job::{JobError, UnderstandConversation};

use super::transcript::Transcript;
use super::{JobContext, understanding};
use crate::engine::Task;

pub(super) async fn run(
    context: &JobContext,
    task: &Task,
    job: &UnderstandConversation,
) -> Result<(), JobError> {
    let transcript = Transcript::load(context, task, job.transcription_id).await?;
    understanding::understand(context, task, &transcript, None, 0.0).await
}
