//! Who and what a transcript mentions, and how that hangs together.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{UserTx, row, said};

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
    }
}

row! {
    /// Where an entity was mentioned.
    #[derive(Clone, Debug)]
    pub struct Mention {
        /// Who or what.
        pub entity_id: Uuid,
        /// In what transcript.
        pub transcription_id: Uuid,
        /// In what segment of it.
        pub segment_id: Uuid,
        /// Where the words begin in the recording; where that is not known, the segment.
        pub start_ms: i64,
        /// Where they end.
        pub end_ms: i64,
        /// Where the words begin in the text of the segment, in characters.
        pub start_char: i32,
        /// Where they end.
        pub end_char: i32,
        /// The words that were used.
        pub text: String,
        /// Where the date begins that they mean, if they mean one.
        pub starts_at: Option<DateTime<Utc>>,
        /// Where it is over.
        pub ends_at: Option<DateTime<Utc>>,
        /// How exactly it was said.
        pub precision: Option<String>,
    }
}

row! {
    /// What two entities have to do with one another, with the places that say so in one conversation.
    #[derive(Clone, Debug)]
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
}

/// Who and what the conversation mentions, those mentioned first coming first.
pub async fn entities(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Entity>> {
    let user = tx.user();
    sqlx::query_as(
        "select e.id, e.kind, e.name, e.aliases
         from entities e
         join (select m.entity_id, min((s.transcription_id, s.position)) as first
               from mentions m join segments s on s.id = m.segment_id
               where m.user_id = $1 and m.conversation_id = $2 group by m.entity_id) heard
           on heard.entity_id = e.id
         where e.user_id = $1 order by heard.first, e.id",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}

/// Every mention in a conversation, in the order of time. Of a recording that was transcribed several
/// times, the newest complete transcript counts.
pub async fn mentions(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Mention>> {
    let user = tx.user();
    let mut mentions: Vec<Mention> = sqlx::query_as(
        "select m.entity_id, m.transcription_id, m.segment_id, s.start_ms, s.end_ms, m.start_char,
                m.end_char, m.text, m.starts_at, m.ends_at, m.precision
         from mentions m join segments s on s.id = m.segment_id
         where m.user_id = $1 and m.conversation_id = $2
         order by m.transcription_id, s.position, m.start_char, m.id",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await?;
    let segments: Vec<Uuid> = mentions.iter().map(|mention| mention.segment_id).collect();
    let said = said::by_segment(tx, &segments).await?;
    for mention in &mut mentions {
        let times = said
            .get(&mention.segment_id)
            .and_then(|said| said.times_within(mention.start_char, mention.end_char));
        (mention.start_ms, mention.end_ms) = times.unwrap_or((mention.start_ms, mention.end_ms));
    }
    Ok(mentions)
}

/// The connections that a conversation speaks for, strongest first.
pub async fn connections(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Connection>> {
    let user = tx.user();
    sqlx::query_as(
        "select c.id, c.from_entity_id, c.to_entity_id, c.kind, c.strength,
                array_agg(e.segment_id order by e.segment_id) as segment_ids
         from connections c
         join connection_evidence e on e.connection_id = c.id
         join transcriptions t on t.id = e.transcription_id
         where c.user_id = $1 and e.user_id = $1 and t.conversation_id = $2
         group by c.id order by c.strength desc, c.id",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}
