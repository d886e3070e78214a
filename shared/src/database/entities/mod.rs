//! A person's entities across all of their conversations: who and what was mentioned, when, and with
//! whom. What one conversation mentions is read by [`super::conversations`].

mod around;
mod decide;
mod decisions;
mod list;
mod merge;
mod split;
mod take_back;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{UserTx, row, said};

pub use self::around::{Edge, Evidence, connections, evidence, named, neighbourhood};
pub use self::decide::{Edit, Refused, edit, forget};
pub use self::decisions::{Decided, decisions};
pub use self::list::{Filter, list};
pub use self::merge::merge;
pub use self::split::split;
pub use self::take_back::{decided, take_back};

/// The columns of an [`Entity`], whose table is `e`.
macro_rules! columns {
    () => {
        "e.id, e.kind, e.name, e.aliases, e.first_seen_at, e.last_seen_at, e.version,
         (select count(*) from mentions m where m.entity_id = e.id and m.user_id = e.user_id) as mentions,
         (select count(distinct m.conversation_id) from mentions m
          where m.entity_id = e.id and m.user_id = e.user_id) as conversations"
    };
}
use columns;

row! {
    /// Somebody or something that was mentioned.
    #[derive(Clone, Debug)]
    pub struct Entity {
        /// Names it, across conversations.
        pub id: Uuid,
        /// What it is: `person`, `place` …
        pub kind: String,
        /// What it is called.
        pub name: String,
        /// What else it is called.
        pub aliases: Vec<String>,
        /// When the first conversation began that mentions it.
        pub first_seen_at: DateTime<Utc>,
        /// When the last one did.
        pub last_seen_at: DateTime<Utc>,
        /// How often it is mentioned.
        pub mentions: i64,
        /// In how many conversations.
        pub conversations: i64,
        /// Counts what a person decided about it.
        pub version: i64,
    }
}

row! {
    /// A place where an entity was mentioned, and the conversation that it is in.
    #[derive(Clone, Debug)]
    pub struct Appearance {
        /// The conversation.
        pub conversation_id: Uuid,
        /// What that is called.
        pub title: String,
        /// When it began.
        pub started_at: DateTime<Utc>,
        /// In what transcript.
        pub transcription_id: Uuid,
        /// In what segment of it.
        pub segment_id: Uuid,
        /// Where the words begin in the recording; where that is not known, the segment.
        pub start_ms: i64,
        /// Where they end.
        pub end_ms: i64,
        /// Where the words begin in what the segment says, in characters.
        pub start_char: i32,
        /// Where they end.
        pub end_char: i32,
        /// All that the segment says.
        pub said: String,
        /// The words that were used for the entity.
        pub text: String,
        /// Where the date begins that they mean, if they mean one.
        pub starts_at: Option<DateTime<Utc>>,
        /// Where it is over.
        pub ends_at: Option<DateTime<Utc>>,
        /// How exactly it was said.
        pub precision: Option<String>,
    }
}

/// An entity of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Entity>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from entities e where e.user_id = $1 and e.id = $2"))
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// Where an entity was mentioned: in its newest conversations, at most so many, the newest first and
/// each in the order of time.
pub async fn timeline(tx: &mut UserTx, id: Uuid, conversations: i64) -> sqlx::Result<Vec<Appearance>> {
    let user = tx.user();
    let mut appearances: Vec<Appearance> = sqlx::query_as(
        "with newest as (
             select c.id, c.title, c.started_at from conversations c
             where c.user_id = $1
               and exists (select from mentions m where m.conversation_id = c.id and m.entity_id = $2)
             order by c.started_at desc, c.id desc limit $3)
         select c.id as conversation_id, c.title, c.started_at, m.transcription_id, m.segment_id, s.start_ms,
                s.end_ms, m.start_char, m.end_char, s.text as said, m.text, m.starts_at, m.ends_at, m.precision
         from newest c
         join mentions m on m.conversation_id = c.id and m.entity_id = $2
         join segments s on s.id = m.segment_id
         where m.user_id = $1
         order by c.started_at desc, c.id desc, m.transcription_id, s.position, m.start_char, m.id",
    )
    .bind(user.0)
    .bind(id)
    .bind(conversations)
    .fetch_all(&mut **tx)
    .await?;
    let segments: Vec<Uuid> = appearances.iter().map(|one| one.segment_id).collect();
    let said = said::by_segment(tx, &segments).await?;
    for one in &mut appearances {
        let times =
            said.get(&one.segment_id).and_then(|said| said.times_within(one.start_char, one.end_char));
        (one.start_ms, one.end_ms) = times.unwrap_or((one.start_ms, one.end_ms));
    }
    Ok(appearances)
}
