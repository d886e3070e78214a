//! Conversations on the same topic as a file.

use uuid::Uuid;

use crate::database::UserTx;
use crate::database::conversations::RelatedConversation;

/// Below this cosine, people would not say that two texts are about the same thing.
const LEAST_SCORE: f64 = 0.4;

/// Finds the conversations that are closest in meaning to a file, best first; at most `limit`. Entities of
/// files are not known, so the results have no common entities.
pub async fn related_conversations(
    tx: &mut UserTx,
    file: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<RelatedConversation>> {
    let user = tx.user();
    sqlx::query_as!(
        RelatedConversation,
        r#"with own as (
               select model, avg(embedding) as centre from file_embeddings
               where user_id = $1 and file_id = $2 group by model),
           near as (
               select e.conversation_id, 1 - min(e.embedding <=> own.centre) as score
               from own join conversation_embeddings e on e.model = own.model
               where e.user_id = $1
               group by e.conversation_id)
           select c.id, c.title, c.started_at, near.score as "score!", '{}'::uuid[] as "entity_ids!"
           from near join conversations c on c.id = near.conversation_id
           where c.user_id = $1 and near.score >= $3
           order by near.score desc, c.id limit $4"#,
        user.0,
        file,
        LEAST_SCORE,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}
