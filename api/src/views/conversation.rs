use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::{self, Connection, Mention, RelatedConversation, RelatedFile};
use self_shared::domain::conversation::Source;
use self_shared::domain::entity::{ConnectionKind, EntityKind};
use self_shared::events::Conversation;
use uuid::Uuid;

use super::{AudioView, DateView, WarningView, example_id, example_time};
use crate::time::Time;
use crate::wire_enums::StoredEnum;

/// A conversation. The event `conversation_update` of the WebSocket carries the same fields, and in
/// `change` the reason: `created`, `edited`, `understood`, or `deleted` (then with no field but `id`).
#[derive(Clone, Object)]
#[oai(rename = "Conversation", skip_serializing_if_is_none, example)]
pub(crate) struct ConversationView {
    /// The id of the conversation.
    pub id: Uuid,
    /// The title. Empty until one is found or given.
    pub title: String,
    /// Free text of the user about the conversation.
    pub notes: String,
    /// The tags that the user gave.
    pub tags: Vec<String>,
    /// The names of the speakers: a map from the label in the segments (such as `A`) to the name.
    pub speakers: BTreeMap<String, String>,
    /// The source of the conversation.
    pub source: StoredEnum<Source>,
    /// The language spoken, as a BCP 47 tag. Absent until it is known.
    pub language: Option<String>,
    /// When the conversation began.
    pub started_at: Time,
    /// The duration in milliseconds. Absent until it is known.
    pub duration_ms: Option<i64>,
    /// Warnings about the quality of the transcripts. Show them to the user.
    pub warnings: Vec<WarningView>,
    /// The number of the version; each change increases it. The `ETag` contains it, too.
    pub version: i64,
    /// When the conversation was created on this server.
    pub created_at: Time,
    /// When the conversation was last changed.
    pub updated_at: Time,
}

/// A page of conversations, in the requested order.
#[derive(Object)]
#[oai(rename = "ConversationPage", skip_serializing_if_is_none, example)]
pub(crate) struct ConversationPageView {
    /// The conversations.
    pub items: Vec<ConversationView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// A conversation with its details. Its entities come, for each recording, from the newest complete
/// transcript.
#[derive(Object)]
#[oai(rename = "ConversationDetail", example)]
pub(crate) struct ConversationDetailView {
    /// The conversation.
    #[oai(flatten)]
    pub conversation: ConversationView,
    /// The recordings, oldest first.
    pub audio: Vec<AudioView>,
    /// The ids of the transcripts. Complete transcripts come first; within each group, the newest comes
    /// first.
    pub transcriptions: Vec<Uuid>,
    /// The entities that the conversation mentions, in the order of their first mention.
    pub entities: Vec<EntityView>,
    /// The connections between these entities, strongest first.
    pub connections: Vec<ConnectionView>,
    /// Other conversations about similar subjects, most similar first.
    pub related_conversations: Vec<RelatedConversationView>,
    /// Files about similar subjects, most similar first.
    pub related_files: Vec<RelatedFileView>,
}

/// A conversation about a similar subject.
#[derive(Object)]
#[oai(rename = "RelatedConversation")]
pub(crate) struct RelatedConversationView {
    /// The id of the conversation.
    pub id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// When the conversation began.
    pub started_at: Time,
    /// The similarity in meaning of its closest passage: 1 means the same.
    pub score: f64,
    /// The entities that both mention.
    pub entity_ids: Vec<Uuid>,
}

/// A file about a similar subject.
#[derive(Object)]
#[oai(rename = "RelatedFile")]
pub(crate) struct RelatedFileView {
    /// The id of the file.
    pub id: Uuid,
    /// The device that the file is on.
    pub device: String,
    /// The path of the file on the device.
    pub path: String,
    /// The similarity in meaning of its closest passage: 1 means the same.
    pub score: f64,
}

/// An entity, with its mentions in this conversation.
#[derive(Object)]
#[oai(rename = "Entity")]
pub(crate) struct EntityView {
    /// The id of the entity, the same in all conversations.
    pub id: Uuid,
    /// The kind of the entity.
    pub kind: StoredEnum<EntityKind>,
    /// The name of the entity.
    pub name: String,
    /// Other names of the entity.
    pub aliases: Vec<String>,
    /// The mentions in this conversation, in the order of time.
    pub mentions: Vec<MentionView>,
}

/// A mention of an entity.
#[derive(Object)]
#[oai(rename = "Mention", skip_serializing_if_is_none)]
pub(crate) struct MentionView {
    /// The transcript of the mention.
    pub transcription_id: Uuid,
    /// The segment of the mention.
    pub segment_id: Uuid,
    /// The start of the mention in the recording, in milliseconds: play from here. If the times of the
    /// words are unknown, the start of the segment.
    pub start_ms: i64,
    /// The end of the mention, or of its segment, in milliseconds.
    pub end_ms: i64,
    /// The words of the mention.
    pub text: String,
    /// The resolved date, for a date or time. Absent if it cannot be resolved from when and where it
    /// was said.
    pub date: Option<DateView>,
}

/// A connection between two entities.
#[derive(Object)]
#[oai(rename = "Connection")]
pub(crate) struct ConnectionView {
    /// The id of the connection.
    pub id: Uuid,
    /// One of the two entities.
    pub from_entity_id: Uuid,
    /// The other entity.
    pub to_entity_id: Uuid,
    /// The kind of the connection.
    pub kind: StoredEnum<ConnectionKind>,
    /// The strength of the connection: how much evidence there is in all conversations.
    pub strength: f32,
    /// The segments of this conversation that are evidence for the connection.
    pub segment_ids: Vec<Uuid>,
}

impl From<conversations::Conversation> for ConversationView {
    fn from(conversation: conversations::Conversation) -> Self {
        Conversation::from(conversation).into()
    }
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            title: conversation.title,
            notes: conversation.notes,
            tags: conversation.tags,
            speakers: conversation.speakers,
            source: conversation.source.into(),
            language: conversation.language,
            started_at: conversation.started_at.into(),
            duration_ms: conversation.duration_ms,
            warnings: conversation.warnings.into_iter().map(WarningView::from).collect(),
            version: conversation.version,
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
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
            date: DateView::of(mention.starts_at, mention.ends_at, mention.precision),
        }
    }
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.id,
            from_entity_id: connection.from_entity_id,
            to_entity_id: connection.to_entity_id,
            kind: connection.kind.into(),
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
            started_at: related.started_at.into(),
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
            source: Source::Upload.into(),
            language: Some("en".to_owned()),
            started_at: example_time(),
            warnings: Vec::new(),
            duration_ms: Some(61_300),
            version: 2,
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

impl Example for ConversationPageView {
    fn example() -> Self {
        Self { items: vec![ConversationView::example()], next_cursor: Some("Y1IDeQ".to_owned()) }
    }
}

impl Example for ConversationDetailView {
    fn example() -> Self {
        let mention = MentionView {
            transcription_id: example_id(4),
            segment_id: example_id(5),
            start_ms: 350,
            end_ms: 2_900,
            text: "Ada".to_owned(),
            date: None,
        };
        let entity = |last, name: &str, mentions| EntityView {
            id: example_id(last),
            kind: EntityKind::Person.into(),
            name: name.to_owned(),
            aliases: Vec::new(),
            mentions,
        };
        Self {
            conversation: ConversationView::example(),
            audio: vec![AudioView::example()],
            transcriptions: vec![example_id(4)],
            entities: vec![
                entity(6, "Ada Lovelace", vec![mention]),
                entity(7, "Charles Babbage", Vec::new()),
            ],
            connections: vec![ConnectionView {
                id: example_id(8),
                from_entity_id: example_id(6),
                to_entity_id: example_id(7),
                kind: ConnectionKind::MentionedTogether.into(),
                strength: 2.0,
                segment_ids: vec![example_id(5)],
            }],
            related_conversations: vec![RelatedConversationView {
                id: example_id(12),
                title: "The plumber".to_owned(),
                started_at: example_time(),
                score: 0.71,
                entity_ids: vec![example_id(6)],
            }],
            related_files: vec![RelatedFileView {
                id: example_id(13),
                device: "laptop".to_owned(),
                path: "/home/ada/kitchen.pdf".to_owned(),
                score: 0.64,
            }],
        }
    }
}
