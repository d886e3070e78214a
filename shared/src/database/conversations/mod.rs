//! Conversations: the record of what was said on one occasion, and the notes, title and tags of a person.

mod change;
mod list;
mod mentions;
mod related;
mod understood;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::UserTx;
use crate::events::{self as event, ConversationUpdate};

pub use self::change::{Edit, EditError, delete, edit, touch};
pub use self::list::{ConversationCursor, Filter, Order, begun_before, list};
pub use self::mentions::{Connection, Entity, Mention, connections, entities, mentions};
pub use self::related::{RelatedConversation, RelatedFile, related_conversations, related_files};
pub use self::understood::{began_at, derive_warnings, describe};

/// A statement whose rows are [`Conversation`]s: the text before their columns, the text after them, the
/// parameters.
macro_rules! query_conversations {
    ($before:literal, $after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Conversation,
            $before
                + r#" id, title, notes, tags, speakers as "speakers: Json<BTreeMap<String, String>>", source,
                     language, started_at, duration_ms, warnings, version, created_at, updated_at "#
                + $after,
            $($parameter),+
        )
    };
}
use query_conversations;

/// A conversation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Conversation {
    pub id: Uuid,
    /// May be empty.
    pub title: String,
    /// The person's notes.
    pub notes: String,
    /// The person's tags.
    pub tags: Vec<String>,
    /// The names of the speakers, by the labels that segments have.
    pub speakers: Json<BTreeMap<String, String>>,
    /// The source: `upload`, `live`, `import` or `empty`.
    pub source: String,
    /// The spoken language, once known.
    pub language: Option<String>,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    /// The duration in milliseconds, once known.
    pub duration_ms: Option<i64>,
    /// Warnings about the quality of its transcripts, as stable words.
    pub warnings: Vec<String>,
    /// Incremented with every change.
    pub version: i64,
    /// The time when the row was created.
    pub created_at: DateTime<Utc>,
    /// The time of the last change.
    pub updated_at: DateTime<Utc>,
}

impl Conversation {
    /// Makes a conversation without content. `source` is `upload`, `live`, `import` or `empty`.
    #[must_use]
    pub fn new(id: Uuid, source: &str, started_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        Self {
            id,
            title: String::new(),
            notes: String::new(),
            tags: Vec::new(),
            speakers: Json(BTreeMap::new()),
            source: source.to_owned(),
            language: None,
            started_at: started_at.unwrap_or(now),
            duration_ms: None,
            warnings: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl From<Conversation> for event::Conversation {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            title: conversation.title,
            notes: conversation.notes,
            tags: conversation.tags,
            speakers: conversation.speakers.0,
            source: conversation.source,
            language: conversation.language,
            started_at: conversation.started_at,
            duration_ms: conversation.duration_ms,
            warnings: event::warnings(&conversation.warnings),
            version: conversation.version,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    }
}

/// Inserts a conversation, and adds the event. With an empty title, a title is derived later.
pub async fn insert(tx: &mut UserTx, conversation: &Conversation) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "insert into conversations (id, user_id, title, title_source, notes, tags, speakers, source, language,
                                    started_at, duration_ms, created_at, updated_at)
         values ($1, $2, $3, case when $3 = '' then 'generated' else 'user' end, $4, $5, $6, $7, $8, $9, $10,
                 $11, $12)",
        conversation.id,
        user.0,
        conversation.title,
        conversation.notes,
        &conversation.tags,
        &conversation.speakers as _,
        conversation.source,
        conversation.language,
        conversation.started_at,
        conversation.duration_ms,
        conversation.created_at,
        conversation.updated_at,
    )
    .execute(&mut **tx)
    .await?;
    tx.emit(&ConversationUpdate::Created(conversation.clone().into()));
    Ok(())
}

/// Reads one conversation of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let user = tx.user();
    query_conversations!("select", "from conversations where user_id = $1 and id = $2", user.0, id)
        .fetch_optional(&mut **tx)
        .await
}
