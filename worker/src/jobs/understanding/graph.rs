//! Entities, mentions and connections of a person, as one transcript changes them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use self_shared::database::graph;
use self_shared::domain::entity::EntityKind;
use self_shared::domain::{UserId, new_id};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::transcript::Transcript;
use super::Meaning;

/// Replaces what was meant so far, by whatever transcript of the same recording, by what is meant now.
pub(super) async fn replace(
    tx: &mut PgConnection,
    user: UserId,
    transcript: &Transcript,
    meaning: &Meaning,
) -> sqlx::Result<()> {
    let transcriptions: Vec<Uuid> =
        sqlx::query_scalar("select id from transcriptions where id = $1 or audio_id = $2")
            .bind(transcript.id)
            .bind(transcript.audio_id)
            .fetch_all(&mut *tx)
            .await?;
    let mut touched = graph::forget(tx, &transcriptions).await?;
    let entities = write_entities(tx, user, transcript, meaning).await?;
    write_mentions(tx, user, transcript, meaning, &entities).await?;
    touched.connections.extend(write_connections(tx, user, transcript, meaning, &entities).await?);
    graph::settle(tx, &touched).await
}

/// Answers the ids in the order of `meaning.entities`. One that is known already keeps its name and
/// learns the new spellings.
async fn write_entities(
    tx: &mut PgConnection,
    user: UserId,
    transcript: &Transcript,
    meaning: &Meaning,
) -> sqlx::Result<Vec<Uuid>> {
    let seen_at: DateTime<Utc> = sqlx::query_scalar("select started_at from conversations where id = $1")
        .bind(transcript.conversation_id)
        .fetch_one(&mut *tx)
        .await?;
    let mut ids = Vec::with_capacity(meaning.entities.len());
    for entity in &meaning.entities {
        let id: Uuid = sqlx::query_scalar(
            "insert into entities (id, user_id, kind, name, key, aliases, first_seen_at, last_seen_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7)
             on conflict (user_id, kind, key) do update set
                 aliases = array(select distinct alias
                                 from unnest(entities.aliases || excluded.aliases || excluded.name) alias
                                 where alias <> entities.name order by alias),
                 first_seen_at = least(entities.first_seen_at, excluded.first_seen_at),
                 last_seen_at = greatest(entities.last_seen_at, excluded.last_seen_at),
                 updated_at = now()
             returning id",
        )
        .bind(new_id())
        .bind(user.0)
        .bind(entity.kind.as_str())
        .bind(&entity.name)
        .bind(&entity.key)
        .bind(&entity.aliases)
        .bind(seen_at)
        .fetch_one(&mut *tx)
        .await?;
        ids.push(id);
    }
    Ok(ids)
}

async fn write_mentions(
    tx: &mut PgConnection,
    user: UserId,
    transcript: &Transcript,
    meaning: &Meaning,
    entities: &[Uuid],
) -> sqlx::Result<()> {
    let mentions: Vec<_> = meaning
        .entities
        .iter()
        .zip(entities)
        .flat_map(|(entity, id)| {
            entity.mentions.iter().map(move |mention| {
                let when = (entity.kind == EntityKind::Date)
                    .then(|| meaning.dates.get(&(mention.segment, mention.start_char)))
                    .flatten();
                json!({
                    "id": new_id(),
                    "entity_id": id,
                    "segment_id": transcript.segments[mention.segment].id,
                    "start_char": mention.start_char,
                    "end_char": mention.end_char,
                    "text": mention.text,
                    "starts_at": when.map(|when| when.from),
                    "ends_at": when.map(|when| when.to),
                    "precision": when.map(|when| when.precision),
                })
            })
        })
        .collect();
    sqlx::query(
        "insert into mentions (id, user_id, entity_id, conversation_id, transcription_id, segment_id,
                               start_char, end_char, text, starts_at, ends_at, precision, finder,
                               finder_version)
         select id, $1, entity_id, $2, $3, segment_id, start_char, end_char, text, starts_at, ends_at, precision,
                $4, $5
         from jsonb_to_recordset($6) as mention
              (id uuid, entity_id uuid, segment_id uuid, start_char integer, end_char integer, text text,
               starts_at timestamptz, ends_at timestamptz, precision text)",
    )
    .bind(user.0)
    .bind(transcript.conversation_id)
    .bind(transcript.id)
    .bind(&*meaning.finder.name)
    .bind(&*meaning.finder.version)
    .bind(serde_json::Value::from(mentions))
    .execute(tx)
    .await?;
    Ok(())
}

/// Answers the ids of the connections that have evidence here. A connection has no direction: the
/// entity with the lower id comes first, so that the same two meet in the same row.
async fn write_connections(
    tx: &mut PgConnection,
    user: UserId,
    transcript: &Transcript,
    meaning: &Meaning,
    entities: &[Uuid],
) -> sqlx::Result<Vec<Uuid>> {
    let mut written = HashMap::new();
    for connection in &meaning.connections {
        let (one, other) = (entities[connection.entities.0], entities[connection.entities.1]);
        let id: Uuid = sqlx::query_scalar(
            "insert into connections
                 (id, user_id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at)
             select $1, $2, least($3, $4), greatest($3, $4), $5, 0, started_at, started_at
             from conversations where id = $6
             on conflict (user_id, from_entity_id, to_entity_id, kind) do update set
                 first_seen_at = least(connections.first_seen_at, excluded.first_seen_at),
                 last_seen_at = greatest(connections.last_seen_at, excluded.last_seen_at)
             returning id",
        )
        .bind(new_id())
        .bind(user.0)
        .bind(one)
        .bind(other)
        .bind(connection.kind.as_str())
        .bind(transcript.conversation_id)
        .fetch_one(&mut *tx)
        .await?;
        for evidence in &connection.evidence {
            *written.entry((id, transcript.segments[evidence.segment].id)).or_insert(0.0) += evidence.weight;
        }
    }
    let ids: BTreeSet<Uuid> = written.keys().map(|(connection, _)| *connection).collect();
    sqlx::query(
        "insert into connection_evidence (connection_id, segment_id, user_id, transcription_id, weight)
         select connection_id, segment_id, $1, $2, weight
         from unnest($3::uuid[], $4::uuid[], $5::real[]) as evidence (connection_id, segment_id, weight)",
    )
    .bind(user.0)
    .bind(transcript.id)
    .bind(written.keys().map(|(connection, _)| *connection).collect::<Vec<_>>())
    .bind(written.keys().map(|(_, segment)| *segment).collect::<Vec<_>>())
    .bind(written.values().copied().collect::<Vec<f32>>())
    .execute(tx)
    .await?;
    Ok(ids.into_iter().collect())
}
