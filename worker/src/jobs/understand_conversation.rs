//! Analyses a transcript that was sent as text or that a person has corrected.

use self_shared::domain::job::{JobError, UnderstandConversation};

use super::transcript::Transcript;
use super::{JobContext, understanding};
use crate::engine::RunningJob;

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &UnderstandConversation,
) -> Result<(), JobError> {
    let transcript = Transcript::load(context, running_job, job.transcription_id).await?;
    understanding::understand(context, running_job, &transcript, None, 0.0).await
}
