//! Conversations: what was said on one occasion, with what a person adds to it.

mod change;
mod list;
mod mentions;
mod related;
mod understood;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{UserTx, row};
use crate::events::{self as event, ConversationUpdate};

pub use self::change::{Edit, Refused, delete, edit, touch};
pub use self::list::{ConversationCursor, Filter, Order, begun_before, list};
pub use self::mentions::{Connection, Entity, Mention, connections, entities, mentions};
pub use self::related::{RelatedConversation, RelatedFile, related_conversations, related_files};
pub use self::understood::{began_at, describe};

/// The columns of a [`Conversation`].
macro_rules! columns {
    () => {
        "id, title, notes, tags, speakers, source, language, started_at, duration_ms, warnings, \
         version, created_at, updated_at"
    };
}
use columns;

row! {
    /// A conversation.
    #[derive(Clone, Debug)]
    pub struct Conversation {
        /// Names it.
        pub id: Uuid,
        /// What it is called; may be empty.
        pub title: String,
        /// What the person wrote down about it.
        pub notes: String,
        /// What the person sorts it under.
        pub tags: Vec<String>,
        /// Who the voices are: as they are marked in the segments, and the name.
        pub speakers: Json<BTreeMap<String, String>>,
        /// How it came here: `upload`, `live`, `import` or `empty`.
        pub source: String,
        /// The language spoken, once known.
        pub language: Option<String>,
        /// When it began.
        pub started_at: DateTime<Utc>,
        /// How long it took, once known.
        pub duration_ms: Option<i64>,
        /// What a person should know before they rely on its transcripts, as stable words.
        pub warnings: Vec<String>,
        /// Counts its changes.
        pub version: i64,
        /// When it was first heard of.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

impl Conversation {
    /// A new one without anything in it. `source` is `upload`, `live`, `import` or `empty`.
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

/// Writes a new conversation down, and tells apps. An empty title stands for one that is still to be
/// found.
pub async fn insert(tx: &mut UserTx, conversation: &Conversation) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "insert into conversations (id, user_id, title, title_source, notes, tags, speakers, source, language,
                                    started_at, duration_ms, created_at, updated_at)
         values ($1, $2, $3, case when $3 = '' then 'generated' else 'user' end, $4, $5, $6, $7, $8, $9, $10,
                 $11, $12)",
    )
    .bind(conversation.id)
    .bind(user.0)
    .bind(&conversation.title)
    .bind(&conversation.notes)
    .bind(&conversation.tags)
    .bind(&conversation.speakers)
    .bind(&conversation.source)
    .bind(&conversation.language)
    .bind(conversation.started_at)
    .bind(conversation.duration_ms)
    .bind(conversation.created_at)
    .bind(conversation.updated_at)
    .execute(&mut **tx)
    .await?;
    tx.tell(&ConversationUpdate::Created(conversation.clone().into()));
    Ok(())
}

/// One conversation of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from conversations where user_id = $1 and id = $2"))
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}
