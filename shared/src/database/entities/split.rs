//! Splitting an entity in two.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::decide::{EditError, hold};
use super::decisions::{remember, whole};
use super::{Entity, get};
use crate::database::UserTx;
use crate::database::graph::{self, DetachedGraph};
use crate::domain::entity::{Decision, Named, spelling};
use crate::domain::new_id;
use crate::events::EntityUpdate;

/// A mention of the entity.
struct MentionPosition {
    id: Uuid,
    text: String,
}

/// Evidence for a connection of the entity, near a mention that moves to the other entity.
struct ConnectionEvidence {
    connection_id: Uuid,
    third: Uuid,
    kind: String,
    segment_id: Uuid,
    stays: bool,
}

/// Splits an entity: its mentions with these names move to another entity, whose name is the first of them.
/// From then on, these names refer to the other entity. Returns the other entity.
pub async fn split(
    tx: &mut UserTx,
    id: Uuid,
    names: &[String],
    version: Option<i64>,
) -> Result<Entity, EditError> {
    graph::lock(tx).await?;
    let stays = hold(tx, id, version).await?;
    let spelled: BTreeSet<String> = names.iter().map(|name| spelling(name)).collect();
    let Some(name) = names.first() else { return Err(EditError::NeverCalled) };
    let goes = Named { kind: stays.kind, key: spelling(name), name: name.clone() };
    if spelled.contains(&stays.key) || spelled.contains(&spelling(&stays.name)) {
        return Err(EditError::WouldLoseItsName);
    }
    let places = places(tx, id).await?;
    let moved: Vec<Uuid> = places
        .iter()
        .filter(|place| spelled.contains(&spelling(&place.text)))
        .map(|place| place.id)
        .collect();
    if moved.is_empty() {
        return Err(EditError::NeverCalled);
    }
    if moved.len() == places.len() {
        return Err(EditError::WouldLoseItsName);
    }
    decide(tx, &stays, &goes, &spelled).await?;
    let other = entity(tx, id, &goes).await?;
    let user = tx.user();
    sqlx::query!(
        "update mentions set entity_id = $3 where user_id = $1 and id = any ($2)",
        user.0,
        &moved,
        other,
    )
    .execute(&mut **tx)
    .await?;
    let connections = connect(tx, id, other, &moved).await?;
    graph::prune_orphans(tx, &DetachedGraph { entities: [].into(), connections }).await?;
    describe(tx, id, &spelled, None).await?;
    describe(tx, other, &BTreeSet::new(), Some(names)).await?;
    tx.emit(&EntityUpdate::Split { id, other_id: other });
    get(tx, other).await?.ok_or(EditError::NotFound)
}

async fn places(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Vec<MentionPosition>> {
    let user = tx.user();
    sqlx::query_as!(
        MentionPosition,
        "select id, text from mentions where user_id = $1 and entity_id = $2",
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Stores decisions so that the names refer to the other entity: by their own keys, and by these spellings
/// under every key that refers to the first entity.
async fn decide(
    tx: &mut UserTx,
    stays: &Named,
    goes: &Named,
    spelled: &BTreeSet<String>,
) -> sqlx::Result<()> {
    let leading = super::decisions(tx).await?.into_iter().filter(|decision| {
        decision.spelling.is_none()
            && decision
                .becomes
                .as_ref()
                .is_some_and(|named| (named.kind, &named.key) == (stays.kind, &stays.key))
    });
    let mut leading: Vec<_> = leading.map(|decision| (decision.kind, decision.key)).collect();
    let own = (stays.kind, stays.key.clone());
    if !leading.contains(&own) {
        leading.push(own);
    }
    let mut decisions = Vec::new();
    for name in spelled {
        for (kind, key) in leading.iter().filter(|(_, key)| key != name) {
            decisions.push(Decision {
                kind: *kind,
                key: key.clone(),
                spelling: Some(name.clone()),
                becomes: Some(goes.clone()),
            });
        }
        decisions.push(whole(goes.kind, name, Some(goes)));
    }
    remember(tx, &decisions).await
}

/// Inserts the other entity, or finds the one that has this name already.
async fn entity(tx: &mut UserTx, id: Uuid, goes: &Named) -> sqlx::Result<Uuid> {
    let user = tx.user();
    sqlx::query_scalar!(
        "insert into entities (id, user_id, kind, name, key, first_seen_at, last_seen_at)
         select $3, $1, $4, $5, $6, first_seen_at, last_seen_at from entities where user_id = $1 and id = $2
         on conflict (user_id, kind, key) do update set updated_at = now()
         returning id",
        user.0,
        id,
        new_id(),
        goes.kind.as_str(),
        goes.name,
        goes.key,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Copies evidence for connections to the other entity. The copied evidence is in the segment of a moved
/// mention, or in the segment before, which is evidence for neighbours. If the first entity is still
/// mentioned there, both entities keep the evidence; otherwise the first entity loses it. Returns all
/// connections that were changed.
async fn connect(tx: &mut UserTx, id: Uuid, other: Uuid, moved: &[Uuid]) -> sqlx::Result<BTreeSet<Uuid>> {
    let user = tx.user();
    let evidence = sqlx::query_as!(
        ConnectionEvidence,
        r#"select connection_id, third as "third!", kind, segment_id, stays as "stays!" from (
               select c.id as connection_id, c.kind, e.segment_id,
                      case when c.from_entity_id = $2 then c.to_entity_id else c.from_entity_id end as third,
                      exists (select from mentions m join segments near on near.id = m.segment_id
                              where m.user_id = $1 and near.user_id = $1
                                and m.id = any ($4) and near.transcription_id = s.transcription_id
                                and near.position in (s.position, s.position + 1)) as goes,
                      exists (select from mentions m join segments near on near.id = m.segment_id
                              where m.user_id = $1 and near.user_id = $1
                                and m.entity_id = $2 and near.transcription_id = s.transcription_id
                                and near.position in (s.position, s.position + 1)) as stays
               from connections c
               join connection_evidence e on e.connection_id = c.id
               join segments s on s.id = e.segment_id
               where c.user_id = $1 and e.user_id = $1 and s.user_id = $1
                 and $2 in (c.from_entity_id, c.to_entity_id)) near
           where goes and third <> $3"#,
        user.0,
        id,
        other,
        moved,
    )
    .fetch_all(&mut **tx)
    .await?;
    let connections: BTreeMap<Uuid, &ConnectionEvidence> =
        evidence.iter().map(|one| (one.connection_id, one)).collect();
    // Two connections of the entity differ in the third entity or in the kind, because the lower id always
    // comes first. So no two of them become the same connection of the other entity.
    let of_other = sqlx::query_scalar!(
        "insert into connections
             (id, user_id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at)
         select fresh.id, $1, least($2, fresh.third), greatest($2, fresh.third), c.kind, 0,
                c.first_seen_at, c.last_seen_at
         from unnest($3::uuid[], $4::uuid[], $5::uuid[]) as fresh (id, connection_id, third)
         join connections c on c.user_id = $1 and c.id = fresh.connection_id
         on conflict (user_id, from_entity_id, to_entity_id, kind) do update set
             first_seen_at = least(connections.first_seen_at, excluded.first_seen_at),
             last_seen_at = greatest(connections.last_seen_at, excluded.last_seen_at)
         returning id",
        user.0,
        other,
        &connections.keys().map(|_| new_id()).collect::<Vec<_>>(),
        &connections.keys().copied().collect::<Vec<_>>(),
        &connections.values().map(|one| one.third).collect::<Vec<_>>(),
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into connection_evidence (connection_id, segment_id, user_id, transcription_id, weight)
         select c.id, e.segment_id, e.user_id, e.transcription_id, e.weight
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[])
              as evidence (connection_id, third, kind, segment_id)
         join connections c on c.user_id = $1 and c.from_entity_id = least($2, evidence.third)
                           and c.to_entity_id = greatest($2, evidence.third) and c.kind = evidence.kind
         join connection_evidence e on e.user_id = $1 and e.connection_id = evidence.connection_id
                                   and e.segment_id = evidence.segment_id
         on conflict do nothing",
        user.0,
        other,
        &evidence.iter().map(|one| one.connection_id).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.third).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &evidence.iter().map(|one| one.segment_id).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    let gone = || evidence.iter().filter(|one| !one.stays);
    sqlx::query!(
        "delete from connection_evidence e
         using unnest($2::uuid[], $3::uuid[]) as gone (connection_id, segment_id)
         where e.user_id = $1 and e.connection_id = gone.connection_id and e.segment_id = gone.segment_id",
        user.0,
        &gone().map(|one| one.connection_id).collect::<Vec<_>>(),
        &gone().map(|one| one.segment_id).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(connections.into_keys().chain(of_other).collect())
}

/// Updates the aliases and the first and last mention of an entity: removes the names in `without` and adds
/// the names in `with`.
async fn describe(
    tx: &mut UserTx,
    id: Uuid,
    without: &BTreeSet<String>,
    with: Option<&[String]>,
) -> sqlx::Result<()> {
    let user = tx.user();
    let aliases = sqlx::query_scalar!(
        r#"select unnest(aliases) as "alias!" from entities where user_id = $1 and id = $2"#,
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let kept = aliases.into_iter().filter(|alias| !without.contains(&spelling(alias)));
    let aliases: Vec<String> = kept.chain(with.unwrap_or_default().iter().cloned()).collect();
    sqlx::query!(
        "update entities e set
             aliases = array(select distinct alias from unnest($3::text[]) alias
                             where alias <> e.name order by alias),
             first_seen_at = seen.first, last_seen_at = seen.last,
             version = e.version + 1, updated_at = now()
         from (select min(c.started_at) as first, max(c.started_at) as last
               from mentions m join conversations c on c.id = m.conversation_id
               where m.user_id = $1 and c.user_id = $1 and m.entity_id = $2) seen
         where e.user_id = $1 and e.id = $2",
        user.0,
        id,
        &aliases,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
