//! What else a person's memory holds about the same thing as a file.

use uuid::Uuid;

use crate::database::UserTx;
use crate::database::conversations::RelatedConversation;

/// Below this cosine two texts have nothing in common that a person would call the same thing.
const LEAST_SCORE: f64 = 0.4;

/// The conversations that are closest in meaning to a file, best first; at most `limit`. Who and what
/// a file mentions is not known: they have no entities in common.
pub async fn related_conversations(
    tx: &mut UserTx,
    file: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<RelatedConversation>> {
    let user = tx.user();
    sqlx::query_as(
        "with own as (
             select model, avg(embedding) as centre from file_embeddings
             where user_id = $1 and file_id = $2 group by model),
         near as (
             select e.conversation_id, 1 - min(e.embedding <=> own.centre) as score
             from own join conversation_embeddings e on e.model = own.model
             where e.user_id = $1
             group by e.conversation_id)
         select c.id, c.title, c.started_at, near.score, '{}'::uuid[] as entity_ids
         from near join conversations c on c.id = near.conversation_id
         where near.score >= $3
         order by near.score desc, c.id limit $4",
    )
    .bind(user.0)
    .bind(file)
    .bind(LEAST_SCORE)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}
