//! Writes the entities, mentions and connections of one transcript into the person's graph.

use self_shared::database::graph::{self, NewEntity, NewEvidence, NewMention};
use self_shared::database::{UserTx, transcriptions};
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use super::super::transcript::Transcript;
use super::Meaning;

/// Replaces the graph of all former transcripts of the same recording by that of this one.
pub(super) async fn replace(tx: &mut UserTx, transcript: &Transcript, meaning: &Meaning) -> sqlx::Result<()> {
    let (conversation, transcription) = (transcript.conversation_id, transcript.id);
    let former = transcriptions::of_recording(tx, transcription, transcript.audio_id).await?;
    let mut touched = graph::forget(tx, &former).await?;
    let entities = graph::write_entities(tx, conversation, &entities(meaning)).await?;
    let mentions = mentions(transcript, meaning, &entities);
    graph::write_mentions(tx, conversation, transcription, &meaning.finder, &mentions).await?;
    let evidence = evidence(transcript, meaning, &entities);
    touched.connections.extend(graph::write_connections(tx, conversation, transcription, &evidence).await?);
    graph::prune_orphans(tx, &touched).await
}

fn entities(meaning: &Meaning) -> Vec<NewEntity<'_>> {
    let entities = meaning.entities.iter().map(|entity| NewEntity {
        kind: entity.kind,
        name: &entity.name,
        key: &entity.key,
        aliases: &entity.aliases,
    });
    entities.collect()
}

/// The mentions. `entities` are the ids of `meaning.entities`, in the same order.
fn mentions<'a>(transcript: &Transcript, meaning: &'a Meaning, entities: &[Uuid]) -> Vec<NewMention<'a>> {
    let mut mentions = Vec::new();
    for (entity, entity_id) in meaning.entities.iter().zip(entities) {
        mentions.extend(entity.mentions.iter().map(|mention| {
            NewMention {
                entity_id: *entity_id,
                segment_id: transcript.segments[mention.segment].id,
                start_char: mention.start_char,
                end_char: mention.end_char,
                text: &mention.text,
                when: (entity.kind == EntityKind::Date)
                    .then(|| meaning.dates.get(&(mention.segment, mention.start_char)).copied())
                    .flatten(),
            }
        }));
    }
    mentions
}

/// The evidence of the connections. `entities` are the ids of `meaning.entities`, in the same order.
fn evidence(transcript: &Transcript, meaning: &Meaning, entities: &[Uuid]) -> Vec<NewEvidence> {
    let mut found = Vec::new();
    for connection in &meaning.connections {
        let (one, other) = connection.entities;
        found.extend(connection.evidence.iter().map(|evidence| NewEvidence {
            entity_ids: (entities[one], entities[other]),
            kind: connection.kind,
            segment_id: transcript.segments[evidence.segment].id,
            weight: evidence.weight,
        }));
    }
    found
}
