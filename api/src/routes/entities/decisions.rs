//! A person's decisions about entities: list and undo.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use self_shared::database::entities::{self, Decided};
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Failing, Problem, declare};
use crate::routes::Tag;
use crate::routes::audio::traceparent;
use crate::time::Time;
use crate::views::{JobView, example_id, example_time};
use crate::wire_enums::StoredEnum;

type DecisionCursor = ByTime<b'd'>;

pub(crate) struct DecisionRoutes;

/// A decision of the user about a name. It applies whenever the name occurs.
#[derive(Object)]
#[oai(rename = "EntityDecision", skip_serializing_if_is_none, example)]
struct DecisionView {
    /// The id of the decision.
    id: Uuid,
    /// The kind of the entity that was found.
    kind: StoredEnum<EntityKind>,
    /// The name that was found, in a normalised form that all of its spellings share.
    key: String,
    /// The only spelling to which the decision applies. When absent, it applies to all spellings.
    spelling: Option<String>,
    /// The entity that the name means. Absent if the entity was forgotten: then the name is ignored.
    becomes: Option<BecomesView>,
    /// When the user decided.
    decided_at: Time,
}

/// The entity that a name means.
#[derive(Object)]
#[oai(rename = "DecidedEntity")]
struct BecomesView {
    /// The kind of the entity.
    kind: StoredEnum<EntityKind>,
    /// The name of the entity at the time of the decision.
    name: String,
}

/// A page of decisions, newest first.
#[derive(Object)]
#[oai(rename = "EntityDecisionPage", skip_serializing_if_is_none, example)]
struct DecisionPageView {
    /// The decisions.
    items: Vec<DecisionView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    next_cursor: Option<String>,
}

/// The result of a decision that was taken back.
#[derive(Object)]
#[oai(rename = "DecisionTakenBack", example)]
struct TakenBackView {
    /// The jobs that process the affected conversations again. Conversations that have such a job in the
    /// queue already are left out.
    jobs: Vec<JobView>,
}

declare! {
    List: InvalidCursor;
    Known: NotFound;
}

#[OpenApi(prefix_path = "/api/v1/entities/decisions", tag = "Tag::Entities")]
impl DecisionRoutes {
    /// List decisions
    ///
    /// The decisions that the user made by renaming, merging, splitting and forgetting entities. They
    /// apply whenever the names occur again. Newest first.
    #[oai(path = "/", method = "get", operation_id = "list_entity_decisions")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The largest number of decisions in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<DecisionPageView>, Failing<List>> {
        let limit = page::limit(limit.0)?;
        let behind = page::decode::<DecisionCursor>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = entities::decided(&mut tx, behind, limit + 1).await?;
        let (found, next_cursor) = page::cut(found, limit, |last| ByTime::<b'd'>(last.decided_at, last.id));
        Ok(Json(DecisionPageView { items: found.into_iter().map(DecisionView::from).collect(), next_cursor }))
    }

    /// Take a decision back
    ///
    /// From then on, the name means again what the entity finder finds. The affected conversations are
    /// processed again, at most the newest two hundred of them. A forgotten entity comes back in this
    /// way. An existing entity keeps the name that the user gave to it.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_entity_decision")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The decision.
        id: Path<Id>,
    ) -> Result<Json<TakenBackView>, Failing<Known>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let work = entities::take_back(&mut tx, id.0.0, traceparent(request))
            .await?
            .ok_or_else(|| Problem::not_found("decision"))?;
        tx.commit().await?;
        Ok(Json(TakenBackView { jobs: work.into_iter().map(JobView::from).collect() }))
    }
}

impl From<Decided> for DecisionView {
    fn from(decided: Decided) -> Self {
        let becomes = decided.as_kind.zip(decided.as_name);
        Self {
            id: decided.id,
            kind: decided.kind.into(),
            key: decided.key,
            spelling: decided.spelling,
            becomes: becomes.map(|(kind, name)| BecomesView { kind: kind.into(), name }),
            decided_at: decided.decided_at.into(),
        }
    }
}

impl Example for DecisionView {
    fn example() -> Self {
        Self {
            id: example_id(13),
            kind: EntityKind::Person.into(),
            key: "maria silva".to_owned(),
            spelling: None,
            becomes: Some(BecomesView { kind: EntityKind::Person.into(), name: "Maria da Silva".to_owned() }),
            decided_at: example_time(),
        }
    }
}

impl Example for TakenBackView {
    fn example() -> Self {
        Self { jobs: vec![JobView::example()] }
    }
}

impl Example for DecisionPageView {
    fn example() -> Self {
        Self { items: vec![DecisionView::example()], next_cursor: None }
    }
}
