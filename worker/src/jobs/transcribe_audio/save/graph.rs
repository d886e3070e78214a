//! Entities, mentions and connections of a person, as one recording changes them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use self_shared::domain::job::TranscribeAudio;
use self_shared::domain::{UserId, new_id};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::meaning::Meaning;
use super::super::transcript::Transcript;

/// Replaces what the recording meant so far, by whatever transcription, by what it means now.
pub(super) async fn replace(
    tx: &mut PgConnection,
    user: UserId,
    job: &TranscribeAudio,
    transcript: &Transcript,
    meaning: &Meaning,
) -> sqlx::Result<()> {
    let former = remove(tx, job).await?;
    let entities = write_entities(tx, user, job, meaning).await?;
    write_mentions(tx, user, job, transcript, meaning, &entities).await?;
    let mut touched = former.connections;
    touched.extend(write_connections(tx, user, job, transcript, meaning, &entities).await?);
    weigh(tx, touched.into_iter().collect()).await?;
    sqlx::query(
        "delete from entities where id = any ($1) and not exists (select from mentions where entity_id = entities.id)",
    )
    .bind(former.entities.into_iter().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What pointed to the recording until now.
struct Former {
    entities: BTreeSet<Uuid>,
    connections: BTreeSet<Uuid>,
}

async fn remove(tx: &mut PgConnection, job: &TranscribeAudio) -> sqlx::Result<Former> {
    let transcriptions: Vec<Uuid> = sqlx::query_scalar("select id from transcriptions where audio_id = $1")
        .bind(job.audio_id)
        .fetch_all(&mut *tx)
        .await?;
    let entities: Vec<Uuid> =
        sqlx::query_scalar("delete from mentions where transcription_id = any ($1) returning entity_id")
            .bind(&transcriptions)
            .fetch_all(&mut *tx)
            .await?;
    let connections: Vec<Uuid> = sqlx::query_scalar(
        "delete from connection_evidence where transcription_id = any ($1) returning connection_id",
    )
    .bind(&transcriptions)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query("delete from conversation_embeddings where transcription_id = any ($1)")
        .bind(&transcriptions)
        .execute(tx)
        .await?;
    Ok(Former { entities: entities.into_iter().collect(), connections: connections.into_iter().collect() })
}

/// Answers the ids in the order of `meaning.entities`. One that is known already keeps its name and
/// learns the new spellings.
async fn write_entities(
    tx: &mut PgConnection,
    user: UserId,
    job: &TranscribeAudio,
    meaning: &Meaning,
) -> sqlx::Result<Vec<Uuid>> {
    let seen_at: DateTime<Utc> = sqlx::query_scalar("select started_at from conversations where id = $1")
        .bind(job.conversation_id)
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
    job: &TranscribeAudio,
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
                json!({
                    "id": new_id(),
                    "entity_id": id,
                    "segment_id": transcript.segments[mention.segment].id,
                    "start_char": mention.start_char,
                    "end_char": mention.end_char,
                    "text": mention.text,
                })
            })
        })
        .collect();
    sqlx::query(
        "insert into mentions (id, user_id, entity_id, conversation_id, transcription_id, segment_id,
                               start_char, end_char, text, finder, finder_version)
         select id, $1, entity_id, $2, $3, segment_id, start_char, end_char, text, $4, $5
         from jsonb_to_recordset($6) as mention
              (id uuid, entity_id uuid, segment_id uuid, start_char integer, end_char integer, text text)",
    )
    .bind(user.0)
    .bind(job.conversation_id)
    .bind(job.transcription_id)
    .bind(meaning.finder.name)
    .bind(meaning.finder.version)
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
    job: &TranscribeAudio,
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
        .bind(job.conversation_id)
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
    .bind(job.transcription_id)
    .bind(written.keys().map(|(connection, _)| *connection).collect::<Vec<_>>())
    .bind(written.keys().map(|(_, segment)| *segment).collect::<Vec<_>>())
    .bind(written.values().copied().collect::<Vec<f32>>())
    .execute(tx)
    .await?;
    Ok(ids.into_iter().collect())
}

/// A connection is as strong as its evidence, and gone without any.
async fn weigh(tx: &mut PgConnection, connections: Vec<Uuid>) -> sqlx::Result<()> {
    sqlx::query(
        "delete from connections where id = any ($1)
         and not exists (select from connection_evidence where connection_id = connections.id)",
    )
    .bind(&connections)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update connections set strength =
             (select sum(weight) from connection_evidence where connection_id = connections.id)
         where id = any ($1)",
    )
    .bind(&connections)
    .execute(tx)
    .await?;
    Ok(())
}
