use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use self_shared::database::conversations::{self, EditError};
use self_shared::database::jobs::JobFilter;
use self_shared::database::segments::{self, Segment};
use self_shared::database::{UserTx, jobs, transcriptions};
use self_shared::domain::job::{Job, JobSnapshot, JobState, UnderstandConversation};

use super::Tag;
use super::audio::traceparent;
use crate::app::App;
use crate::auth::Caller;
use crate::etag::{changed, etag, expected};
use crate::id::Id;
use crate::input::Input;
use crate::input::text::{Label, Text, Utterance};
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::{JobView, SegmentView, example_id};

pub(crate) struct SegmentRoutes;

/// Changes to a segment. Fields that are absent keep their value.
#[derive(Object)]
#[oai(example)]
struct Correction {
    /// The corrected text. Line breaks in it become spaces, since a segment is one line of the transcript.
    text: Option<Text<Utterance<10_000>>>,
    /// The speaker: a label such as `A`, or the name itself. Empty if the speaker is unknown.
    speaker: Option<Text<Label<100>>>,
}

/// A corrected segment.
#[derive(Object)]
#[oai(rename = "CorrectedSegment", skip_serializing_if_is_none, example)]
struct CorrectedView {
    /// The segment after the correction.
    segment: SegmentView,
    /// The job that updates entities, connections and search. Absent if neither the text nor
    /// `uncertain` has changed, if the transcript is incomplete, or if such a job is queued already.
    job: Option<JobView>,
}

#[derive(ApiResponse)]
enum Corrected {
    /// The segment after the correction.
    #[oai(status = 200)]
    Corrected(
        Json<CorrectedView>,
        /// The revision of the segment after the correction.
        #[oai(header = "ETag")]
        String,
    ),
}

declare! {
    Correct: NotFound, PreconditionFailed, TranscriptionIncomplete;
}

#[OpenApi(prefix_path = "/api/v1/segments", tag = "Tag::Transcriptions")]
impl SegmentRoutes {
    /// Correct a segment
    ///
    /// The times do not change, and the text of the transcriber is kept as `original_text`. Changed
    /// text is processed and embedded again. A correction with `text`, even with the same text, also
    /// confirms an uncertain segment: it is no longer marked as uncertain, and is processed like the
    /// others.
    ///
    /// While the job of the transcript has not ended, the answer is 409. The segments of a job that ended
    /// early can be corrected, but an incomplete transcript is not searched.
    #[oai(path = "/:id", method = "patch", operation_id = "correct_segment")]
    async fn correct(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The segment.
        id: Path<Id>,
        /// The `revision` of the segment that the client has read, in quotes. If the segment has
        /// changed since, the answer is 412: read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Correction>,
    ) -> Result<Corrected, Failing<Correct>> {
        let revision = expected(if_match.0.as_deref())?;
        let Correction { text, speaker } = body.0;
        let (text, speaker) = (text.map(|text| text.0), speaker.map(|speaker| speaker.0));
        let mut tx = app.database.as_user(caller.0.user).await?;
        let before = segments::hold(&mut tx, id.0.0, revision).await.map_err(refused)?;
        let is_whole = is_whole(&mut tx, &before).await?;
        let is_confirmed = text.is_some();
        let text = text.unwrap_or_else(|| before.text.clone());
        let speaker = speaker.or_else(|| before.speaker.clone()).filter(|speaker| !speaker.is_empty());
        let after = segments::correct(&mut tx, id.0.0, &text, speaker.as_deref(), is_confirmed).await?;
        conversations::touch(&mut tx, after.conversation_id).await?;
        transcriptions::announce(&mut tx, after.transcription_id, &[after.id], None).await?;
        let job = if !is_whole || after.text == before.text && after.is_uncertain == before.is_uncertain {
            None
        } else {
            understand(&mut tx, &after, traceparent(request)).await?
        };
        tx.commit().await?;
        let (tag, job) = (etag(after.revision.into()), job.map(JobView::from));
        Ok(Corrected::Corrected(
            Json(CorrectedView { segment: SegmentView::new(after.into(), false), job }),
            tag,
        ))
    }
}

/// Whether the transcript of a segment has all segments. Text that was sent has them from the beginning.
///
/// # Errors
/// [`Code::TranscriptionIncomplete`] while a worker still writes it, or is about to.
async fn is_whole(tx: &mut UserTx, segment: &Segment) -> Result<bool, Problem> {
    let transcription = transcriptions::get(tx, segment.transcription_id).await?;
    if transcription.as_ref().is_some_and(|transcription| transcription.completed_at.is_some()) {
        return Ok(true);
    }
    let user = tx.user();
    for state in [JobState::Queued, JobState::Running] {
        let about = JobFilter {
            state: Some(state),
            conversation_id: Some(segment.conversation_id),
            ..JobFilter::default()
        };
        let unfinished = jobs::list(tx, user, &about, None, i64::MAX).await?;
        if unfinished.iter().any(|job| job.transcription_id == Some(segment.transcription_id)) {
            return Err(Problem::new(
                Code::TranscriptionIncomplete,
                "its job has not ended: correct it when the job has ended",
            ));
        }
    }
    Ok(transcription.is_some_and(|transcription| transcription.audio_id.is_none()))
}

/// Enqueues the job that processes the correction, unless such a job is queued already. A running job
/// does not count: it may have read the old text.
async fn understand(
    tx: &mut UserTx,
    segment: &Segment,
    traceparent: Option<&str>,
) -> sqlx::Result<Option<JobSnapshot>> {
    let user = tx.user();
    let job = Job::UnderstandConversation(UnderstandConversation {
        conversation_id: segment.conversation_id,
        transcription_id: segment.transcription_id,
    });
    jobs::enqueue_once(tx, user, &job, traceparent).await
}

fn refused(refused: EditError) -> Problem {
    match refused {
        EditError::NotFound => Problem::not_found("segment"),
        EditError::Changed => changed(),
        EditError::Database(error) => error.into(),
    }
}

impl Example for Correction {
    fn example() -> Self {
        Self { text: Some("Shall we take the blue tiles?".into()), speaker: None }
    }
}

impl Example for CorrectedView {
    fn example() -> Self {
        Self {
            segment: SegmentView::example(),
            job: Some(JobView { id: example_id(3), ..JobView::example() }),
        }
    }
}
