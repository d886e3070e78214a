//! A person's graph of entities and connections. An entity exists while segments mention it, and a
//! connection exists while it has evidence. This module keeps that true when transcripts are replaced or
//! deleted.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use uuid::Uuid;

use super::{EnumColumn, UserTx};
use crate::domain::date::When;
use crate::domain::entity::{ConnectionKind, EntityKind};
use crate::domain::model::ModelId;
use crate::domain::new_id;

/// Entities and connections that lost mentions or evidence through [`forget`].
#[derive(Clone, Debug, Default)]
pub struct DetachedGraph {
    /// The entities that were mentioned.
    pub entities: BTreeSet<Uuid>,
    /// The connections that had evidence.
    pub connections: BTreeSet<Uuid>,
}

/// Locks the person's graph until the end of the transaction, and waits while another transaction has the
/// lock. To be called before other rows of the graph are locked.
pub async fn lock(tx: &mut UserTx) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('graph ' || $1::uuid::text, 0))", user.0)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Deletes everything that was derived from these transcripts: mentions, evidence and vectors.
/// [`prune_orphans`] has to follow, after the new results (if any) are written.
pub async fn forget(tx: &mut UserTx, transcriptions: &[Uuid]) -> sqlx::Result<DetachedGraph> {
    let user = tx.user();
    let entities = sqlx::query_scalar!(
        "delete from mentions where user_id = $1 and transcription_id = any ($2) returning entity_id",
        user.0,
        transcriptions,
    )
    .fetch_all(&mut **tx)
    .await?;
    let connections = sqlx::query_scalar!(
        "delete from connection_evidence where user_id = $1 and transcription_id = any ($2)
         returning connection_id",
        user.0,
        transcriptions,
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from conversation_embeddings where user_id = $1 and transcription_id = any ($2)",
        user.0,
        transcriptions,
    )
    .execute(&mut **tx)
    .await?;
    Ok(DetachedGraph {
        entities: entities.into_iter().collect(),
        connections: connections.into_iter().collect(),
    })
}

/// Updates the entities and connections that were touched: the strength of a connection becomes the sum of
/// its evidence, a connection without evidence is deleted, and so is an entity without mentions.
pub async fn prune_orphans(tx: &mut UserTx, touched: &DetachedGraph) -> sqlx::Result<()> {
    let user = tx.user();
    let connections: Vec<Uuid> = touched.connections.iter().copied().collect();
    sqlx::query!(
        "delete from connections c where c.user_id = $1 and c.id = any ($2)
         and not exists (select from connection_evidence e where e.user_id = $1 and e.connection_id = c.id)",
        user.0,
        &connections,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update connections c set strength =
             (select sum(weight) from connection_evidence e where e.user_id = $1 and e.connection_id = c.id)
         where c.user_id = $1 and c.id = any ($2)",
        user.0,
        &connections,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from entities e where e.user_id = $1 and e.id = any ($2)
         and not exists (select from mentions m where m.user_id = $1 and m.entity_id = e.id)",
        user.0,
        &touched.entities.iter().copied().collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// An entity that a transcript mentions.
#[derive(Clone, Copy, Debug)]
pub struct NewEntity<'a> {
    pub kind: EntityKind,
    /// The name. An entity that exists already keeps its own name.
    pub name: &'a str,
    /// The same for every spelling. Kind and key identify one entity of the person.
    pub key: &'a str,
    /// Other spellings of the name.
    pub aliases: &'a [String],
}

/// A mention of an entity in a segment.
#[derive(Clone, Copy, Debug)]
pub struct NewMention<'a> {
    pub entity_id: Uuid,
    pub segment_id: Uuid,
    /// Start of the name in the segment's text, in characters.
    pub start_char: usize,
    /// End of the name, in characters.
    pub end_char: usize,
    /// The name as the segment has it.
    pub text: &'a str,
    /// The time that the mention stands for, if the entity is a date that could be resolved.
    pub when: Option<When>,
}

/// Evidence for a connection of two entities.
#[derive(Clone, Copy, Debug)]
pub struct NewEvidence {
    /// The two entities, in any order.
    pub entity_ids: (Uuid, Uuid),
    /// The kind of the connection.
    pub kind: ConnectionKind,
    /// The segment that is the evidence.
    pub segment_id: Uuid,
    /// The weight of this evidence in the strength of the connection.
    pub weight: f32,
}

struct EntityRow {
    id: Uuid,
    kind: EnumColumn<EntityKind>,
    key: String,
}

/// Inserts the entities of a conversation; each kind and key occurs once. An entity that exists already
/// keeps its name and gets the new spellings. Returns the ids, in the order of the input.
pub async fn write_entities(
    tx: &mut UserTx,
    conversation: Uuid,
    entities: &[NewEntity<'_>],
) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    let fresh: Vec<_> = entities
        .iter()
        .map(|NewEntity { kind, name, key, aliases }| {
            json!({ "id": new_id(), "kind": kind, "name": name, "key": key, "aliases": aliases })
        })
        .collect();
    let rows = sqlx::query_as!(
        EntityRow,
        r#"insert into entities (id, user_id, kind, name, key, aliases, first_seen_at, last_seen_at)
           select e.id, $1, e.kind, e.name, e.key, e.aliases, c.started_at, c.started_at
           from jsonb_to_recordset($3) as e (id uuid, kind text, name text, key text, aliases text[])
           join conversations c on c.user_id = $1 and c.id = $2
           on conflict (user_id, kind, key) do update set
               aliases = array(select distinct alias
                               from unnest(entities.aliases || excluded.aliases || excluded.name) alias
                               where alias <> entities.name order by alias),
               first_seen_at = least(entities.first_seen_at, excluded.first_seen_at),
               last_seen_at = greatest(entities.last_seen_at, excluded.last_seen_at),
               updated_at = now()
           returning id, kind as "kind: EnumColumn<EntityKind>", key"#,
        user.0,
        conversation,
        serde_json::Value::from(fresh),
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: HashMap<(EntityKind, &str), Uuid> =
        rows.iter().map(|row| ((row.kind.0, row.key.as_str()), row.id)).collect();
    let id = |entity: &NewEntity<'_>| ids.get(&(entity.kind, entity.key)).copied();
    entities.iter().map(|entity| id(entity).ok_or(sqlx::Error::RowNotFound)).collect()
}

/// Inserts the mentions of a transcript.
pub async fn write_mentions(
    tx: &mut UserTx,
    conversation: Uuid,
    transcription: Uuid,
    finder: &ModelId,
    mentions: &[NewMention<'_>],
) -> sqlx::Result<()> {
    let user = tx.user();
    let mentions: Vec<_> = mentions
        .iter()
        .map(|mention| {
            json!({
                "id": new_id(),
                "entity_id": mention.entity_id,
                "segment_id": mention.segment_id,
                "start_char": mention.start_char,
                "end_char": mention.end_char,
                "text": mention.text,
                "starts_at": mention.when.map(|when| when.from),
                "ends_at": mention.when.map(|when| when.to),
                "precision": mention.when.map(|when| when.precision),
            })
        })
        .collect();
    sqlx::query!(
        "insert into mentions (id, user_id, entity_id, conversation_id, transcription_id, segment_id,
                               start_char, end_char, text, starts_at, ends_at, precision, finder,
                               finder_version)
         select id, $1, entity_id, $2, $3, segment_id, start_char, end_char, text, starts_at, ends_at, precision,
                $4, $5
         from jsonb_to_recordset($6) as mention
              (id uuid, entity_id uuid, segment_id uuid, start_char integer, end_char integer, text text,
               starts_at timestamptz, ends_at timestamptz, precision text)",
        user.0,
        conversation,
        transcription,
        &*finder.name,
        &*finder.version,
        serde_json::Value::from(mentions),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Inserts the evidence of a transcript, and those connections that are new. A connection has no direction:
/// the entity with the lower id comes first, so that two entities share one row. Returns the ids of the
/// connections; [`prune_orphans`] computes their strength.
pub async fn write_connections(
    tx: &mut UserTx,
    conversation: Uuid,
    transcription: Uuid,
    evidence: &[NewEvidence],
) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    let ends = |(one, other): (Uuid, Uuid)| (one.min(other), one.max(other));
    let connections: BTreeSet<_> = evidence.iter().map(|one| (ends(one.entity_ids), one.kind)).collect();
    let ids = sqlx::query_scalar!(
        "insert into connections
             (id, user_id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at)
         select fresh.id, $1, fresh.low, fresh.high, fresh.kind, 0, c.started_at, c.started_at
         from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) as fresh (id, low, high, kind)
         join conversations c on c.user_id = $1 and c.id = $2
         on conflict (user_id, from_entity_id, to_entity_id, kind) do update set
             first_seen_at = least(connections.first_seen_at, excluded.first_seen_at),
             last_seen_at = greatest(connections.last_seen_at, excluded.last_seen_at)
         returning id",
        user.0,
        conversation,
        &connections.iter().map(|_| new_id()).collect::<Vec<_>>(),
        &connections.iter().map(|((low, _), _)| *low).collect::<Vec<_>>(),
        &connections.iter().map(|((_, high), _)| *high).collect::<Vec<_>>(),
        &connections.iter().map(|(_, kind)| kind.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into connection_evidence (connection_id, segment_id, user_id, transcription_id, weight)
         select c.id, fresh.segment_id, $1, $2, sum(fresh.weight)
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::real[])
              as fresh (low, high, kind, segment_id, weight)
         join connections c on c.user_id = $1 and c.from_entity_id = fresh.low and c.to_entity_id = fresh.high
                           and c.kind = fresh.kind
         group by c.id, fresh.segment_id",
        user.0,
        transcription,
        &evidence.iter().map(|one| ends(one.entity_ids).0).collect::<Vec<_>>(),
        &evidence.iter().map(|one| ends(one.entity_ids).1).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &evidence.iter().map(|one| one.segment_id).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.weight).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(ids)
}
