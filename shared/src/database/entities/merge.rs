//! Merging two entities.

use uuid::Uuid;

use super::decide::{EditError, hold, remove};
use super::decisions::redirect;
use super::{Entity, get};
use crate::database::UserTx;
use crate::database::graph::{self, DetachedGraph};
use crate::events::EntityUpdate;

/// Merges `other` into `id`: the mentions and connections of `other` become those of `id`, which keeps its
/// name and gets the names of the other as aliases. From then on, names that referred to `other` refer to
/// `id`.
pub async fn merge(
    tx: &mut UserTx,
    id: Uuid,
    other: Uuid,
    version: Option<i64>,
) -> Result<Entity, EditError> {
    graph::lock(tx).await?;
    if id == other {
        return Err(EditError::Itself);
    }
    let stays = hold(tx, id, version).await?;
    let goes = hold(tx, other, None).await?;
    redirect(tx, &goes, Some(&stays)).await?;
    let user = tx.user();
    sqlx::query!(
        "update mentions set entity_id = $2 where user_id = $1 and entity_id = $3",
        user.0,
        id,
        other,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update insight_evidence set entity_id = $2 where user_id = $1 and entity_id = $3",
        user.0,
        id,
        other,
    )
    .execute(&mut **tx)
    .await?;
    let connections = connect(tx, id, other).await?;
    sqlx::query!(
        "update entities e set
             aliases = array(select distinct alias from unnest(e.aliases || o.aliases || o.name) alias
                             where alias <> e.name order by alias),
             first_seen_at = least(e.first_seen_at, o.first_seen_at),
             last_seen_at = greatest(e.last_seen_at, o.last_seen_at),
             version = e.version + 1, updated_at = now()
         from entities o where e.user_id = $1 and e.id = $2 and o.user_id = $1 and o.id = $3",
        user.0,
        id,
        other,
    )
    .execute(&mut **tx)
    .await?;
    remove(tx, other).await?;
    graph::prune_orphans(
        tx,
        &DetachedGraph { entities: [].into(), connections: connections.into_iter().collect() },
    )
    .await?;
    tx.emit(&EntityUpdate::Merged { id, other_id: other });
    get(tx, id).await?.ok_or(EditError::NotFound)
}

/// Moves the connections of `other` to `id`, with their evidence. Returns the connections of `id`.
async fn connect(tx: &mut UserTx, id: Uuid, other: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    // If both are connected with a third entity, the connection of `id` takes over the evidence.
    sqlx::query!(
        "with pairs as (
             select goes.id as goes, stays.id as stays, goes.first_seen_at, goes.last_seen_at
             from connections goes
             join connections stays on stays.user_id = $1 and stays.kind = goes.kind
                 and $2 in (stays.from_entity_id, stays.to_entity_id)
                 and case when goes.from_entity_id = $3 then goes.to_entity_id else goes.from_entity_id end
                     in (stays.from_entity_id, stays.to_entity_id)
             where goes.user_id = $1 and $3 in (goes.from_entity_id, goes.to_entity_id)
               -- What connects the two with one another connects nothing any more.
               and $2 not in (goes.from_entity_id, goes.to_entity_id)),
         seen as (
             update connections c set first_seen_at = least(c.first_seen_at, pairs.first_seen_at),
                                      last_seen_at = greatest(c.last_seen_at, pairs.last_seen_at)
             from pairs where c.user_id = $1 and c.id = pairs.stays)
         insert into connection_evidence (connection_id, segment_id, user_id, transcription_id, weight)
         select pairs.stays, e.segment_id, e.user_id, e.transcription_id, e.weight
         from pairs join connection_evidence e on e.user_id = $1 and e.connection_id = pairs.goes
         on conflict (connection_id, segment_id) do update set
             weight = connection_evidence.weight + excluded.weight",
        user.0,
        id,
        other,
    )
    .execute(&mut **tx)
    .await?;
    // If only `other` is connected with a third entity, the connection itself moves. The remaining
    // connections are deleted with `other`.
    sqlx::query!(
        "update connections c set from_entity_id = least($2, ends.third), to_entity_id = greatest($2, ends.third)
         from (select id, kind, case when from_entity_id = $3 then to_entity_id else from_entity_id end as third
               from connections where user_id = $1 and $3 in (from_entity_id, to_entity_id)) ends
         where c.user_id = $1 and c.id = ends.id and ends.third <> $2
           and not exists (select from connections known
                           where known.user_id = $1 and known.kind = ends.kind
                             and known.from_entity_id = least($2, ends.third)
                             and known.to_entity_id = greatest($2, ends.third))",
        user.0,
        id,
        other,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query_scalar!(
        "select id from connections where user_id = $1 and $2 in (from_entity_id, to_entity_id)
         and $3 not in (from_entity_id, to_entity_id)",
        user.0,
        id,
        other,
    )
    .fetch_all(&mut **tx)
    .await
}
