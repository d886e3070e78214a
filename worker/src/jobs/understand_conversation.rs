//! A transcript that came as text, or that a person has corrected, becomes a part of the memory.

use self_shared::domain::job::{Ending, UnderstandConversation};

use super::transcript::Transcript;
use super::{Bench, understanding};
use crate::engine::Task;

pub(super) async fn run(bench: &Bench, task: &Task, job: &UnderstandConversation) -> Result<(), Ending> {
    let transcript = Transcript::load(bench, task, job.transcription_id).await?;
    understanding::understand(bench, task, &transcript, None, 0.0).await
}
