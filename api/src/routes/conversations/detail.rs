//! A conversation with everything that belongs to it.

use std::collections::HashMap;

use self_shared::database::conversations::{self, Conversation};
use self_shared::database::{UserTx, audio, events, transcriptions};
use self_shared::domain::UserId;
use uuid::Uuid;

use crate::app::App;
use crate::etag::etag;
use crate::problem::Problem;
use crate::raw_json::RawJson;
use crate::views::{
    AudioView, ConnectionView, ConversationDetailView, EntityView, MentionView, RelatedConversationView,
    RelatedFileView,
};

/// The prefix of the cache key.
const KEPT_AS: &str = "conversation";

/// Returns the conversation as JSON with its `ETag`, from the cache or from the database.
///
/// Everything that the JSON shows changes together with an event, in one transaction. So the number of
/// the person's newest event is the version of the JSON. The only exception is a worker that
/// transcribes: it writes some rows apart from its events. A conversation with an incomplete transcript
/// is therefore not cached.
pub(super) async fn rendered(
    app: &App,
    user: UserId,
    id: Uuid,
    related: i64,
) -> Result<(RawJson<ConversationDetailView>, String), Problem> {
    let mut tx = app.database.as_user(user).await?;
    let version = events::last(&mut tx, user).await?;
    if let Some(kept) = app.cache.get(KEPT_AS, user, id, version).await
        && let Some((tag, json)) = kept.split_once('\n')
    {
        return Ok((RawJson::from_text(json.to_owned()), tag.to_owned()));
    }
    let conversation =
        conversations::get(&mut tx, id).await?.ok_or_else(|| Problem::not_found("conversation"))?;
    let tag = etag(conversation.version);
    let (detail, is_complete) = of(&mut tx, conversation, related).await?;
    // No connection is held while the JSON is written and cached.
    drop(tx);
    let rendered = RawJson::new(&detail);
    if is_complete {
        app.cache.put(KEPT_AS, user, id, version, &format!("{tag}\n{}", rendered.json())).await;
    }
    Ok((rendered, tag))
}

/// Reads the conversation with up to `related` other conversations and as many files. Also returns
/// whether all of its transcripts are complete.
async fn of(
    tx: &mut UserTx,
    conversation: Conversation,
    related: i64,
) -> Result<(ConversationDetailView, bool), Problem> {
    let id = conversation.id;
    let audio = audio::of_conversation(tx, id).await?;
    let heard = transcriptions::of_conversation(tx, id).await?;
    let is_complete = heard.iter().all(|heard| heard.completed_at.is_some());
    let entities = entities(tx, id).await?;
    let connections = conversations::connections(tx, id).await?;
    let others = conversations::related_conversations(tx, id, related).await?;
    let files = conversations::related_files(tx, id, related).await?;
    let detail = ConversationDetailView {
        conversation: conversation.into(),
        audio: audio.into_iter().map(AudioView::from).collect(),
        transcriptions: heard.into_iter().map(|heard| heard.id).collect(),
        entities,
        connections: connections.into_iter().map(ConnectionView::from).collect(),
        related_conversations: others.into_iter().map(RelatedConversationView::from).collect(),
        related_files: files.into_iter().map(RelatedFileView::from).collect(),
    };
    Ok((detail, is_complete))
}

/// The entities that the conversation mentions, with their mentions.
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
