//! The list of a person's conversations, filtered and sorted.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::Conversation;
use crate::database::UserTx;

/// Filters for conversations; a filter that is `None` matches all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only conversations that began at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only conversations that began before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only conversations that mention this entity.
    pub entity: Option<Uuid>,
    /// Only conversations with this source.
    pub source: Option<String>,
    /// Only conversations with this language tag, in any spelling.
    pub language: Option<String>,
    pub tag: Option<String>,
    /// Only conversations that match this text in transcripts, title or notes. The syntax is that of a
    /// search box: quotes for phrases, a minus for excluded words.
    pub text: Option<String>,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the start, newest first.
    #[default]
    Newest,
    /// By the start, oldest first.
    Oldest,
    /// By the last change, newest first.
    Changed,
}

impl Order {
    /// The column, the direction, and the operator that compares the next rows with the cursor.
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Newest => ("started_at", " desc", " < "),
            Self::Oldest => ("started_at", " asc", " > "),
            Self::Changed => ("updated_at", " desc", " < "),
        }
    }

    /// The position of a conversation in this order.
    #[must_use]
    pub fn cursor(self, conversation: &Conversation) -> ConversationCursor {
        let time = match self {
            Self::Newest | Self::Oldest => conversation.started_at,
            Self::Changed => conversation.updated_at,
        };
        (time, conversation.id)
    }
}

/// A position in the list: the last conversation of the previous page.
pub type ConversationCursor = (DateTime<Utc>, Uuid);

/// Lists the person's conversations after a cursor; at most `limit`.
pub async fn list(
    tx: &mut UserTx,
    filter: &Filter,
    order: Order,
    behind: Option<ConversationCursor>,
    limit: i64,
) -> sqlx::Result<Vec<Conversation>> {
    let (column, direction, next) = order.sql();
    let mut query = QueryBuilder::<Postgres>::new(
        "select id, title, notes, tags, speakers, source, language, started_at, duration_ms, warnings,
                version, created_at, updated_at
         from conversations c where user_id = ",
    );
    query.push_bind(tx.user().0);
    narrow(&mut query, filter);
    if let Some((time, id)) = behind {
        query.push(" and (").push(column).push(", id)").push(next).push("(");
        query.push_bind(time).push(", ").push_bind(id).push(")");
    }
    query.push(" order by ").push(column).push(direction).push(", id").push(direction);
    query.push(" limit ").push_bind(limit);
    query.build_query_as().fetch_all(&mut **tx).await
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(from) = filter.from {
        query.push(" and started_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and started_at < ").push_bind(to);
    }
    if let Some(source) = &filter.source {
        query.push(" and source = ").push_bind(source.clone());
    }
    if let Some(language) = &filter.language {
        query.push(" and lower(language) = lower(").push_bind(language.clone()).push(")");
    }
    if let Some(tag) = &filter.tag {
        query.push(" and tags @> ").push_bind(vec![tag.clone()]);
    }
    if let Some(entity) = filter.entity {
        query.push(
            " and exists (select from mentions m
                          where m.user_id = c.user_id and m.conversation_id = c.id and m.entity_id = ",
        );
        query.push_bind(entity).push(")");
    }
    if let Some(text) = &filter.text {
        query.push(" and (words @@ websearch_to_tsquery('english', ").push_bind(text.clone());
        query.push(
            ") or exists (select from segments s
                          where s.user_id = c.user_id and s.conversation_id = c.id and not s.is_uncertain
                            and s.words @@ websearch_to_tsquery('english', ",
        );
        query.push_bind(text.clone()).push(")))");
    }
}

/// Lists the person's oldest conversations that began before a time, at most `limit`.
pub async fn begun_before(tx: &mut UserTx, time: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select id from conversations where user_id = $1 and started_at < $2
         order by started_at, id limit $3",
        user.0,
        time,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}
