use chrono::TimeDelta;
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::insight::InsightKind;
use self_shared::events::{Evidence, Insight, InsightEvidence};
use uuid::Uuid;

use super::{EvidenceView, example_id, example_time};
use crate::time::Time;
use crate::wire_enums::Stored;

/// Something that deserves attention, with all that speaks for it. The event `insight_generated` of the
/// WebSocket carries the same; `insight_update` carries `id`, `kind` and as `change` what happened:
/// `dismissed`, `restored`, or `withdrawn` when it is not so any more.
#[derive(Object)]
#[oai(rename = "Insight", skip_serializing_if_is_none, example)]
pub(crate) struct InsightView {
    /// Names this version of it.
    pub id: Uuid,
    /// What kind it is. `summary` and `action_item` come from a summarizer, if there is one.
    pub kind: Stored<InsightKind>,
    /// One line.
    pub title: String,
    /// Plain sentences.
    pub detail: String,
    /// By when something is to be done, or when something is.
    pub due_at: Option<Time>,
    /// What speaks for it.
    pub evidence: InsightEvidenceView,
    /// What found it: the product's own rules, or a summarizer.
    pub model: String,
    /// In which version.
    pub model_version: String,
    /// When it was found.
    pub created_at: Time,
    /// The version before it: something about it has changed.
    pub supersedes: Option<Uuid>,
    /// The version after it; absent from the one that counts.
    pub superseded_by: Option<Uuid>,
    /// When it was dismissed.
    pub dismissed_at: Option<Time>,
}

/// What speaks for an insight. There is none without: where this is gone, the insight goes.
#[derive(Object)]
#[oai(rename = "InsightEvidence")]
pub(crate) struct InsightEvidenceView {
    /// Where it was said.
    pub segments: Vec<EvidenceView>,
    /// The conversations in which that is.
    pub conversation_ids: Vec<Uuid>,
    /// Who and what it is about.
    pub entity_ids: Vec<Uuid>,
    /// The files in which it is written.
    pub file_ids: Vec<Uuid>,
}

/// A page of insights, those found last coming first.
#[derive(Object)]
#[oai(rename = "InsightPage", skip_serializing_if_is_none, example)]
pub(crate) struct InsightPageView {
    /// The insights.
    pub items: Vec<InsightView>,
    /// Pass it as `cursor` to get the next page; absent on the last.
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
