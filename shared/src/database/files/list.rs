//! The list of a person's files, filtered and sorted.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{File, columns};
use crate::database::UserTx;
use crate::domain::file::FileState;

/// Which files; all of them when nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those on this device.
    pub device: Option<String>,
    /// Those whose path begins like this.
    pub path: Option<String>,
    /// Those with this somewhere in their path, whatever the case.
    pub text: Option<String>,
    /// Those that are there, or those that are not.
    pub state: Option<FileState>,
    /// Those of this media type.
    pub content_type: Option<String>,
    /// Those whose time in the list's order is then or later.
    pub from: Option<DateTime<Utc>>,
    /// Those whose time in the list's order is before.
    pub to: Option<DateTime<Utc>>,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that changed last come first.
    #[default]
    Newest,
    /// Those that have not changed for longest come first.
    Oldest,
    /// Those that were opened last come first, without those that never were.
    Opened,
}

impl Order {
    /// The column, the direction, and how what comes next compares with what is listed.
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Newest => ("f.changed_at", " desc", " < "),
            Self::Oldest => ("f.changed_at", " asc", " > "),
            Self::Opened => ("f.opened_at", " desc", " < "),
        }
    }

    /// Where a file stands in this order.
    #[must_use]
    pub fn cursor(self, file: &File) -> FileCursor {
        let time = match self {
            Self::Newest | Self::Oldest => file.changed_at,
            Self::Opened => file.opened_at.unwrap_or(file.changed_at),
        };
        (time, file.id)
    }
}

/// A place in the list: what is listed so far ends there.
pub type FileCursor = (DateTime<Utc>, Uuid);

/// The person's files behind a place; at most `limit`.
pub async fn list(
    tx: &mut UserTx,
    filter: &Filter,
    order: Order,
    behind: Option<FileCursor>,
    limit: i64,
) -> sqlx::Result<Vec<File>> {
    let (column, direction, next) = order.sql();
    let mut query = QueryBuilder::<Postgres>::new(concat!("select ", columns!(), " where f.user_id = "));
    query.push_bind(tx.user().0);
    if order == Order::Opened {
        query.push(" and f.opened_at is not null");
    }
    if let Some(from) = filter.from {
        query.push(" and ").push(column).push(" >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and ").push(column).push(" < ").push_bind(to);
    }
    narrow(&mut query, filter);
    if let Some((time, id)) = behind {
        query.push(" and (").push(column).push(", f.id)").push(next).push("(");
        query.push_bind(time).push(", ").push_bind(id).push(")");
    }
    query.push(" order by ").push(column).push(direction).push(", f.id").push(direction);
    query.push(" limit ").push_bind(limit);
    query.build_query_as().fetch_all(&mut **tx).await
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(device) = &filter.device {
        query.push(" and f.device = ").push_bind(device.clone());
    }
    if let Some(path) = &filter.path {
        query.push(" and starts_with(f.path, ").push_bind(path.clone()).push(")");
    }
    if let Some(text) = &filter.text {
        query.push(" and position(lower(").push_bind(text.clone()).push(") in lower(f.path)) > 0");
    }
    if let Some(state) = filter.state {
        query.push(" and f.state = ").push_bind(state.as_str());
    }
    if let Some(content_type) = &filter.content_type {
        query.push(" and f.content_type = ").push_bind(content_type.clone());
    }
}
