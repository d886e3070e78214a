use chrono::TimeDelta;
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::insight::InsightKind;
use self_shared::events::{Evidence, Insight, InsightEvidence};
use uuid::Uuid;

use super::{EvidenceView, example_id, example_time};
use crate::time::Time;
use crate::wire_enums::StoredEnum;

/// An insight: something that deserves the user's attention, with its evidence. The event
/// `insight_generated` of the WebSocket carries the same fields. The event `insight_update` carries
/// `id`, `kind`, and in `change` the reason: `dismissed`, `restored`, or `withdrawn` if the insight is
/// not valid any more.
#[derive(Object)]
#[oai(rename = "Insight", skip_serializing_if_is_none, example)]
pub(crate) struct InsightView {
    /// The id of this version of the insight.
    pub id: Uuid,
    /// The kind of the insight. `summary` and `action_item` come from a summarizer, if this server has
    /// one.
    pub kind: StoredEnum<InsightKind>,
    /// The title: one line.
    pub title: String,
    /// The explanation, in plain sentences.
    pub detail: String,
    /// When something is due, or when it takes place. Absent if neither is known.
    pub due_at: Option<Time>,
    /// The evidence for the insight.
    pub evidence: InsightEvidenceView,
    /// The name of the model that found the insight: the product's own rules, or a summarizer.
    pub model: String,
    /// The version of that model.
    pub model_version: String,
    /// When this version was found.
    pub created_at: Time,
    /// The id of the previous version, of which something has changed. Absent for the first version.
    pub supersedes: Option<Uuid>,
    /// The id of the next version. Absent for the current version.
    pub superseded_by: Option<Uuid>,
    /// When the insight was dismissed. Absent if it is not dismissed.
    pub dismissed_at: Option<Time>,
}

/// The evidence for an insight. Every insight has evidence. If its evidence is deleted, the insight is
/// deleted, too.
#[derive(Object)]
#[oai(rename = "InsightEvidence")]
pub(crate) struct InsightEvidenceView {
    /// The segments in which it was said.
    pub segments: Vec<EvidenceView>,
    /// The conversations of these segments.
    pub conversation_ids: Vec<Uuid>,
    /// The entities that the insight is about.
    pub entity_ids: Vec<Uuid>,
    /// The files that contain evidence.
    pub file_ids: Vec<Uuid>,
}

/// A page of insights. The insight that was found last comes first.
#[derive(Object)]
#[oai(rename = "InsightPage", skip_serializing_if_is_none, example)]
pub(crate) struct InsightPageView {
    /// The insights.
    pub items: Vec<InsightView>,
    /// Send it as `cursor` to get the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

impl From<Insight> for InsightView {
    fn from(insight: Insight) -> Self {
        Self {
            id: insight.id,
            kind: insight.kind.into(),
            title: insight.title,
            detail: insight.detail,
            due_at: insight.due_at.map(Time::from),
            evidence: insight.evidence.into(),
            model: insight.model,
            model_version: insight.model_version,
            created_at: insight.created_at.into(),
            supersedes: insight.supersedes,
            superseded_by: insight.superseded_by,
            dismissed_at: insight.dismissed_at.map(Time::from),
        }
    }
}

impl From<InsightEvidence> for InsightEvidenceView {
    fn from(evidence: InsightEvidence) -> Self {
        Self {
            segments: evidence.segments.into_iter().map(EvidenceView::from).collect(),
            conversation_ids: evidence.conversation_ids.into_iter().collect(),
            entity_ids: evidence.entity_ids,
            file_ids: evidence.file_ids,
        }
    }
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        let Evidence { conversation_id, segment_id, start_ms, end_ms, text } = evidence;
        Self { conversation_id, segment_id, start_ms, end_ms, text }
    }
}

impl Example for InsightView {
    fn example() -> Self {
        let text = "I'll send you the invoice by Friday.".to_owned();
        let segment = EvidenceView {
            conversation_id: example_id(2),
            segment_id: example_id(5),
            start_ms: 350,
            end_ms: 2_900,
            text,
        };
        Self {
            id: example_id(9),
            kind: InsightKind::Promise.into(),
            title: "I'll send you the invoice by Friday".to_owned(),
            detail: "“I'll send you the invoice by Friday.” (Ada, 21 September 2026, in “Kitchen plans”.) It is due by \
                     the end of 25 September 2026."
                .to_owned(),
            due_at: Some((example_time::<Time>().0 + TimeDelta::days(5)).into()),
            evidence: InsightEvidenceView {
                segments: vec![segment],
                conversation_ids: vec![example_id(2)],
                entity_ids: Vec::new(),
                file_ids: Vec::new(),
            },
            model: "self-insights".to_owned(),
            model_version: "1".to_owned(),
            created_at: example_time(),
            supersedes: None,
            superseded_by: None,
            dismissed_at: None,
        }
    }
}

impl Example for InsightPageView {
    fn example() -> Self {
        Self { items: vec![InsightView::example()], next_cursor: None }
    }
}
