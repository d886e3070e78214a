//! Entities, mentions and connections of a person, as one transcript changes them.

use self_shared::database::graph::{self, NewEntity, NewEvidence, NewMention};
use self_shared::database::{UserTx, transcriptions};
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use super::super::transcript::Transcript;
use super::Meaning;

/// Replaces what was meant so far, by whatever transcript of the same recording, by what is meant now.
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

/// The mentions, by the ids of `meaning.entities` in their order.
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

/// What speaks for the connections, by the ids of `meaning.entities` in their order.
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
