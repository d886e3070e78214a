//! The list of a person's entities.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Entity, columns};
use crate::database::UserTx;

/// Filters for entities; a filter that is `None` matches all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<String>,
    /// Only entities with this text in one of their names, regardless of case.
    pub name: Option<String>,
    /// Only entities that were mentioned at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only entities that were mentioned before this time.
    pub to: Option<DateTime<Utc>>,
}

/// Lists the person's entities after a cursor, those mentioned last first.
pub async fn list(
    tx: &mut UserTx,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Entity>> {
    let mut query = QueryBuilder::new(concat!("select ", columns!(), " from entities e where e.user_id = "));
    query.push_bind(tx.user().0);
    if let Some(kind) = &filter.kind {
        query.push(" and e.kind = ").push_bind(kind.clone());
    }
    if let Some(name) = &filter.name {
        query.push(
            " and exists (select from unnest(array_prepend(e.name, e.aliases)) called where position(lower(",
        );
        query.push_bind(name.clone()).push(") in lower(called)) > 0)");
    }
    if let Some(from) = filter.from {
        query.push(" and e.last_seen_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and e.first_seen_at < ").push_bind(to);
    }
    if let Some((time, id)) = behind {
        query.push(" and (e.last_seen_at, e.id) < (").push_bind(time).push(", ").push_bind(id).push(")");
    }
    query.push(" order by e.last_seen_at desc, e.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(&mut **tx).await
}
