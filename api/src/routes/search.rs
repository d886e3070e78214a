use std::time::Duration;

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use self_shared::bus::EmbedError;
use self_shared::database::search::{self, Passage};
use uuid::Uuid;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::input::Input;
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::example_id;

/// How long a worker may take to turn the question into a vector.
const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) struct SearchRoutes;

/// What is searched for.
#[derive(Object)]
#[oai(example)]
struct Question {
    /// What the passages should be about, in one's own words.
    #[oai(validator(max_length = 2000))]
    query: String,
    /// How many passages at most: 1 to 100.
    #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "100")))]
    limit: u16,
}

fn ten() -> u16 {
    10
}

/// What was found.
#[derive(Object)]
#[oai(rename = "Passages", example)]
struct PassagesView {
    /// The passages that are closest in meaning, best first.
    items: Vec<PassageView>,
    /// The model that compared them.
    model: String,
}

/// Something that was said, ready to be played.
#[derive(Object)]
#[oai(rename = "Passage", skip_serializing_if_is_none)]
struct PassageView {
    /// The conversation that it is from.
    conversation_id: Uuid,
    /// What that is called.
    title: String,
    /// The transcript that it is from.
    transcription_id: Uuid,
    /// The recording to play.
    audio_id: Option<Uuid>,
    /// The segments that it is made of.
    segment_ids: Vec<Uuid>,
    /// Where to play from.
    start_ms: i64,
    /// Where to play to.
    end_ms: i64,
    /// What was said.
    text: String,
    /// How close in meaning: 1 is the same, 0 has nothing in common.
    score: f64,
}

declare! {
    Semantic: InvalidQuery, NoWorkerForSearch;
}

#[OpenApi(prefix_path = "/api/v1/search", tag = "Tag::Search")]
impl SearchRoutes {
    /// Search by meaning
    ///
    /// Finds passages of conversations that mean something like the question, whatever their words.
    #[oai(path = "/semantic", method = "post", operation_id = "search_semantic")]
    async fn semantic(
        &self,
        caller: Caller,
        app: Data<&App>,
        body: Input<Question>,
    ) -> Result<Json<PassagesView>, Failing<Semantic>> {
        let Question { query, limit } = body.0;
        if query.trim().is_empty() {
            return Err(Problem::field("query", "is empty").into());
        }
        let question = app.bus.embed_query(query.trim(), DEADLINE).await?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = search::nearest(&mut tx, &question.embedding, &question.model, i64::from(limit)).await?;
        Ok(Json(PassagesView {
            items: found.into_iter().map(PassageView::from).collect(),
            model: question.model,
        }))
    }
}

impl From<EmbedError> for Problem {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::NoWorker | EmbedError::TooSlow => {
                let detail = "searching needs a worker, and none answered in time; try again in a moment";
                Self::new(Code::NoWorkerForSearch, detail).retry_after(5).because(error)
            }
            EmbedError::Refused(_) => {
                Self::new(Code::InvalidQuery, "the question could not be understood; say it differently")
                    .because(error)
            }
        }
    }
}

impl From<Passage> for PassageView {
    fn from(passage: Passage) -> Self {
        Self {
            conversation_id: passage.conversation_id,
            title: passage.title,
            transcription_id: passage.transcription_id,
            audio_id: passage.audio_id,
            segment_ids: passage.segment_ids,
            start_ms: passage.start_ms,
            end_ms: passage.end_ms,
            text: passage.text,
            score: passage.score,
        }
    }
}

impl Example for Question {
    fn example() -> Self {
        Self { query: "What did we decide about the kitchen?".to_owned(), limit: 10 }
    }
}

impl Example for PassagesView {
    fn example() -> Self {
        let passage = PassageView {
            conversation_id: example_id(2),
            title: "Kitchen plans".to_owned(),
            transcription_id: example_id(4),
            audio_id: Some(example_id(1)),
            segment_ids: vec![example_id(5)],
            start_ms: 350,
            end_ms: 2_900,
            text: "Shall we take the blue tiles?".to_owned(),
            score: 0.62,
        };
        Self { items: vec![passage], model: "all-MiniLM-L6-v2".to_owned() }
    }
}
