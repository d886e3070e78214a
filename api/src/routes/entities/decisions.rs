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
use crate::wire_enums::Stored;

type DecisionCursor = ByTime<b'd'>;

pub(crate) struct DecisionRoutes;

/// Something that was decided about a name. It holds whenever the name is heard.
#[derive(Object)]
#[oai(rename = "EntityDecision", skip_serializing_if_is_none, example)]
struct DecisionView {
    /// Names it.
    id: Uuid,
    /// What was found.
    kind: Stored<EntityKind>,
    /// The name of what was found, in the one form that all its spellings share.
    key: String,
    /// Only where it is spelled so; everywhere when absent.
    spelling: Option<String>,
    /// What it is; absent when it was forgotten, and is passed over.
    becomes: Option<BecomesView>,
    /// When it was decided.
    decided_at: Time,
}

/// What something that is found is.
#[derive(Object)]
#[oai(rename = "DecidedEntity")]
struct BecomesView {
    /// What it is.
    kind: Stored<EntityKind>,
    /// What it was called when that was decided.
    name: String,
}

/// A page of decisions, newest first.
#[derive(Object)]
#[oai(rename = "EntityDecisionPage", skip_serializing_if_is_none, example)]
struct DecisionPageView {
    /// The decisions.
    items: Vec<DecisionView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    next_cursor: Option<String>,
}

/// What follows from a decision that does not count any more.
#[derive(Object)]
#[oai(rename = "DecisionTakenBack", example)]
struct TakenBackView {
    /// The work to understand anew what it concerned, conversation by conversation; without what waits to
    /// be understood anyway.
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
    /// What was decided by renaming, merging, splitting and forgetting entities, and holds whenever they
    /// are heard again; newest first.
    #[oai(path = "/", method = "get", operation_id = "list_entity_decisions")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
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
    /// What is heard from then on is what it is found as. So is what was heard before: the conversations
    /// that the decision concerned are understood anew, the newest two hundred of them. That brings back
    /// what was forgotten. An entity that is there keeps the name that it was given.
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
