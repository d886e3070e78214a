use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::entities::{Appearance, Edge, Entity, Evidence};
use self_shared::domain::entity::{ConnectionKind, EntityKind};
use uuid::Uuid;

use super::{DateView, MentionView, example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Stored;

/// Somebody or something that was mentioned, in all conversations together.
#[derive(Clone, Object)]
#[oai(rename = "EntitySummary", example)]
pub(crate) struct EntitySummaryView {
    /// Names it.
    pub id: Uuid,
    /// What it is.
    pub kind: Stored<EntityKind>,
    /// What it is called.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// When the first conversation began that mentions it.
    pub first_seen_at: Time,
    /// When the last one did.
    pub last_seen_at: Time,
    /// How often it is mentioned.
    pub mention_count: i64,
    /// In how many conversations.
    pub conversation_count: i64,
}

/// A page of entities, those mentioned last coming first.
#[derive(Object)]
#[oai(rename = "EntityPage", skip_serializing_if_is_none, example)]
pub(crate) struct EntityPageView {
    /// The entities.
    pub items: Vec<EntitySummaryView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// An entity, and when it was mentioned.
#[derive(Object)]
#[oai(rename = "EntityDetail", example)]
pub(crate) struct EntityDetailView {
    /// The entity itself.
    #[oai(flatten)]
    pub entity: EntitySummaryView,
    /// The newest conversations that mention it, newest first.
    pub timeline: Vec<AppearanceView>,
}

/// A conversation that mentions an entity, and where.
#[derive(Object)]
#[oai(rename = "Appearance")]
pub(crate) struct AppearanceView {
    /// The conversation.
    pub conversation_id: Uuid,
    /// What that is called.
    pub title: String,
    /// When it began.
    pub started_at: Time,
    /// Where it mentions the entity, in the order of time.
    pub mentions: Vec<MentionView>,
    /// What is said where it is mentioned first.
    pub text: String,
}

/// What an entity is connected with, strongest first.
#[derive(Object)]
#[oai(rename = "EntityConnections", example)]
pub(crate) struct EntityConnectionsView {
    /// The connections.
    pub items: Vec<EntityConnectionView>,
}

/// A connection, seen from one of its ends.
#[derive(Object)]
#[oai(rename = "EntityConnection")]
pub(crate) struct EntityConnectionView {
    /// Names the connection.
    pub id: Uuid,
    /// The other end.
    pub entity: EntitySummaryView,
    /// What they have to do with one another.
    pub kind: Stored<ConnectionKind>,
    /// How much speaks for it.
    pub strength: f32,
    /// When the first conversation began that speaks for it.
    pub first_seen_at: Time,
    /// When the last one did.
    pub last_seen_at: Time,
    /// What speaks for it: the newest few segments.
    pub evidence: Vec<EvidenceView>,
}

/// A segment that speaks for a connection.
#[derive(Object)]
#[oai(rename = "Evidence")]
pub(crate) struct EvidenceView {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What it says.
    pub text: String,
}

/// A part of a person's graph: entities, and all connections between them.
#[derive(Object)]
#[oai(rename = "Graph", example)]
pub(crate) struct GraphView {
    /// The entities, nearest first; the one that was asked for is the first.
    pub entities: Vec<EntitySummaryView>,
    /// The connections between these, strongest first.
    pub connections: Vec<GraphConnectionView>,
}

/// A connection between two entities of a graph.
#[derive(Object)]
#[oai(rename = "GraphConnection")]
pub(crate) struct GraphConnectionView {
    /// Names it.
    pub id: Uuid,
    /// One end.
    pub from_entity_id: Uuid,
    /// The other.
    pub to_entity_id: Uuid,
    /// What they have to do with one another.
    pub kind: Stored<ConnectionKind>,
    /// How much speaks for it.
    pub strength: f32,
    /// When the first conversation began that speaks for it.
    pub first_seen_at: Time,
    /// When the last one did.
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
    /// Appearances by conversation; they come with those of one conversation together.
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
    /// A connection with its other end, and what speaks for it.
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
