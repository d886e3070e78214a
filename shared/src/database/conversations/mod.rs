//! Conversations: what was said on one occasion, with what a person adds to it.

mod change;
mod list;
mod mentions;
mod related;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::{UserTx, events, row};
use crate::domain::event::{EventKind, Room};
use crate::domain::transcription::Warning;

pub use self::change::{Edit, Refused, delete, edit, touch};
pub use self::list::{Filter, Order, Place, begun_before, list};
pub use self::mentions::{Connection, Entity, Mention, connections, entities, mentions};
pub use self::related::{RelatedConversation, RelatedFile, related_conversations, related_files};

/// The columns of a [`Conversation`].
macro_rules! columns {
    () => {
        "id, title, notes, tags, speakers, source, language, started_at, duration_ms, warnings, \
         version, created_at, updated_at"
    };
}
use columns;

row! {
    /// A conversation. Serialised, it is what apps are told when it changes.
    #[derive(Clone, Debug, Serialize)]
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
        #[serde(serialize_with = "with_details")]
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
    /// What a person should know before they rely on its transcripts.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> {
        known(&self.warnings)
    }

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

/// The warnings among stored words. A newer version may have stored others.
fn known(words: &[String]) -> impl Iterator<Item = Warning> {
    words.iter().filter_map(|word| word.parse().ok())
}

/// Warnings as apps are told of them: in the shape of the API's own view.
fn with_details<S: Serializer>(words: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(known(words).map(|warning| json!({"code": warning, "detail": warning.detail()})))
}

/// What happened to a conversation, as its event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// A person changed it, or what was said in it.
    Edited,
    /// A transcript of it is complete and understood.
    Understood,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Understood => "understood",
        }
    }
}

/// Writes a new conversation down. An empty title stands for one that is still to be found.
///
/// # Errors
/// When the database refuses.
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
    .await
    .map(|_| ())
}

/// Tells apps how the conversation is now. Like every event, last in a transaction.
///
/// # Errors
/// When the database refuses.
pub async fn announce(tx: &mut UserTx, conversation: &Conversation, change: Change) -> sqlx::Result<()> {
    let (user, rooms) = (tx.user(), [Room::Conversation(conversation.id)]);
    let mut data =
        serde_json::to_value(conversation).expect("a conversation is made of strings, numbers and ids");
    data["change"] = json!(change.word());
    events::append(tx, user, EventKind::ConversationUpdate, &rooms, data).await.map(|_| ())
}

/// One conversation of the person.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from conversations where user_id = $1 and id = $2"))
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}
