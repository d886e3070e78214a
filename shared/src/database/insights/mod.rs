//! Insights: facts that deserve a person's attention, always with their evidence.

mod due;
mod list;
mod near;
mod replace;
mod statements;
mod time;
mod understood;
mod withdraw;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::UserTx;
use crate::events::{self as event, InsightChange, InsightEvidence, InsightGenerated, InsightUpdate};

pub use self::due::people_due;
pub use self::list::{Filter, State, list};
pub use self::near::{NearFile, NearPassage, near_conversations, near_files, near_passages, sharing_a_topic};
pub use self::replace::{InsightModel, Scope, replace};
pub use self::statements::{restate, stated_of_the_same};
pub use self::time::{DateAhead, PersonHeard, dates_ahead, first_began_at, people_heard};
pub use self::understood::{UnderstoodMention, UnderstoodSegment, understood_mentions, understood_segments};
pub use self::withdraw::{withdraw, withdraw_about, withdraw_files};

/// Reads [`Insight`]s: the text after their columns, whose table is `i`, and the parameters.
macro_rules! query_insights {
    ($after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Insight,
            "select i.id, i.kind, i.title, i.detail, i.due_at, i.model, i.model_version, i.created_at, i.superseded_by,
                    (select former.id from insights former
                     where former.superseded_by = i.id and former.user_id = i.user_id limit 1) as supersedes,
                    (select d.dismissed_at from insight_dismissals d
                     where d.user_id = i.user_id and d.kind = i.kind and d.essence = i.essence) as dismissed_at "
                + $after,
            $($parameter),+
        )
    };
}

/// The same columns for a statement that is put together at run time.
macro_rules! columns {
    () => {
        "i.id, i.kind, i.title, i.detail, i.due_at, i.model, i.model_version, i.created_at, i.superseded_by,
         (select former.id from insights former
          where former.superseded_by = i.id and former.user_id = i.user_id limit 1) as supersedes,
         (select d.dismissed_at from insight_dismissals d
          where d.user_id = i.user_id and d.kind = i.kind and d.essence = i.essence) as dismissed_at"
    };
}
use columns;

/// An insight, without its evidence.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Insight {
    /// Each version has its own id.
    pub id: Uuid,
    pub kind: String,
    /// One line.
    pub title: String,
    /// Plain sentences.
    pub detail: String,
    /// The deadline, or the time of an occasion.
    pub due_at: Option<DateTime<Utc>>,
    /// The model that found it.
    pub model: String,
    pub model_version: String,
    /// The time when it was found.
    pub created_at: DateTime<Utc>,
    /// The previous version.
    pub supersedes: Option<Uuid>,
    /// The next version; `None` for the current one.
    pub superseded_by: Option<Uuid>,
    /// The time when the person dismissed it.
    pub dismissed_at: Option<DateTime<Utc>>,
}

struct EvidenceRow {
    insight_id: Uuid,
    conversation_id: Option<Uuid>,
    segment_id: Option<Uuid>,
    entity_id: Option<Uuid>,
    file_id: Option<Uuid>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    text: Option<String>,
}

/// Reads an insight of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Insight>> {
    let user = tx.user();
    query_insights!("from insights i where i.user_id = $1 and i.id = $2", user.0, id)
        .fetch_optional(&mut **tx)
        .await
}

/// Reads the evidence of each insight, in the order of the input.
pub async fn evidence(tx: &mut UserTx, insights: &[Uuid]) -> sqlx::Result<Vec<InsightEvidence>> {
    let user = tx.user();
    let pieces = sqlx::query_as!(
        EvidenceRow,
        r#"select e.insight_id, e.conversation_id, e.segment_id, e.entity_id, e.file_id,
                  s.start_ms as "start_ms?", s.end_ms as "end_ms?", s.text as "text?"
           from insight_evidence e left join segments s on s.user_id = $1 and s.id = e.segment_id
           where e.user_id = $1 and e.insight_id = any ($2) order by e.insight_id, e.position"#,
        user.0,
        insights,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found = vec![InsightEvidence::default(); insights.len()];
    for piece in pieces {
        if let Some(place) = insights.iter().position(|id| *id == piece.insight_id) {
            add(&mut found[place], piece);
        }
    }
    Ok(found)
}

/// Marks an insight as dismissed or not. Returns its new state, or `None` if the person has no such insight.
/// If nothing changes, no event is added.
pub async fn dismiss(tx: &mut UserTx, id: Uuid, dismissed: bool) -> sqlx::Result<Option<Insight>> {
    let user = tx.user();
    let done = if dismissed {
        sqlx::query!(
            "insert into insight_dismissals (user_id, kind, essence)
             select user_id, kind, essence from insights where user_id = $1 and id = $2
             on conflict do nothing",
            user.0,
            id,
        )
        .execute(&mut **tx)
        .await?
    } else {
        sqlx::query!(
            "delete from insight_dismissals d using insights i
             where d.user_id = $1 and i.user_id = $1 and i.id = $2 and d.kind = i.kind and d.essence = i.essence",
            user.0,
            id,
        )
        .execute(&mut **tx)
        .await?
    };
    let changed = done.rows_affected();
    let insight = get(tx, id).await?;
    if let Some(insight) = insight.as_ref().filter(|_| changed > 0) {
        let evidence = evidence(tx, &[id]).await?.pop().unwrap_or_default();
        tx.emit(&InsightUpdate {
            id,
            kind: insight.kind.clone(),
            change: if dismissed { InsightChange::Dismissed } else { InsightChange::Restored },
            dismissed_at: insight.dismissed_at,
            conversation_ids: evidence.conversation_ids,
        });
    }
    Ok(insight)
}

/// Adds the events for new insights that are not dismissed, in the order of the input.
async fn announce(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<()> {
    let user = tx.user();
    let insights = query_insights!(
        "from unnest($2::uuid[]) with ordinality as wanted (id, place)
         join insights i on i.id = wanted.id
         where i.user_id = $1 order by wanted.place",
        user.0,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let evidence = evidence(tx, &insights.iter().map(|insight| insight.id).collect::<Vec<_>>()).await?;
    for (insight, evidence) in insights.into_iter().zip(evidence) {
        if insight.dismissed_at.is_none() {
            tx.emit(&InsightGenerated(insight.with(evidence)));
        }
    }
    Ok(())
}

impl Insight {
    /// The insight with its evidence, as the API shows it.
    #[must_use]
    pub fn with(self, evidence: InsightEvidence) -> event::Insight {
        event::Insight {
            id: self.id,
            kind: self.kind,
            title: self.title,
            detail: self.detail,
            due_at: self.due_at,
            evidence,
            model: self.model,
            model_version: self.model_version,
            created_at: self.created_at,
            supersedes: self.supersedes,
            superseded_by: self.superseded_by,
            dismissed_at: self.dismissed_at,
        }
    }
}

fn add(evidence: &mut InsightEvidence, piece: EvidenceRow) {
    // Two entities of the evidence may have been merged since.
    evidence.entity_ids.extend(piece.entity_id.filter(|id| !evidence.entity_ids.contains(id)));
    evidence.file_ids.extend(piece.file_id);
    evidence.conversation_ids.extend(piece.conversation_id);
    if let (Some(conversation_id), Some(segment_id)) = (piece.conversation_id, piece.segment_id) {
        evidence.segments.push(event::Evidence {
            conversation_id,
            segment_id,
            start_ms: piece.start_ms.unwrap_or_default(),
            end_ms: piece.end_ms.unwrap_or_default(),
            text: piece.text.unwrap_or_default(),
        });
    }
}
