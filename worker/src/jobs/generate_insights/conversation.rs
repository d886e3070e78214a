//! Reads an analysed conversation from the database.

use std::collections::HashMap;

use self_language::insights::{Conversation, Mention, Segment};
use self_shared::database::insights::{UnderstoodMention, understood_mentions, understood_segments};
use self_shared::database::{UserTx, conversations};
use uuid::Uuid;

use super::moment;

/// Reads a conversation, without uncertain segments. Of a recording that was transcribed several times, it
/// reads the newest transcript that is complete. None when the conversation does not exist any more.
pub(in crate::jobs) async fn load(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let Some(conversation) = conversations::get(tx, id).await? else { return Ok(None) };
    let mut mentions: HashMap<Uuid, Vec<Mention>> = HashMap::new();
    for mention in understood_mentions(tx, id).await? {
        mentions.entry(mention.segment_id).or_default().push(self::mention(mention));
    }
    let segments = understood_segments(tx, id).await?.into_iter().map(|segment| Segment {
        id: segment.id,
        text: segment.text,
        speaker: segment.speaker,
        said_at: moment(segment.began_at, segment.start_ms),
        mentions: mentions.remove(&segment.id).unwrap_or_default(),
    });
    Ok(Some(Conversation { id, title: conversation.title, segments: segments.collect() }))
}

fn mention(mention: UnderstoodMention) -> Mention {
    let place = |character: i32| usize::try_from(character).unwrap_or(0);
    Mention {
        entity: mention.entity_id,
        kind: mention.kind.0,
        when: mention.when(),
        key: mention.key,
        text: mention.text,
        start_char: place(mention.start_char),
        end_char: place(mention.end_char),
    }
}
