use std::collections::HashMap;

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use self_shared::database::UserTx;
use self_shared::database::entities::{self, Entity, Filter};
use uuid::Uuid;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::page::{self, ByTime};
use crate::problem::{Failing, Problem, declare};
use crate::views::{
    AppearanceView, EntityConnectionView, EntityConnectionsView, EntityDetailView, EntityPageView,
    EntitySummaryView, GraphView,
};

/// Conversations in a timeline.
const TIMELINE: i64 = 50;
/// Segments that are shown for each connection.
const EVIDENCE: i64 = 3;

pub(crate) struct EntityRoutes;

declare! {
    List: InvalidCursor;
    Read: NotFound;
}

#[OpenApi(prefix_path = "/api/v1/entities", tag = "Tag::Entities")]
impl EntityRoutes {
    /// List entities
    ///
    /// Who and what was mentioned, those mentioned last coming first.
    #[oai(path = "/", method = "get", operation_id = "list_entities")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Only of this kind: `person`, `place`, `organization`, `date`, `email`, `phone`, `link`, `amount`.
        kind: Query<Option<String>>,
        /// Only with this in one of their names.
        #[oai(validator(max_length = 200))]
        name: Query<Option<String>>,
        /// Only those mentioned then or later.
        from: Query<Option<DateTime<Utc>>>,
        /// Only those mentioned before.
        to: Query<Option<DateTime<Utc>>>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<u16>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntityPageView>, Failing<List>> {
        let filter = Filter { kind: kind.0, name: name.0, from: from.0, to: to.0 };
        let limit = page::limit(limit.0)?;
        let behind = page::place::<ByTime<b'e'>>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = entities::list(&mut tx, &filter, behind, limit + 1).await?;
        let at = |last: &Entity| ByTime::<b'e'>(last.last_seen_at, last.id);
        let (found, next_cursor) = page::cut(found, limit, at);
        Ok(Json(EntityPageView { items: found.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Get an entity
    ///
    /// With its timeline: the newest fifty conversations that mention it, and where.
    #[oai(path = "/:id", method = "get", operation_id = "get_entity")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
    ) -> Result<Json<EntityDetailView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let entity = known(&mut tx, id.0.0).await?;
        let timeline = AppearanceView::gather(entities::timeline(&mut tx, id.0.0, TIMELINE).await?);
        Ok(Json(EntityDetailView { entity: entity.into(), timeline }))
    }

    /// List what an entity is connected with
    ///
    /// Strongest first, each with the newest segments that speak for it.
    #[oai(path = "/:id/connections", method = "get", operation_id = "list_entity_connections")]
    async fn connections(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<u16>>,
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
    /// Everything that is at most `depth` connections away, bounded by `limit`.
    #[oai(path = "/:id/graph", method = "get", operation_id = "get_entity_graph")]
    async fn graph(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The entity.
        id: Path<Id>,
        /// How many connections away: 1 to 3, 1 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "3")))]
        depth: Query<Option<i32>>,
        /// How many entities at most: 1 to 100, 20 when absent.
        limit: Query<Option<u16>>,
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
