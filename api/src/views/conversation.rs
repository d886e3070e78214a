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
use crate::wire_enums::Stored;

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
    /// How it came here.
    pub source: Stored<Source>,
    /// The language spoken, once known.
    pub language: Option<String>,
    /// When it began.
    pub started_at: Time,
    /// How long it took, once known.
    pub duration_ms: Option<i64>,
    /// What to know before relying on its transcripts.
    pub warnings: Vec<WarningView>,
    /// Counts its changes; in the `ETag`, too.
    pub version: i64,
    /// When it was first heard of.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A page of conversations, newest first.
#[derive(Object)]
#[oai(rename = "ConversationPage", skip_serializing_if_is_none, example)]
pub(crate) struct ConversationPageView {
    /// The conversations.
    pub items: Vec<ConversationView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// A conversation with what belongs to it. Who and what it mentions comes, for each recording, from
/// the newest transcript that is complete.
#[derive(Object)]
#[oai(rename = "ConversationDetail", example)]
pub(crate) struct ConversationDetailView {
    /// The conversation itself.
    #[oai(flatten)]
    pub conversation: ConversationView,
    /// Its recordings, oldest first.
    pub audio: Vec<AudioView>,
    /// Its transcripts: those that are complete first, and the newest first of these and of the others.
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
    pub started_at: Time,
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
    /// What it is.
    pub kind: Stored<EntityKind>,
    /// What it is called.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// Where this conversation mentions it, in the order of time.
    pub mentions: Vec<MentionView>,
}

/// A place where an entity was mentioned.
#[derive(Object)]
#[oai(rename = "Mention", skip_serializing_if_is_none)]
pub(crate) struct MentionView {
    /// In what transcript.
    pub transcription_id: Uuid,
    /// In what segment of it.
    pub segment_id: Uuid,
    /// Where to play from: where the words begin in the recording, or their segment, where the times of its
    /// words are not known.
    pub start_ms: i64,
    /// Where they end.
    pub end_ms: i64,
    /// The words that were used.
    pub text: String,
    /// When that is, for dates and times of which it can be known: by when and where it was said.
    pub date: Option<DateView>,
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
    pub kind: Stored<ConnectionKind>,
    /// How much speaks for it, in all conversations.
    pub strength: f32,
    /// The segments of this conversation that speak for it.
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
