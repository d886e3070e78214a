//! The neighbourhood of an entity in the graph.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Entity, query_entities};
use crate::database::UserTx;

/// Reads the person's [`Edge`]s: the further conditions and the order, the parameters.
macro_rules! query_edges {
    ($condition:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Edge,
            "select id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at
             from connections where user_id = $1 and "
                + $condition,
            $($parameter),+
        )
    };
}

/// A connection between two entities.
#[derive(Clone, Debug)]
pub struct Edge {
    pub id: Uuid,
    pub from_entity_id: Uuid,
    pub to_entity_id: Uuid,
    /// The kind of the connection.
    pub kind: String,
    /// The weight of its evidence.
    pub strength: f32,
    /// The start of the first conversation with evidence for it.
    pub first_seen_at: DateTime<Utc>,
    /// The start of the last conversation with evidence for it.
    pub last_seen_at: DateTime<Utc>,
}

/// A segment that is evidence for a connection.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub connection_id: Uuid,
    pub conversation_id: Uuid,
    pub segment_id: Uuid,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text of the segment.
    pub text: String,
}

/// Lists the strongest connections of an entity.
pub async fn connections(tx: &mut UserTx, entity: Uuid, limit: i64) -> sqlx::Result<Vec<Edge>> {
    let user = tx.user();
    query_edges!(
        "$2 in (from_entity_id, to_entity_id) order by strength desc, last_seen_at desc, id limit $3",
        user.0,
        entity,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the evidence of each connection, newest first, at most `each` per connection.
pub async fn evidence(tx: &mut UserTx, connections: &[Uuid], each: i64) -> sqlx::Result<Vec<Evidence>> {
    let user = tx.user();
    sqlx::query_as!(
        Evidence,
        r#"select wanted.id as "connection_id!", found.*
           from unnest($2::uuid[]) with ordinality as wanted (id, place)
           cross join lateral (
               select s.conversation_id, s.id as segment_id, s.start_ms, s.end_ms, s.text
               from connection_evidence e
               join segments s on s.id = e.segment_id
               join conversations c on c.id = s.conversation_id
               where e.user_id = $1 and e.connection_id = wanted.id and s.user_id = $1 and c.user_id = $1
               order by c.started_at desc, s.position, s.id limit $3) found
           order by wanted.place"#,
        user.0,
        connections,
        each,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Finds the entities at a distance of at most `depth`, including the entity itself, and all connections
/// between them. The nearest come first, and at the same distance the most strongly connected; at most
/// `limit` entities.
pub async fn neighbourhood(
    tx: &mut UserTx,
    entity: Uuid,
    depth: i32,
    limit: i64,
) -> sqlx::Result<(Vec<Uuid>, Vec<Edge>)> {
    let user = tx.user();
    let (mut reached, mut edge_of) = (vec![entity], vec![entity]);
    for _ in 0..depth {
        let room = limit - i64::try_from(reached.len()).unwrap_or(i64::MAX);
        if room <= 0 || edge_of.is_empty() {
            break;
        }
        edge_of = sqlx::query_scalar!(
            r#"select other as "other!" from (
                   select case when from_entity_id = any ($2) then to_entity_id else from_entity_id end as other,
                          strength
                   from connections
                   where user_id = $1 and (from_entity_id = any ($2) or to_entity_id = any ($2))) step
               where other <> all ($3)
               group by other order by max(strength) desc, other limit $4"#,
            user.0,
            &edge_of,
            &reached,
            room,
        )
        .fetch_all(&mut **tx)
        .await?;
        reached.extend(&edge_of);
    }
    let edges = query_edges!(
        "from_entity_id = any ($2) and to_entity_id = any ($2) order by strength desc, id",
        user.0,
        &reached,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok((reached, edges))
}

/// Reads entities by their ids, in that order.
pub async fn named(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<Vec<Entity>> {
    let user = tx.user();
    query_entities!(
        "from unnest($2::uuid[]) with ordinality as wanted (id, place)
         join entities e on e.id = wanted.id
         where e.user_id = $1 order by wanted.place",
        user.0,
        ids,
    )
    .fetch_all(&mut **tx)
    .await
}
