//! The list of a person's files, filtered and sorted.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{File, FileRow, columns};
use crate::database::UserTx;
use crate::domain::file::FileState;

/// Filters for files; a filter that is `None` matches all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub device: Option<String>,
    /// Only files whose path has this prefix.
    pub path: Option<String>,
    /// Only files with this text in their path, regardless of case.
    pub text: Option<String>,
    /// Only present files, or only deleted ones.
    pub state: Option<FileState>,
    /// Only files of this media type.
    pub content_type: Option<String>,
    /// Only files whose time in the list's order is at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only files whose time in the list's order is before this time.
    pub to: Option<DateTime<Utc>>,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the last change, newest first.
    #[default]
    Newest,
    /// By the last change, oldest first.
    Oldest,
    /// By the last opening, newest first; without files that were never opened.
    Opened,
}

impl Order {
    /// The column, the direction, and the operator that compares the next rows with the cursor.
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Newest => ("f.changed_at", " desc", " < "),
            Self::Oldest => ("f.changed_at", " asc", " > "),
            Self::Opened => ("f.opened_at", " desc", " < "),
        }
    }

    /// The position of a file in this order.
    #[must_use]
    pub fn cursor(self, file: &File) -> FileCursor {
        let time = match self {
            Self::Newest | Self::Oldest => file.changed_at,
            Self::Opened => file.opened_at.unwrap_or(file.changed_at),
        };
        (time, file.id)
    }
}

/// A position in the list: the last file of the previous page.
pub type FileCursor = (DateTime<Utc>, Uuid);

/// Lists the person's files after a cursor; at most `limit`.
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
    let rows: Vec<FileRow> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(File::from).collect())
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
