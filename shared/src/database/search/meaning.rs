//! By meaning: the cosine of the angle between question and passage.

use pgvector::HalfVector;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Hit, Scope};
use crate::database::UserTx;

/// The passages that are closest in meaning, best first. The score is 1 for the same, 0 for nothing
/// in common. Only what this model embedded is compared.
///
/// # Errors
/// When the database does not answer.
pub async fn by_meaning(
    tx: &mut UserTx,
    question: &[f32],
    model: &str,
    scope: &Scope,
    limit: i64,
) -> sqlx::Result<Vec<Hit>> {
    let mut query = QueryBuilder::new("select e.id, e.embedding <=> ");
    query.push_bind(HalfVector::from_f32_slice(question)).push(" as distance");
    scope.push(&mut query, tx.user());
    query.push(" and e.model = ").push_bind(model.to_owned());
    query.push(" order by distance, e.id limit ").push_bind(limit);
    let near: Vec<(Uuid, f64)> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(near.into_iter().map(|(id, distance)| Hit { id, score: 1.0 - distance, terms: Vec::new() }).collect())
}
