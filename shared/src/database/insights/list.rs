//! The list of a person's insights.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Insight, columns};
use crate::database::UserTx;
use crate::domain::insight::InsightKind;

/// A filter by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Valid, and not dismissed.
    #[default]
    Current,
    /// Valid, and dismissed.
    Dismissed,
    /// All, including former versions.
    All,
}

/// Filters for insights; a filter that is `None` matches all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub state: State,
    pub kind: Option<InsightKind>,
    /// Only insights with evidence in this conversation.
    pub conversation: Option<Uuid>,
    /// Only insights about this entity.
    pub entity: Option<Uuid>,
    /// Only insights found at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only insights found before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only insights due at this time or later.
    pub due_from: Option<DateTime<Utc>>,
    /// Only insights due before this time.
    pub due_to: Option<DateTime<Utc>>,
}

/// Lists the person's insights after a cursor, newest first.
pub async fn list(
    tx: &mut UserTx,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Insight>> {
    let mut query = QueryBuilder::new(concat!("select ", columns!(), " from insights i where i.user_id = "));
    query.push_bind(tx.user().0);
    let dismissed = "exists (select from insight_dismissals d
                             where d.user_id = i.user_id and d.kind = i.kind and d.essence = i.essence)";
    match filter.state {
        State::Current => query.push(" and i.superseded_by is null and not ").push(dismissed),
        State::Dismissed => query.push(" and i.superseded_by is null and ").push(dismissed),
        State::All => &mut query,
    };
    if let Some(kind) = filter.kind {
        query.push(" and i.kind = ").push_bind(kind.as_str());
    }
    for (column, id) in [("conversation_id", filter.conversation), ("entity_id", filter.entity)] {
        if let Some(id) = id {
            query.push(" and exists (select from insight_evidence e where e.insight_id = i.id and e.user_id = i.user_id and e.");
            query.push(column).push(" = ").push_bind(id).push(")");
        }
    }
    for (condition, time) in [
        (" and i.created_at >= ", filter.from),
        (" and i.created_at < ", filter.to),
        (" and i.due_at >= ", filter.due_from),
        (" and i.due_at < ", filter.due_to),
    ] {
        if let Some(time) = time {
            query.push(condition).push_bind(time);
        }
    }
    if let Some((time, id)) = behind {
        query.push(" and (i.created_at, i.id) < (").push_bind(time).push(", ").push_bind(id).push(")");
    }
    query.push(" order by i.created_at desc, i.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(&mut **tx).await
}
