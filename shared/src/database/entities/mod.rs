//! A person's entities across all conversations: mentions, times and connections. [`super::conversations`]
//! reads the entities of one conversation.

mod around;
mod decide;
mod decisions;
mod list;
mod merge;
mod split;
mod take_back;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{UserTx, segment_words};

pub use self::around::{Edge, Evidence, connections, evidence, named, neighbourhood};
pub use self::decide::{Edit, EditError, edit, forget};
pub use self::decisions::{Decided, decisions};
pub use self::list::{Filter, list};
pub use self::merge::merge;
pub use self::split::split;
pub use self::take_back::{decided, take_back};

/// Reads [`Entity`]s: the text after their columns, whose table is `e`, and the parameters.
macro_rules! query_entities {
    ($after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Entity,
            r#"select e.id, e.kind, e.name, e.aliases, e.first_seen_at, e.last_seen_at, e.version,
                      (select count(*) from mentions m
                       where m.entity_id = e.id and m.user_id = e.user_id) as "mentions!",
                      (select count(distinct m.conversation_id) from mentions m
                       where m.entity_id = e.id and m.user_id = e.user_id) as "conversations!" "#
                + $after,
            $($parameter),+
        )
    };
}
use query_entities;

/// The same columns for a statement that is put together at run time.
macro_rules! columns {
    () => {
        "e.id, e.kind, e.name, e.aliases, e.first_seen_at, e.last_seen_at, e.version,
         (select count(*) from mentions m where m.entity_id = e.id and m.user_id = e.user_id) as mentions,
         (select count(distinct m.conversation_id) from mentions m
          where m.entity_id = e.id and m.user_id = e.user_id) as conversations"
    };
}
use columns;

/// An entity that is mentioned.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Entity {
    /// The same in all conversations.
    pub id: Uuid,
    /// `person`, `place` …
    pub kind: String,
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The start of the first conversation that mentions it.
    pub first_seen_at: DateTime<Utc>,
    /// The start of the last conversation that mentions it.
    pub last_seen_at: DateTime<Utc>,
    /// The number of mentions.
    pub mentions: i64,
    /// The number of conversations that mention it.
    pub conversations: i64,
    /// Incremented with every decision of the person about it.
    pub version: i64,
}

/// A mention of an entity, with its conversation.
#[derive(Clone, Debug)]
pub struct Appearance {
    pub conversation_id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    pub transcription_id: Uuid,
    pub segment_id: Uuid,
    /// Start of the words in the recording, in milliseconds; start of the segment if the words have no
    /// times.
    pub start_ms: i64,
    /// End, in milliseconds.
    pub end_ms: i64,
    /// Start of the words in the segment's text, in characters.
    pub start_char: i32,
    /// End, in characters.
    pub end_char: i32,
    /// The text of the segment.
    pub said: String,
    /// The words of the mention.
    pub text: String,
    /// Start of the time that a date stands for, if it could be resolved.
    pub starts_at: Option<DateTime<Utc>>,
    /// End of that time.
    pub ends_at: Option<DateTime<Utc>>,
    /// The precision of the date.
    pub precision: Option<String>,
}

/// Reads an entity of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Entity>> {
    let user = tx.user();
    query_entities!("from entities e where e.user_id = $1 and e.id = $2", user.0, id)
        .fetch_optional(&mut **tx)
        .await
}

/// Lists the mentions of an entity in at most `conversations` conversations, the newest first, and within
/// each in the order of time.
pub async fn timeline(tx: &mut UserTx, id: Uuid, conversations: i64) -> sqlx::Result<Vec<Appearance>> {
    let user = tx.user();
    let mut appearances = sqlx::query_as!(
        Appearance,
        "with newest as (
             select c.id, c.title, c.started_at from conversations c
             where c.user_id = $1
               and exists (select from mentions m
                           where m.user_id = $1 and m.conversation_id = c.id and m.entity_id = $2)
             order by c.started_at desc, c.id desc limit $3)
         select c.id as conversation_id, c.title, c.started_at, m.transcription_id, m.segment_id, s.start_ms,
                s.end_ms, m.start_char, m.end_char, s.text as said, m.text, m.starts_at, m.ends_at, m.precision
         from newest c
         join mentions m on m.conversation_id = c.id and m.entity_id = $2
         join segments s on s.id = m.segment_id
         where m.user_id = $1 and s.user_id = $1
         order by c.started_at desc, c.id desc, m.transcription_id, s.position, m.start_char, m.id",
        user.0,
        id,
        conversations,
    )
    .fetch_all(&mut **tx)
    .await?;
    let segments: Vec<Uuid> = appearances.iter().map(|one| one.segment_id).collect();
    let said = segment_words::by_segment(tx, &segments).await?;
    for one in &mut appearances {
        let times =
            said.get(&one.segment_id).and_then(|said| said.times_within(one.start_char, one.end_char));
        (one.start_ms, one.end_ms) = times.unwrap_or((one.start_ms, one.end_ms));
    }
    Ok(appearances)
}
