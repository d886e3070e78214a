mod request;
mod search_query;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use self_shared::bus::EmbedError;
use self_shared::database::search::{Scope, SourceKind};
use self_shared::domain::conversation::Source;
use uuid::Uuid;

use self::request::{Mode, SearchRequest};
use self::search_query::SearchQuery;
use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::input::Input;
use crate::input::text::{Language, Text};
use crate::page::{self, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::time::Time;
use crate::views::FoundView;
use crate::wire_enums::{Wire, WireEnum as _};

pub(crate) struct SearchRoutes;

/// A question, and filters for the search.
#[derive(Object)]
#[oai(rename = "Question", example)]
struct QuestionBody {
    /// The subject of the passages, in the user's own words.
    #[oai(validator(min_length = 1, max_length = 2000, pattern = "\\S"))]
    query: String,
    /// The method of comparison. `hybrid` when absent.
    mode: Option<Wire<Mode>>,
    /// Only passages from this kind of source.
    kind: Option<Wire<SourceKind>>,
    /// Only conversations that began, and files that changed, at this time or later.
    from: Option<Time>,
    /// Only conversations that began, and files that changed, before this time.
    to: Option<Time>,
    /// Only this conversation.
    conversation_id: Option<Uuid>,
    /// Only conversations that mention this entity.
    entity_id: Option<Uuid>,
    /// Only conversations in which a person with this name is mentioned or speaks. A part of the name
    /// matches if it consists of whole words.
    #[oai(validator(max_length = 200))]
    person: Option<String>,
    /// Only conversations with this tag.
    tag: Option<String>,
    /// Only this file.
    file_id: Option<Uuid>,
    /// Only files on this device.
    device: Option<String>,
    /// Only files whose path begins with this text.
    path: Option<String>,
    /// The largest number of passages in the page: 1 to 100.
    #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "100")))]
    limit: u16,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

fn ten() -> u16 {
    10
}

declare! {
    Typing: InvalidQuery, InvalidCursor, NoWorkerForSearch;
    Asking: InvalidQuery, InvalidCursor, NoWorkerForSearch;
}

#[OpenApi(prefix_path = "/api/v1/search", tag = "Tag::Search")]
impl SearchRoutes {
    /// Search
    ///
    /// Finds passages by words, by `"phrases in quotes"` that must occur exactly, and by `-exclusions`.
    /// Words that occur nowhere are treated as typing errors; `corrections` contains the words that
    /// were searched for instead. By default, meaning is compared, too (`hybrid`). While no worker can
    /// compare meaning, only words are compared.
    ///
    /// Hits from conversations and from files are ranked in one list. A filter that applies only to
    /// conversations excludes files, and the reverse.
    #[oai(path = "/", method = "get", operation_id = "search")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn search(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The search query.
        #[oai(validator(min_length = 1, max_length = 2000, pattern = "\\S"))]
        q: Query<String>,
        /// The method of comparison. `hybrid` when absent.
        mode: Query<Option<Wire<Mode>>>,
        /// Only passages from this kind of source.
        kind: Query<Option<Wire<SourceKind>>>,
        /// Only conversations that began, and files that changed, at this time or later.
        from: Query<Option<Time>>,
        /// Only conversations that began, and files that changed, before this time.
        to: Query<Option<Time>>,
        /// Only this conversation.
        conversation_id: Query<Option<Uuid>>,
        /// Only conversations that mention this entity.
        entity_id: Query<Option<Uuid>>,
        /// Only conversations in which a person with this name is mentioned or speaks. A part of the
        /// name matches if it consists of whole words.
        #[oai(validator(max_length = 200))]
        person: Query<Option<String>>,
        /// Only conversations from this source.
        source: Query<Option<Wire<Source>>>,
        /// Only conversations in this language, as a BCP 47 tag.
        language: Query<Option<Text<Language>>>,
        /// Only conversations with this tag.
        tag: Query<Option<String>>,
        /// Only this file.
        file_id: Query<Option<Uuid>>,
        /// Only files on this device.
        device: Query<Option<String>>,
        /// Only files whose path begins with this text.
        path: Query<Option<String>>,
        /// The largest number of passages in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page. It is valid only with the same search.
        cursor: Query<Option<String>>,
    ) -> Result<Json<FoundView>, Failing<Typing>> {
        let mode = mode.0.map_or_else(Mode::default, |mode| mode.0);
        let request = SearchRequest {
            field: "q",
            search_query: SearchQuery::parse(&q.0),
            mode,
            words_will_do: mode == Mode::Hybrid,
            scope: Scope {
                kind: kind.0.map(|kind| kind.0),
                from: from.0.map(|time| time.0),
                to: to.0.map(|time| time.0),
                conversation: conversation_id.0,
                entity: entity_id.0,
                person: person.0,
                source: source.0.map(|source| source.0.as_wire().to_owned()),
                language: language.0.map(|language| language.0),
                tag: tag.0,
                file: file_id.0,
                device: device.0,
                path: path.0,
                ..Scope::default()
            },
            limit: page::limit(limit.0)?,
        };
        Ok(Json(request.answer(&app, &caller, cursor.0.as_deref()).await?))
    }

    /// Search by meaning
    ///
    /// Finds passages whose meaning is similar to the question, whatever words they use. This needs a
    /// worker: if none answers, the answer is 503; try again later.
    #[oai(path = "/semantic", method = "post", operation_id = "search_semantic")]
    async fn semantic(
        &self,
        caller: Caller,
        app: Data<&App>,
        body: Input<QuestionBody>,
    ) -> Result<Json<FoundView>, Failing<Asking>> {
        let asked = body.0;
        let request = SearchRequest {
            field: "query",
            search_query: SearchQuery::plain(&asked.query),
            mode: asked.mode.map_or_else(Mode::default, |mode| mode.0),
            words_will_do: false,
            scope: Scope {
                kind: asked.kind.map(|kind| kind.0),
                from: asked.from.map(|time| time.0),
                to: asked.to.map(|time| time.0),
                conversation: asked.conversation_id,
                entity: asked.entity_id,
                person: asked.person,
                tag: asked.tag,
                file: asked.file_id,
                device: asked.device,
                path: asked.path,
                ..Scope::default()
            },
            limit: i64::from(asked.limit),
        };
        Ok(Json(request.answer(&app, &caller, asked.cursor.as_deref()).await?))
    }
}

impl From<EmbedError> for Problem {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::NoWorker | EmbedError::TooSlow => {
                let detail =
                    "comparing meanings needs a worker, and none answered in time; try again in a moment";
                Self::new(Code::NoWorkerForSearch, detail).retry_after(5).because(error)
            }
            EmbedError::Refused(_) => {
                Self::new(Code::InvalidQuery, "the question could not be understood; say it differently")
                    .because(error)
            }
        }
    }
}

impl Example for QuestionBody {
    fn example() -> Self {
        Self {
            query: "What did we decide about the kitchen?".to_owned(),
            mode: Some(Wire(Mode::Hybrid)),
            kind: None,
            from: None,
            to: None,
            conversation_id: None,
            entity_id: None,
            person: None,
            tag: None,
            file_id: None,
            device: None,
            path: None,
            limit: 10,
            cursor: None,
        }
    }
}
