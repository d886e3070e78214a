//! The list of a person's entities.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Entity, columns};
use crate::database::UserTx;

/// What narrows the list; what is absent narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only with this in one of their names, whatever its case.
    pub name: Option<String>,
    /// Only those mentioned then or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those mentioned before.
    pub to: Option<DateTime<Utc>>,
}

/// The person's entities, those mentioned last coming first, from behind a place on.
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
