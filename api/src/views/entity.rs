use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::entities::{Appearance, Edge, Entity, Evidence};
use self_shared::domain::entity::{ConnectionKind, EntityKind};
use uuid::Uuid;

use super::{DateView, MentionView, example_id, example_time};
use crate::time::Time;
use crate::wire_enums::StoredEnum;

/// An entity, summed up over all conversations: a person, place, organization, date, amount or contact
/// that is mentioned.
#[derive(Clone, Object)]
#[oai(rename = "EntitySummary", example)]
pub(crate) struct EntitySummaryView {
    /// The id of the entity.
    pub id: Uuid,
    /// The kind of the entity.
    pub kind: StoredEnum<EntityKind>,
    /// The name of the entity.
    pub name: String,
    /// Other names of the entity.
    pub aliases: Vec<String>,
    /// When the earliest conversation that mentions the entity began.
    pub first_seen_at: Time,
    /// When the latest conversation that mentions the entity began.
    pub last_seen_at: Time,
    /// The number of mentions.
    pub mention_count: i64,
    /// The number of conversations with a mention.
    pub conversation_count: i64,
}

/// A page of entities. The entity that was mentioned last comes first.
#[derive(Object)]
#[oai(rename = "EntityPage", skip_serializing_if_is_none, example)]
pub(crate) struct EntityPageView {
    /// The entities.
    pub items: Vec<EntitySummaryView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// An entity with its timeline.
#[derive(Object)]
#[oai(rename = "EntityDetail", example)]
pub(crate) struct EntityDetailView {
    /// The entity.
    #[oai(flatten)]
    pub entity: EntitySummaryView,
    /// The newest conversations that mention the entity, newest first.
    pub timeline: Vec<AppearanceView>,
}

/// A conversation that mentions an entity, with the mentions.
#[derive(Object)]
#[oai(rename = "Appearance")]
pub(crate) struct AppearanceView {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// When the conversation began.
    pub started_at: Time,
    /// The mentions of the entity in this conversation, in the order of time.
    pub mentions: Vec<MentionView>,
    /// The text of the first mention's segment.
    pub text: String,
}

/// The connections of an entity, strongest first.
#[derive(Object)]
#[oai(rename = "EntityConnections", example)]
pub(crate) struct EntityConnectionsView {
    /// The connections.
    pub items: Vec<EntityConnectionView>,
}

/// A connection of an entity to another one.
#[derive(Object)]
#[oai(rename = "EntityConnection")]
pub(crate) struct EntityConnectionView {
    /// The id of the connection.
    pub id: Uuid,
    /// The other entity.
    pub entity: EntitySummaryView,
    /// The kind of the connection.
    pub kind: StoredEnum<ConnectionKind>,
    /// The strength of the connection: how much evidence there is.
    pub strength: f32,
    /// When the earliest conversation with evidence began.
    pub first_seen_at: Time,
    /// When the latest conversation with evidence began.
    pub last_seen_at: Time,
    /// The evidence: the newest segments, a few of them.
    pub evidence: Vec<EvidenceView>,
}

/// A segment that is evidence for a connection or an insight.
#[derive(Object)]
#[oai(rename = "Evidence")]
pub(crate) struct EvidenceView {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// The start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
    /// The end of the segment in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text of the segment.
    pub text: String,
}

/// A part of the user's graph: entities, and all connections between them.
#[derive(Object)]
#[oai(rename = "Graph", example)]
pub(crate) struct GraphView {
    /// The entities, nearest first. The first one is the entity of the request.
    pub entities: Vec<EntitySummaryView>,
    /// The connections between these entities, strongest first.
    pub connections: Vec<GraphConnectionView>,
}

/// A connection between two entities of a graph.
#[derive(Object)]
#[oai(rename = "GraphConnection")]
pub(crate) struct GraphConnectionView {
    /// The id of the connection.
    pub id: Uuid,
    /// One of the two entities.
    pub from_entity_id: Uuid,
    /// The other entity.
    pub to_entity_id: Uuid,
    /// The kind of the connection.
    pub kind: StoredEnum<ConnectionKind>,
    /// The strength of the connection: how much evidence there is.
    pub strength: f32,
    /// When the earliest conversation with evidence began.
    pub first_seen_at: Time,
    /// When the latest conversation with evidence began.
    pub last_seen_at: Time,
}

impl From<Entity> for EntitySummaryView {
    fn from(entity: Entity) -> Self {
        Self {
            id: entity.id,
            kind: entity.kind.into(),
            name: entity.name,
            aliases: entity.aliases,
            first_seen_at: entity.first_seen_at.into(),
            last_seen_at: entity.last_seen_at.into(),
            mention_count: entity.mentions,
            conversation_count: entity.conversations,
        }
    }
}

impl AppearanceView {
    /// Groups appearances by conversation. Those of one conversation must stand next to each other.
    pub(crate) fn gather(appearances: Vec<Appearance>) -> Vec<Self> {
        let mut timeline: Vec<Self> = Vec::new();
        for one in appearances {
            let mention = MentionView {
                transcription_id: one.transcription_id,
                segment_id: one.segment_id,
                start_ms: one.start_ms,
                end_ms: one.end_ms,
                text: one.text,
                date: DateView::of(one.starts_at, one.ends_at, one.precision),
            };
            match timeline.last_mut() {
                Some(last) if last.conversation_id == one.conversation_id => last.mentions.push(mention),
                _ => timeline.push(Self {
                    conversation_id: one.conversation_id,
                    title: one.title,
                    started_at: one.started_at.into(),
                    mentions: vec![mention],
                    text: one.said,
                }),
            }
        }
        timeline
    }
}

impl EntityConnectionView {
    /// A connection with the other entity and its evidence.
    pub(crate) fn new(edge: Edge, other: EntitySummaryView, evidence: Vec<Evidence>) -> Self {
        Self {
            id: edge.id,
            entity: other,
            kind: edge.kind.into(),
            strength: edge.strength,
            first_seen_at: edge.first_seen_at.into(),
            last_seen_at: edge.last_seen_at.into(),
            evidence: evidence.into_iter().map(EvidenceView::from).collect(),
        }
    }
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        let Evidence { connection_id: _, conversation_id, segment_id, start_ms, end_ms, text } = evidence;
        Self { conversation_id, segment_id, start_ms, end_ms, text }
    }
}

impl From<Edge> for GraphConnectionView {
    fn from(edge: Edge) -> Self {
        let Edge { id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at } = edge;
        let kind = kind.into();
        let (first_seen_at, last_seen_at) = (first_seen_at.into(), last_seen_at.into());
        Self { id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at }
    }
}

impl Example for EntitySummaryView {
    fn example() -> Self {
        Self {
            id: example_id(6),
            kind: EntityKind::Person.into(),
            name: "Maria Silva".to_owned(),
            aliases: vec!["Maria".to_owned()],
            first_seen_at: example_time(),
            last_seen_at: example_time(),
            mention_count: 3,
            conversation_count: 2,
        }
    }
}

impl Example for EntityPageView {
    fn example() -> Self {
        Self { items: vec![EntitySummaryView::example()], next_cursor: None }
    }
}

impl Example for EntityDetailView {
    fn example() -> Self {
        let mention = MentionView {
            transcription_id: example_id(4),
            segment_id: example_id(5),
            start_ms: 350,
            end_ms: 2_900,
            text: "Maria".to_owned(),
            date: None,
        };
        let appearance = AppearanceView {
            conversation_id: example_id(2),
            title: "Kitchen plans".to_owned(),
            started_at: example_time(),
            mentions: vec![mention],
            text: "Maria says the tiles come on Monday.".to_owned(),
        };
        Self { entity: EntitySummaryView::example(), timeline: vec![appearance] }
    }
}

impl Example for EntityConnectionsView {
    fn example() -> Self {
        let evidence = EvidenceView {
            conversation_id: example_id(2),
            segment_id: example_id(5),
            start_ms: 350,
            end_ms: 2_900,
            text: "Maria Silva met us in Lisbon.".to_owned(),
        };
        let connection = EntityConnectionView {
            id: example_id(8),
            entity: EntitySummaryView {
                name: "Lisbon".to_owned(),
                kind: EntityKind::Place.into(),
                ..Example::example()
            },
            kind: ConnectionKind::MentionedTogether.into(),
            strength: 1.0,
            first_seen_at: example_time(),
            last_seen_at: example_time(),
            evidence: vec![evidence],
        };
        Self { items: vec![connection] }
    }
}

impl Example for GraphView {
    fn example() -> Self {
        let connection = GraphConnectionView {
            id: example_id(8),
            from_entity_id: example_id(6),
            to_entity_id: example_id(7),
            kind: ConnectionKind::MentionedTogether.into(),
            strength: 1.0,
            first_seen_at: example_time(),
            last_seen_at: example_time(),
        };
        Self { entities: vec![EntitySummaryView::example()], connections: vec![connection] }
    }
}
