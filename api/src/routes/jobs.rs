use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use self_shared::database::jobs::{self, CancelError, JobFilter, RetryError};
use self_shared::domain::job::{JobKind, JobState, Lane};
use uuid::Uuid;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::page::{self, ById, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::{JobPageView, JobView};
use crate::wire_enums::Wire;

type JobCursor = ById<b'j'>;

pub(crate) struct JobRoutes;

declare! {
    List: InvalidCursor;
    Read: NotFound;
    Cancel: NotFound, JobEnded;
    Retry: NotFound, JobNotRetryable, ContentMissing;
}

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Jobs")]
impl JobRoutes {
    /// List jobs
    ///
    /// Newest first.
    #[oai(path = "/", method = "get", operation_id = "list_jobs")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Only jobs in this state.
        state: Query<Option<Wire<JobState>>>,
        /// Only jobs of this kind.
        kind: Query<Option<Wire<JobKind>>>,
        /// Only jobs of this lane.
        lane: Query<Option<Wire<Lane>>>,
        /// Only jobs for this recording.
        audio_id: Query<Option<Uuid>>,
        /// Only jobs for this conversation.
        conversation_id: Query<Option<Uuid>>,
        /// Only jobs for this file.
        file_id: Query<Option<Uuid>>,
        /// The largest number of jobs in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<JobPageView>, Failing<List>> {
        let filter = JobFilter {
            state: state.0.map(|state| state.0),
            kind: kind.0.map(|kind| kind.0),
            lane: lane.0.map(|lane| lane.0),
            audio_id: audio_id.0,
            conversation_id: conversation_id.0,
            file_id: file_id.0,
        };
        let (limit, after) = (page::limit(limit.0)?, page::decode::<JobCursor>(cursor.0.as_deref())?);
        let mut tx = app.database.as_user(caller.0.user).await?;
        let after = after.map(|ById(id)| id);
        let found = jobs::list(&mut tx, caller.0.user, &filter, after, limit + 1).await?;
        let (found, next_cursor) = page::cut(found, limit, |job| ById::<b'j'>(job.id));
        Ok(Json(JobPageView { items: found.into_iter().map(JobView::from).collect(), next_cursor }))
    }

    /// Get a job
    #[oai(path = "/:id", method = "get", operation_id = "get_job")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The job.
        id: Path<Id>,
    ) -> Result<Json<JobView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let job =
            jobs::get(&mut tx, caller.0.user, id.0.0).await?.ok_or_else(|| Problem::not_found("job"))?;
        Ok(Json(job.into()))
    }

    /// Cancel a job
    ///
    /// A queued job is cancelled at once. A running job stops at its next step; until then
    /// `cancel_requested` is true. To send the request again changes nothing.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_job")]
    async fn cancel(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The job.
        id: Path<Id>,
    ) -> Result<Json<JobView>, Failing<Cancel>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let job = jobs::cancel(&mut tx, caller.0.user, id.0.0).await?;
        tx.commit().await?;
        Ok(Json(job.into()))
    }

    /// Try a job again
    ///
    /// A job that is dead or cancelled is queued again. It continues from the progress that it had
    /// saved.
    #[oai(path = "/:id/retry", method = "post", operation_id = "retry_job")]
    async fn retry(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The job.
        id: Path<Id>,
    ) -> Result<Json<JobView>, Failing<Retry>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let job: JobView = jobs::retry(&mut tx, caller.0.user, id.0.0).await?.into();
        tx.commit().await?;
        Ok(Json(job))
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::not_found("job"),
            CancelError::Ended(_) => Self::new(Code::JobEnded, error.to_string()),
            CancelError::Database(error) => error.into(),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::not_found("job"),
            RetryError::NotEnded(_) => Self::new(Code::JobNotRetryable, error.to_string()),
            RetryError::SoundRemoved => Self::new(Code::ContentMissing, error.to_string()),
            RetryError::Database(error) => error.into(),
        }
    }
}
