//! A conversation with all that belongs to it.

use std::collections::HashMap;

use self_shared::database::conversations::{self, Conversation};
use self_shared::database::{UserTx, audio, transcriptions};
use uuid::Uuid;

use crate::problem::Problem;
use crate::views::{
    AudioView, ConnectionView, ConversationDetailView, EntityView, MentionView, RelatedConversationView,
    RelatedFileView,
};

/// Gathers it, with up to `related` other conversations and as many files.
pub(super) async fn of(
    tx: &mut UserTx,
    conversation: Conversation,
    related: i64,
) -> Result<ConversationDetailView, Problem> {
    let id = conversation.id;
    let audio = audio::of_conversation(tx, id).await?;
    let heard = transcriptions::of_conversation(tx, id).await?;
    let entities = entities(tx, id).await?;
    let connections = conversations::connections(tx, id).await?;
    let others = conversations::related_conversations(tx, id, related).await?;
    let files = conversations::related_files(tx, id, related).await?;
    Ok(ConversationDetailView {
        conversation: conversation.into(),
        audio: audio.into_iter().map(AudioView::from).collect(),
        transcriptions: heard.into_iter().map(|heard| heard.id).collect(),
        entities,
        connections: connections.into_iter().map(ConnectionView::from).collect(),
        related_conversations: others.into_iter().map(RelatedConversationView::from).collect(),
        related_files: files.into_iter().map(RelatedFileView::from).collect(),
    })
}

/// Who and what it mentions, and where.
async fn entities(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<EntityView>> {
    let mut mentions: HashMap<Uuid, Vec<MentionView>> = HashMap::new();
    for mention in conversations::mentions(tx, conversation).await? {
        mentions.entry(mention.entity_id).or_default().push(mention.into());
    }
    let entities = conversations::entities(tx, conversation).await?.into_iter().map(|entity| EntityView {
        mentions: mentions.remove(&entity.id).unwrap_or_default(),
        id: entity.id,
        kind: entity.kind.into(),
        name: entity.name,
        aliases: entity.aliases,
    });
    Ok(entities.collect())
}
