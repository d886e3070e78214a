//! Conversations, and who and what was mentioned in them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{UserTx, events};
use crate::domain::event::{EventKind, Room};

/// A conversation. Serialised, it is what apps are told when it changes.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Conversation {
    /// Names it.
    pub id: Uuid,
    /// What it is called; may be empty.
    pub title: String,
    /// How it came here: `upload`, `live`, `import` or `empty`.
    pub source: String,
    /// The language spoken, once known.
    pub language: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, once known.
    pub duration_ms: Option<i64>,
    /// When it was first heard of.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A place in the list of conversations, newest first: everything listed so far is before it.
pub type Place = (DateTime<Utc>, Uuid);

/// Somebody or something that was mentioned.
#[derive(Clone, Debug, FromRow)]
pub struct Entity {
    /// Names it, across conversations.
    pub id: Uuid,
    /// What it is: `person`, `place` …
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
}

/// Where an entity was mentioned.
#[derive(Clone, Debug, FromRow)]
pub struct Mention {
    /// Who or what.
    pub entity_id: Uuid,
    /// In what segment.
    pub segment_id: Uuid,
    /// Where that begins.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// The words that were used.
    pub text: String,
}

/// What two entities have to do with one another, with the places that say so in one conversation.
#[derive(Clone, Debug, FromRow)]
pub struct Connection {
    /// Names it.
    pub id: Uuid,
    /// One end.
    pub from_entity_id: Uuid,
    /// The other.
    pub to_entity_id: Uuid,
    /// What they have to do with one another.
    pub kind: String,
    /// How much speaks for it, in all conversations.
    pub strength: f32,
    /// The segments of this conversation that speak for it.
    pub segment_ids: Vec<Uuid>,
}

/// Writes a new conversation down. An empty title stands for one that is still to be found.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut UserTx, conversation: &Conversation) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "insert into conversations (id, user_id, title, title_source, source, language, started_at,
                                    created_at, updated_at)
         values ($1, $2, $3, case when $3 = '' then 'generated' else 'user' end, $4, $5, $6, $7, $8)",
    )
    .bind(conversation.id)
    .bind(user.0)
    .bind(&conversation.title)
    .bind(&conversation.source)
    .bind(&conversation.language)
    .bind(conversation.started_at)
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
pub async fn announce(tx: &mut UserTx, conversation: &Conversation) -> sqlx::Result<()> {
    let (user, rooms) = (tx.user(), [Room::Conversation(conversation.id)]);
    let data =
        serde_json::to_value(conversation).expect("a conversation is made of strings, numbers and ids");
    events::append(tx, user, EventKind::ConversationUpdate, &rooms, data).await.map(|_| ())
}

/// One conversation of the person.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let user = tx.user();
    sqlx::query_as("select * from conversations where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// The person's conversations before a place, newest first; at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut UserTx, before: Option<Place>, limit: i64) -> sqlx::Result<Vec<Conversation>> {
    let user = tx.user();
    let (started_at, id) = before.unzip();
    sqlx::query_as(
        "select * from conversations
         where user_id = $1 and ($2::timestamptz is null or (started_at, id) < ($2, $3))
         order by started_at desc, id desc limit $4",
    )
    .bind(user.0)
    .bind(started_at)
    .bind(id)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// Who and what the transcript mentions, those mentioned first coming first.
///
/// # Errors
/// When the database does not answer.
pub async fn entities(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Entity>> {
    let user = tx.user();
    sqlx::query_as(
        "select e.id, e.kind, e.name, e.aliases
         from entities e
         join (select m.entity_id, min(s.start_ms) as first
               from mentions m join segments s on s.id = m.segment_id
               where m.user_id = $1 and m.transcription_id = $2 group by m.entity_id) heard
           on heard.entity_id = e.id
         where e.user_id = $1 order by heard.first, e.id",
    )
    .bind(user.0)
    .bind(transcription)
    .fetch_all(&mut **tx)
    .await
}

/// Every mention in a transcript, in the order of time.
///
/// # Errors
/// When the database does not answer.
pub async fn mentions(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Mention>> {
    let user = tx.user();
    sqlx::query_as(
        "select m.entity_id, m.segment_id, s.start_ms, s.end_ms, m.text
         from mentions m join segments s on s.id = m.segment_id
         where m.user_id = $1 and m.transcription_id = $2
         order by s.position, m.start_char, m.id",
    )
    .bind(user.0)
    .bind(transcription)
    .fetch_all(&mut **tx)
    .await
}

/// The connections that a transcript speaks for, strongest first.
///
/// # Errors
/// When the database does not answer.
pub async fn connections(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Connection>> {
    let user = tx.user();
    sqlx::query_as(
        "select c.id, c.from_entity_id, c.to_entity_id, c.kind, c.strength,
                array_agg(e.segment_id order by e.segment_id) as segment_ids
         from connections c join connection_evidence e on e.connection_id = c.id
         where c.user_id = $1 and e.user_id = $1 and e.transcription_id = $2
         group by c.id order by c.strength desc, c.id",
    )
    .bind(user.0)
    .bind(transcription)
    .fetch_all(&mut **tx)
    .await
}
