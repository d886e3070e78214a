//! The conversations and files that are near to a conversation in meaning.

use std::collections::BTreeMap;

use self_language::insights::{Pair, SimilarPassages, TopicPassage};
use self_language::resolve::Zone;
use self_shared::database::{UserTx, insights};
use uuid::Uuid;

/// The neighbours of a conversation's passages, and of the passages of the conversations that share a topic
/// with it until now: a topic that depends on this conversation is found again from those.
pub(super) async fn topics(
    tx: &mut UserTx,
    conversation: Uuid,
    zone: Zone,
) -> sqlx::Result<Vec<SimilarPassages>> {
    let sharing = insights::sharing_a_topic(tx, conversation).await?;
    let mut near = Vec::new();
    for from in std::iter::once(conversation).chain(sharing) {
        near.extend(near_to(tx, from, zone).await?);
    }
    Ok(near)
}

async fn near_to(tx: &mut UserTx, conversation: Uuid, zone: Zone) -> sqlx::Result<Vec<SimilarPassages>> {
    let mut by_own: BTreeMap<Uuid, Vec<TopicPassage>> = BTreeMap::new();
    for near in insights::near_passages(tx, conversation).await? {
        by_own.entry(near.own_id).or_default().push(TopicPassage {
            conversation: near.conversation_id,
            title: near.title,
            day: zone.local(near.started_at).date(),
            segments: near.segment_ids,
            text: near.text,
        });
    }
    let near = by_own.into_values().filter_map(|passages| {
        let mut passages = passages.into_iter();
        Some(SimilarPassages { passage: passages.next()?, others: passages.collect() })
    });
    Ok(near.collect())
}

/// The files that are nearest to a conversation, each with the nearest pair of passages.
pub(super) async fn files(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Pair>> {
    let files = insights::near_files(tx, conversation).await?;
    let pairs = files.into_iter().map(|near| Pair {
        conversation,
        title: near.title,
        segments: near.segment_ids,
        said: near.said,
        file: near.file_id,
        path: near.path,
        written: near.written,
    });
    Ok(pairs.collect())
}
