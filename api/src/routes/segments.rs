use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use self_shared::database::conversations::{self, Refused};
use self_shared::database::segments::{self, Segment};
use self_shared::database::{UserTx, jobs, transcriptions};
use self_shared::domain::job::{Job, JobSnapshot, UnderstandConversation};
use uuid::Uuid;

use super::Tag;
use super::audio::traceparent;
use crate::app::App;
use crate::auth::Caller;
use crate::etag::{changed, etag, expected};
use crate::id::Id;
use crate::input::Input;
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::{JobView, SegmentView, example_id};

pub(crate) struct SegmentRoutes;

/// What is to change about a segment; what is absent stays.
#[derive(Object)]
#[oai(example)]
struct Correction {
    /// What was really said.
    #[oai(validator(min_length = 1, max_length = 10_000, pattern = "\\S"))]
    text: Option<String>,
    /// Who said it: a mark, or the name itself; empty for nobody known.
    #[oai(validator(max_length = 100))]
    speaker: Option<String>,
}

/// A segment that was corrected.
#[derive(Object)]
#[oai(rename = "CorrectedSegment", skip_serializing_if_is_none, example)]
struct CorrectedView {
    /// As it is now.
    segment: SegmentView,
    /// The work that brings entities, connections and search up to date; absent when the text is the
    /// same as before, or when such work waits already.
    job: Option<JobView>,
}

#[derive(ApiResponse)]
enum Corrected {
    /// As it is now.
    #[oai(status = 200)]
    Corrected(
        Json<CorrectedView>,
        /// Names this revision of it.
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
    /// Its times stay, and what was heard is kept as `original_text`. What changed is understood and
    /// embedded anew. A segment that is marked as uncertain is not so any more once its text was sent,
    /// be it the same text: it is then understood like the others.
    #[oai(path = "/:id", method = "patch", operation_id = "correct_segment")]
    async fn correct(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The segment.
        id: Path<Id>,
        /// The segment's `revision` that was read, in quotes: 412 if it has changed since.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Correction>,
    ) -> Result<Corrected, Failing<Correct>> {
        let revision = expected(if_match.0.as_deref())?;
        let Correction { text, speaker } = body.0;
        let text = text.map(|text| text.trim().to_owned());
        let mut tx = app.database.as_user(caller.0.user).await?;
        let before = segments::hold(&mut tx, id.0.0, revision).await.map_err(refused)?;
        complete(&mut tx, before.transcription_id).await?;
        let is_confirmed = text.is_some();
        let text = text.unwrap_or_else(|| before.text.clone());
        let speaker = speaker.or_else(|| before.speaker.clone()).filter(|speaker| !speaker.trim().is_empty());
        let after = segments::correct(&mut tx, id.0.0, &text, speaker.as_deref(), is_confirmed).await?;
        conversations::touch(&mut tx, after.conversation_id).await?;
        transcriptions::announce(&mut tx, after.transcription_id, &[after.id], None).await?;
        let job = if after.text == before.text && after.is_uncertain == before.is_uncertain {
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

/// While a worker still writes the transcript, nobody else does.
async fn complete(tx: &mut UserTx, transcription: Uuid) -> Result<(), Problem> {
    let transcription = transcriptions::get(tx, transcription).await?;
    if transcription.is_none_or(|transcription| transcription.completed_at.is_none()) {
        return Err(Problem::new(
            Code::TranscriptionIncomplete,
            "its job still works on it: correct it when the job has succeeded",
        ));
    }
    Ok(())
}

/// Accepts the work that follows, unless the same waits already: one that runs has perhaps read the
/// old text.
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

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::NotFound => Problem::not_found("segment"),
        Refused::Changed => changed(),
        Refused::Database(error) => error.into(),
    }
}

impl Example for Correction {
    fn example() -> Self {
        Self { text: Some("Shall we take the blue tiles?".to_owned()), speaker: None }
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
