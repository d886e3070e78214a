//! The entities of a conversation, their mentions and their connections.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{UserTx, segment_words};

/// An entity that is mentioned.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The same in all conversations.
    pub id: Uuid,
    /// `person`, `place` …
    pub kind: String,
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
}

/// A mention of an entity in a segment.
#[derive(Clone, Debug)]
pub struct Mention {
    pub entity_id: Uuid,
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
    /// The words of the mention.
    pub text: String,
    /// Start of the time that a date stands for, if it could be resolved.
    pub starts_at: Option<DateTime<Utc>>,
    /// End of that time.
    pub ends_at: Option<DateTime<Utc>>,
    /// The precision of the date.
    pub precision: Option<String>,
}

/// A connection of two entities, with its evidence in one conversation.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: Uuid,
    pub from_entity_id: Uuid,
    pub to_entity_id: Uuid,
    /// The kind of the connection.
    pub kind: String,
    /// The weight of the evidence in all conversations.
    pub strength: f32,
    /// The segments of this conversation that are evidence.
    pub segment_ids: Vec<Uuid>,
}

/// Lists the entities that a conversation mentions, in the order of their first mention.
pub async fn entities(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Entity>> {
    let user = tx.user();
    sqlx::query_as!(
        Entity,
        "select e.id, e.kind, e.name, e.aliases
         from entities e
         join (select m.entity_id, min((s.transcription_id, s.position)) as first
               from mentions m join segments s on s.user_id = $1 and s.id = m.segment_id
               where m.user_id = $1 and m.conversation_id = $2 group by m.entity_id) heard
           on heard.entity_id = e.id
         where e.user_id = $1 order by heard.first, e.id",
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists all mentions in a conversation, in the order of time. If a recording was transcribed several times,
/// the newest complete transcription counts.
pub async fn mentions(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Mention>> {
    let user = tx.user();
    let mut mentions = sqlx::query_as!(
        Mention,
        "select m.entity_id, m.transcription_id, m.segment_id, s.start_ms, s.end_ms, m.start_char,
                m.end_char, m.text, m.starts_at, m.ends_at, m.precision
         from mentions m join segments s on s.user_id = $1 and s.id = m.segment_id
         where m.user_id = $1 and m.conversation_id = $2
         order by m.transcription_id, s.position, m.start_char, m.id",
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await?;
    let segments: Vec<Uuid> = mentions.iter().map(|mention| mention.segment_id).collect();
    let said = segment_words::by_segment(tx, &segments).await?;
    for mention in &mut mentions {
        let times = said
            .get(&mention.segment_id)
            .and_then(|said| said.times_within(mention.start_char, mention.end_char));
        (mention.start_ms, mention.end_ms) = times.unwrap_or((mention.start_ms, mention.end_ms));
    }
    Ok(mentions)
}

/// Lists the connections that have evidence in a conversation, strongest first.
pub async fn connections(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Connection>> {
    let user = tx.user();
    sqlx::query_as!(
        Connection,
        r#"select c.id, c.from_entity_id, c.to_entity_id, c.kind, c.strength,
                  array_agg(e.segment_id order by e.segment_id) as "segment_ids!"
           from connections c
           join connection_evidence e on e.connection_id = c.id
           join transcriptions t on t.id = e.transcription_id
           where c.user_id = $1 and e.user_id = $1 and t.user_id = $1 and t.conversation_id = $2
           group by c.id order by c.strength desc, c.id"#,
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}
