use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::{
    Connection, Conversation, Mention, RelatedConversation, RelatedFile,
};
use uuid::Uuid;

use super::{AudioView, example_id, example_time};

/// A conversation. The event `conversation_update` of the WebSocket carries the same, and as `change`
/// what happened: `created`, `edited`, `understood`, or `deleted` (with nothing but the `id`).
#[derive(Clone, Object)]
#[oai(rename = "Conversation", skip_serializing_if_is_none, example)]
pub(crate) struct ConversationView {
    /// Names it.
    pub id: Uuid,
    /// What it is called; empty until something is found or given.
    pub title: String,
    /// What the person wrote down about it.
    pub notes: String,
    /// What the person sorts it under.
    pub tags: Vec<String>,
    /// Who the voices are: as they are marked in the segments, and the name.
    pub speakers: BTreeMap<String, String>,
    /// How it came here: `upload`, `live`, `import` or `empty`.
    pub source: String,
    /// The language spoken, once known.
    pub language: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, once known.
    pub duration_ms: Option<i64>,
    /// Counts its changes; in the `ETag`, too.
    pub version: i64,
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

/// A conversation with what belongs to it. Who and what it mentions comes, for each recording, from
/// the newest transcript that is complete.
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
    /// Other conversations about something alike, closest first.
    pub related_conversations: Vec<RelatedConversationView>,
    /// Files about something alike, closest first.
    pub related_files: Vec<RelatedFileView>,
}

/// A conversation about something alike.
#[derive(Object)]
#[oai(rename = "RelatedConversation")]
pub(crate) struct RelatedConversationView {
    /// Names it.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How close it is in meaning, by its closest passage: 1 means the same.
    pub score: f64,
    /// Who and what both mention.
    pub entity_ids: Vec<Uuid>,
}

/// A file about something alike.
#[derive(Object)]
#[oai(rename = "RelatedFile")]
pub(crate) struct RelatedFileView {
    /// Names it.
    pub id: Uuid,
    /// On which device it is.
    pub device: String,
    /// Where it is there.
    pub path: String,
    /// How close it is in meaning, by its closest passage: 1 means the same.
    pub score: f64,
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
    /// In what transcript.
    pub transcription_id: Uuid,
    /// In what segment of it.
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
            notes: conversation.notes,
            tags: conversation.tags,
            speakers: conversation.speakers.0,
            source: conversation.source,
            language: conversation.language,
            started_at: conversation.started_at,
            duration_ms: conversation.duration_ms,
            version: conversation.version,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    }
}

impl From<Mention> for MentionView {
    fn from(mention: Mention) -> Self {
        Self {
            transcription_id: mention.transcription_id,
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

impl From<RelatedConversation> for RelatedConversationView {
    fn from(related: RelatedConversation) -> Self {
        Self {
            id: related.id,
            title: related.title,
            started_at: related.started_at,
            score: related.score,
            entity_ids: related.entity_ids,
        }
    }
}

impl From<RelatedFile> for RelatedFileView {
    fn from(related: RelatedFile) -> Self {
        Self { id: related.id, device: related.device, path: related.path, score: related.score }
    }
}

impl Example for ConversationView {
    fn example() -> Self {
        Self {
            id: example_id(2),
            title: "Kitchen plans".to_owned(),
            notes: String::new(),
            tags: vec!["home".to_owned()],
            speakers: BTreeMap::new(),
            source: "upload".to_owned(),
            language: Some("en".to_owned()),
            started_at: example_time(),
            duration_ms: Some(61_300),
            version: 2,
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}
