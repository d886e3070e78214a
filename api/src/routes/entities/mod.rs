//! Entities, their connections, and the corrections that people make.

mod correction;
mod decisions;

use std::collections::HashMap;

use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use self_shared::database::UserTx;
use self_shared::database::entities::{self, EditError, Entity, Filter};
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use self::correction::{EntityPatch, Merge, Split};
pub(crate) use self::decisions::DecisionRoutes;
use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::etag::{changed, etag, expected};
use crate::id::Id;
use crate::input::Input;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::time::Time;
use crate::views::{
    AppearanceView, EntityConnectionView, EntityConnectionsView, EntityDetailView, EntityPageView,
    EntitySummaryView, GraphView,
};
use crate::wire_enums::Wire;

/// The number of conversations in a timeline.
const TIMELINE: i64 = 50;
/// The number of segments shown with each connection.
const EVIDENCE: i64 = 3;

pub(crate) struct EntityRoutes;

declare! {
    List: InvalidCursor;
    Read: NotFound;
    Change: NotFound, PreconditionFailed, EntityExists;
    Correct: NotFound, PreconditionFailed;
}

#[derive(ApiResponse)]
enum Found {
    /// The entity.
    #[oai(status = 200)]
    Found(
        Json<EntityDetailView>,
        /// The version of the entity. Send it as `If-Match` with a correction.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Changed {
    /// The entity after the change.
    #[oai(status = 200)]
    Changed(
        Json<EntitySummaryView>,
        /// The version of the entity after the change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Divided {
    /// The other entity, which these names mean from now on.
    #[oai(status = 201)]
    Divided(
        Json<EntitySummaryView>,
        /// The address of the other entity.
        #[oai(header = "Location")]
        String,
        /// The version of the other entity.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Forgotten {
    /// The entity is deleted, and is ignored when it is mentioned again.
    #[oai(status = 204)]
    Forgotten,
}

#[OpenApi(prefix_path = "/api/v1/entities", tag = "Tag::Entities")]
impl EntityRoutes {
    /// List entities
    ///
    /// The entity that was mentioned last comes first.
    #[oai(path = "/", method = "get", operation_id = "list_entities")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Only entities of this kind.
        kind: Query<Option<Wire<EntityKind>>>,
        /// Only entities with this text in one of their names.
        #[oai(validator(max_length = 200))]
        name: Query<Option<String>>,
        /// Only entities mentioned at this time or later.
        from: Query<Option<Time>>,
        /// Only entities mentioned before this time.
        to: Query<Option<Time>>,
        /// The largest number of entities in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntityPageView>, Failing<List>> {
        let filter = Filter {
            kind: kind.0.map(|kind| kind.0.as_str().to_owned()),
            name: name.0,
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
        };
        let limit = page::limit(limit.0)?;
        let behind = page::decode::<ByTime<b'e'>>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = entities::list(&mut tx, &filter, behind, limit + 1).await?;
        let at = |last: &Entity| ByTime::<b'e'>(last.last_seen_at, last.id);
        let (found, next_cursor) = page::cut(found, limit, at);
        Ok(Json(EntityPageView { items: found.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Get an entity
    ///
    /// With its timeline: the newest fifty conversations that mention it, with the mentions.
    #[oai(path = "/:id", method = "get", operation_id = "get_entity")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
    ) -> Result<Found, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let entity = known(&mut tx, id.0.0).await?;
        let timeline = AppearanceView::gather(entities::timeline(&mut tx, id.0.0, TIMELINE).await?);
        let tag = etag(entity.version);
        Ok(Found::Found(Json(EntityDetailView { entity: entity.into(), timeline }), tag))
    }

    /// Change the name or the kind of an entity
    ///
    /// The change is remembered as a decision: from then on, every mention of any of its names means
    /// this entity, under its new name. Fields that are absent keep their value.
    #[oai(path = "/:id", method = "patch", operation_id = "change_entity")]
    async fn change(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the entity has changed since, the answer is 412:
        /// read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<EntityPatch>,
    ) -> Result<Changed, Failing<Change>> {
        let (version, edit) = (expected(if_match.0.as_deref())?, body.0.edit());
        let mut tx = app.database.as_user(caller.0.user).await?;
        let entity = entities::edit(&mut tx, id.0.0, version, &edit).await.map_err(refused)?;
        tx.commit().await?;
        Ok(Changed::new(entity))
    }

    /// Merge an entity into this one
    ///
    /// All mentions of the other entity become mentions of this one, which keeps its name. The merge is
    /// remembered as a decision: from then on, mentions of the other entity's names mean this entity.
    #[oai(path = "/:id/merge", method = "post", operation_id = "merge_entities")]
    async fn merge(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity that stays.
        id: Path<Id>,
        /// The `ETag` of that entity that the client has read. If the entity has changed since, the
        /// answer is 412: read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Merge>,
    ) -> Result<Changed, Failing<Correct>> {
        let version = expected(if_match.0.as_deref())?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        let entity = entities::merge(&mut tx, id.0.0, body.0.entity_id, version).await.map_err(refused)?;
        tx.commit().await?;
        Ok(Changed::new(entity))
    }

    /// Split an entity
    ///
    /// The mentions of some of its names become mentions of another entity. The split is remembered as
    /// a decision: from then on, these names mean the other entity. A split can also undo a merge.
    #[oai(path = "/:id/split", method = "post", operation_id = "split_entity")]
    async fn split(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the entity has changed since, the answer is 412:
        /// read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Split>,
    ) -> Result<Divided, Failing<Correct>> {
        let (version, names) = (expected(if_match.0.as_deref())?, body.0.names());
        let mut tx = app.database.as_user(caller.0.user).await?;
        let other = entities::split(&mut tx, id.0.0, &names, version).await.map_err(refused)?;
        tx.commit().await?;
        let (location, tag) = (format!("/api/v1/entities/{}", other.id), etag(other.version));
        Ok(Divided::Divided(Json(other.into()), location, tag))
    }

    /// Forget an entity
    ///
    /// For something that is not an entity, or that is not to be remembered. Its mentions and
    /// connections are deleted; the transcripts are kept. This is remembered as a decision: the entity
    /// is ignored when it is mentioned again, until the decision is taken back.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_entity")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the entity has changed since, the answer is 412:
        /// read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Forgotten, Failing<Correct>> {
        let version = expected(if_match.0.as_deref())?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        entities::forget(&mut tx, id.0.0, version).await.map_err(refused)?;
        tx.commit().await?;
        Ok(Forgotten::Forgotten)
    }

    /// List the connections of an entity
    ///
    /// The strongest connection comes first. Each has the newest segments that are evidence for it.
    #[oai(path = "/:id/connections", method = "get", operation_id = "list_entity_connections")]
    async fn connections(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// The largest number of connections: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<EntityConnectionsView>, Failing<Read>> {
        let limit = page::limit(limit.0)?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        known(&mut tx, id.0.0).await?;
        let edges = entities::connections(&mut tx, id.0.0, limit).await?;
        let ids: Vec<Uuid> = edges.iter().map(|edge| edge.id).collect();
        let mut evidence: HashMap<Uuid, Vec<_>> = HashMap::new();
        for one in entities::evidence(&mut tx, &ids, EVIDENCE).await? {
            evidence.entry(one.connection_id).or_default().push(one);
        }
        let other = |edge: &entities::Edge| {
            if edge.from_entity_id == id.0.0 { edge.to_entity_id } else { edge.from_entity_id }
        };
        let others: Vec<Uuid> = edges.iter().map(other).collect();
        let others: HashMap<Uuid, EntitySummaryView> = entities::named(&mut tx, &others)
            .await?
            .into_iter()
            .map(|entity| (entity.id, entity.into()))
            .collect();
        let items = edges.into_iter().filter_map(|edge| {
            let other = others.get(&other(&edge))?.clone();
            let evidence = evidence.remove(&edge.id).unwrap_or_default();
            Some(EntityConnectionView::new(edge, other, evidence))
        });
        Ok(Json(EntityConnectionsView { items: items.collect() }))
    }

    /// Get the graph around an entity
    ///
    /// All entities that are at most `depth` connections away, up to `limit`, with the connections
    /// between them.
    #[oai(path = "/:id/graph", method = "get", operation_id = "get_entity_graph")]
    async fn graph(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// The largest distance in connections: 1 to 3, 1 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "3")))]
        depth: Query<Option<i32>>,
        /// The largest number of entities: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<GraphView>, Failing<Read>> {
        let limit = page::limit(limit.0)?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        known(&mut tx, id.0.0).await?;
        let (reached, edges) = entities::neighbourhood(&mut tx, id.0.0, depth.0.unwrap_or(1), limit).await?;
        let entities = entities::named(&mut tx, &reached).await?;
        Ok(Json(GraphView {
            entities: entities.into_iter().map(Into::into).collect(),
            connections: edges.into_iter().map(Into::into).collect(),
        }))
    }
}

async fn known(tx: &mut UserTx, id: Uuid) -> Result<Entity, Problem> {
    entities::get(tx, id).await?.ok_or_else(|| Problem::not_found("entity"))
}

impl Changed {
    fn new(entity: Entity) -> Self {
        let tag = etag(entity.version);
        Self::Changed(Json(entity.into()), tag)
    }
}

fn refused(refused: EditError) -> Problem {
    match refused {
        EditError::NotFound => Problem::not_found("entity"),
        EditError::Changed => changed(),
        EditError::Taken(other) => Problem::new(
            Code::EntityExists,
            format!("entity {other} is known by this name: merge the two, or choose another name"),
        ),
        EditError::Itself => Problem::field("entity_id", "must be another entity than the one that stays"),
        EditError::NeverCalled => {
            Problem::field("names", "must be among the names under which it was mentioned: see its timeline")
        }
        EditError::WouldLoseItsName => Problem::field(
            "names",
            "must leave the entity its own name: rename it first, or split off the others",
        ),
        EditError::Database(error) => error.into(),
    }
}
