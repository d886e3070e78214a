//! Conversations and files on the same topic as a conversation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::UserTx;

/// Below this cosine, people would not say that two texts are about the same thing.
const LEAST_SCORE: f64 = 0.4;

/// A conversation on a similar topic.
#[derive(Clone, Debug)]
pub struct RelatedConversation {
    pub id: Uuid,
    pub title: String,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    /// The cosine of this conversation as a whole and the closest passage of the other one.
    pub score: f64,
    /// The entities that both mention.
    pub entity_ids: Vec<Uuid>,
}

/// A file on a similar topic.
#[derive(Clone, Debug)]
pub struct RelatedFile {
    pub id: Uuid,
    pub device: String,
    /// The path on the device.
    pub path: String,
    /// The cosine of the conversation as a whole and the closest passage of the file.
    pub score: f64,
}

/// Finds the conversations that are closest in meaning, best first; at most `limit`.
pub async fn related_conversations(
    tx: &mut UserTx,
    id: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<RelatedConversation>> {
    let user = tx.user();
    sqlx::query_as!(
        RelatedConversation,
        r#"with own as (
               select model, avg(embedding) as centre from conversation_embeddings
               where user_id = $1 and conversation_id = $2 group by model),
           near as (
               select other.conversation_id, 1 - min(other.embedding <=> own.centre) as score
               from own join conversation_embeddings other on other.model = own.model
               where other.user_id = $1 and other.conversation_id <> $2
               group by other.conversation_id)
           select c.id, c.title, c.started_at, near.score as "score!",
                  array(select distinct m.entity_id from mentions m
                        where m.user_id = $1 and m.conversation_id = $2
                          and exists (select from mentions o
                                      where o.user_id = $1 and o.conversation_id = c.id
                                        and o.entity_id = m.entity_id)
                        order by m.entity_id) as "entity_ids!"
           from near join conversations c on c.id = near.conversation_id
           where c.user_id = $1 and near.score >= $3
           order by near.score desc, c.id limit $4"#,
        user.0,
        id,
        LEAST_SCORE,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Finds the files that are closest in meaning and not deleted, best first; at most `limit`.
pub async fn related_files(tx: &mut UserTx, id: Uuid, limit: i64) -> sqlx::Result<Vec<RelatedFile>> {
    let user = tx.user();
    sqlx::query_as!(
        RelatedFile,
        r#"with own as (
               select model, avg(embedding) as centre from conversation_embeddings
               where user_id = $1 and conversation_id = $2 group by model),
           near as (
               select e.file_id, 1 - min(e.embedding <=> own.centre) as score
               from own join file_embeddings e on e.model = own.model
               where e.user_id = $1
               group by e.file_id)
           select f.id, f.device, f.path, near.score as "score!"
           from near join files f on f.id = near.file_id
           where f.user_id = $1 and near.score >= $3 and f.state = 'present'
           order by near.score desc, f.id limit $4"#,
        user.0,
        id,
        LEAST_SCORE,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}
