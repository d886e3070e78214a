use chrono::{DateTime, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::{Connection, Conversation, Mention};
use uuid::Uuid;

use super::{AudioView, example_id, example_time};

/// A conversation. The event `conversation_update` of the WebSocket carries the same.
#[derive(Clone, Object)]
#[oai(rename = "Conversation", skip_serializing_if_is_none, example)]
pub(crate) struct ConversationView {
    /// Names it.
    pub id: Uuid,
    /// What it is called; empty until something is found or given.
    pub title: String,
    /// How it came here: `upload`, `live`, `import` or `empty`.
    pub source: String,
    /// The language spoken, once known.
    pub language: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, once known.
    pub duration_ms: Option<i64>,
    /// When it was first heard of.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of conversations, newest first.
#[derive(Object)]
#[oai(rename = "ConversationPage", skip_serializing_if_is_none)]
pub(crate) struct ConversationPageView {
    /// The conversations.
    pub items: Vec<ConversationView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// A conversation with what belongs to it. Who and what it mentions comes from the newest
/// transcript that is complete.
#[derive(Object)]
#[oai(rename = "ConversationDetail")]
pub(crate) struct ConversationDetailView {
    /// The conversation itself.
    #[oai(flatten)]
    pub conversation: ConversationView,
    /// Its recordings, oldest first.
    pub audio: Vec<AudioView>,
    /// Its transcripts, newest first.
    pub transcriptions: Vec<Uuid>,
    /// Who and what it mentions, in the order of appearance.
    pub entities: Vec<EntityView>,
    /// What those have to do with one another, strongest first.
    pub connections: Vec<ConnectionView>,
}

/// Somebody or something that was mentioned.
#[derive(Object)]
#[oai(rename = "Entity")]
pub(crate) struct EntityView {
    /// Names it, across conversations.
    pub id: Uuid,
    /// What it is: `person`, `place` …
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// Where this conversation mentions it, in the order of time.
    pub mentions: Vec<MentionView>,
}

/// A place where an entity was mentioned.
#[derive(Object)]
#[oai(rename = "Mention")]
pub(crate) struct MentionView {
    /// In what segment.
    pub segment_id: Uuid,
    /// Where that begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// The words that were used.
    pub text: String,
}

/// What two entities have to do with one another.
#[derive(Object)]
#[oai(rename = "Connection")]
pub(crate) struct ConnectionView {
    /// Names it.
    pub id: Uuid,
    /// One end.
    pub from_entity_id: Uuid,
    /// The other.
    pub to_entity_id: Uuid,
    /// What they have to do with one another.
    pub kind: String,
    /// How much speaks for it, in all conversations.
    pub strength: f32,
    /// The segments of this conversation that speak for it.
    pub segment_ids: Vec<Uuid>,
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            title: conversation.title,
            source: conversation.source,
            language: conversation.language,
            started_at: conversation.started_at,
            duration_ms: conversation.duration_ms,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    }
}

impl From<Mention> for MentionView {
    fn from(mention: Mention) -> Self {
        Self {
            segment_id: mention.segment_id,
            start_ms: mention.start_ms,
            end_ms: mention.end_ms,
            text: mention.text,
        }
    }
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.id,
            from_entity_id: connection.from_entity_id,
            to_entity_id: connection.to_entity_id,
            kind: connection.kind,
            strength: connection.strength,
            segment_ids: connection.segment_ids,
        }
    }
}

impl Example for ConversationView {
    fn example() -> Self {
        Self {
            id: example_id(2),
            title: "Kitchen plans".to_owned(),
            source: "upload".to_owned(),
            language: Some("en".to_owned()),
            started_at: example_time(),
            duration_ms: Some(61_300),
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}
