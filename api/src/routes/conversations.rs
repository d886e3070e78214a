use std::collections::HashMap;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use self_shared::database::{UserTx, audio, conversations, transcriptions};
use uuid::Uuid;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::page::{self, ByTime};
use crate::problem::{Failing, Problem, declare};
use crate::views::{
    AudioView, ConnectionView, ConversationDetailView, ConversationPageView, ConversationView, EntityView,
    MentionView,
};

type Here = ByTime<b'c'>;

pub(crate) struct ConversationRoutes;

declare! {
    List: InvalidCursor;
    Read: NotFound;
}

#[OpenApi(prefix_path = "/api/v1/conversations", tag = "Tag::Conversations")]
impl ConversationRoutes {
    /// List conversations
    ///
    /// Newest first.
    #[oai(path = "/", method = "get", operation_id = "list_conversations")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// How many at most: 1 to 100, 20 when absent.
        limit: Query<Option<u16>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ConversationPageView>, Failing<List>> {
        let (limit, before) = (page::limit(limit.0)?, page::place::<Here>(cursor.0.as_deref())?);
        let mut tx = app.database.as_user(caller.0.user).await?;
        let before = before.map(|ByTime(started_at, id)| (started_at, id));
        let found = conversations::list(&mut tx, before, limit + 1).await?;
        let (found, next_cursor) = page::cut(found, limit, |last| ByTime::<b'c'>(last.started_at, last.id));
        let items = found.into_iter().map(ConversationView::from).collect();
        Ok(Json(ConversationPageView { items, next_cursor }))
    }

    /// Get a conversation
    ///
    /// With its recordings, its transcripts, and who and what it mentions.
    #[oai(path = "/:id", method = "get", operation_id = "get_conversation")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The conversation.
        id: Path<Uuid>,
    ) -> Result<Json<ConversationDetailView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let conversation =
            conversations::get(&mut tx, id.0).await?.ok_or_else(|| Problem::not_found("conversation"))?;
        let audio = audio::of_conversation(&mut tx, id.0).await?;
        let heard = transcriptions::of_conversation(&mut tx, id.0).await?;
        let (entities, connections) = match heard.iter().find(|heard| heard.completed_at.is_some()) {
            Some(newest) => mentioned(&mut tx, newest.id).await?,
            None => Default::default(),
        };
        Ok(Json(ConversationDetailView {
            conversation: conversation.into(),
            audio: audio.into_iter().map(AudioView::from).collect(),
            transcriptions: heard.into_iter().map(|heard| heard.id).collect(),
            entities,
            connections,
        }))
    }
}

/// Who and what a transcript mentions.
async fn mentioned(
    tx: &mut UserTx,
    transcription: Uuid,
) -> Result<(Vec<EntityView>, Vec<ConnectionView>), Problem> {
    let mut mentions: HashMap<Uuid, Vec<MentionView>> = HashMap::new();
    for mention in conversations::mentions(tx, transcription).await? {
        mentions.entry(mention.entity_id).or_default().push(mention.into());
    }
    let entities = conversations::entities(tx, transcription).await?.into_iter().map(|entity| EntityView {
        mentions: mentions.remove(&entity.id).unwrap_or_default(),
        id: entity.id,
        kind: entity.kind,
        name: entity.name,
        aliases: entity.aliases,
    });
    let entities = entities.collect();
    let connections = conversations::connections(tx, transcription).await?;
    Ok((entities, connections.into_iter().map(ConnectionView::from).collect()))
}
