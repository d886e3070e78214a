//! Search by meaning: the cosine similarity of the query and the passages.

use pgvector::HalfVector;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Candidates, Hit, Scope};
use crate::database::UserTx;

/// The query as a vector.
#[derive(Clone, Debug)]
pub struct QueryVector<'asked> {
    pub embedding: &'asked [f32],
    /// The model that computed the vector. Only passages with vectors of the same model are compared.
    pub model: &'asked str,
}

/// Finds the passages that are closest in meaning, best first, within the scope. The score is the cosine: 1
/// for the same meaning, 0 for nothing in common.
pub async fn by_meaning(
    tx: &mut UserTx,
    query_vector: &QueryVector<'_>,
    scope: &Scope,
    candidates: &Candidates,
    limit: u16,
) -> sqlx::Result<Vec<Hit>> {
    if let Candidates::Among { ids, .. } = candidates {
        let near = nearest(tx, query_vector, scope, Some(ids), limit).await?;
        if candidates.suffice(near.iter().map(|hit| hit.score), limit.into()) {
            return Ok(near);
        }
    }
    nearest(tx, query_vector, scope, None, limit).await
}

async fn nearest(
    tx: &mut UserTx,
    query_vector: &QueryVector<'_>,
    scope: &Scope,
    among: Option<&[Uuid]>,
    limit: u16,
) -> sqlx::Result<Vec<Hit>> {
    let mut query = QueryBuilder::new("select id, source, embedding <=> ");
    query.push_bind(HalfVector::from_f32_slice(query_vector.embedding)).push(" as distance from (");
    scope.push(&mut query, tx.user(), "e.embedding", |query| {
        query.push(" and e.model = ").push_bind(query_vector.model.to_owned());
        if let Some(ids) = among {
            query.push(" and e.id = any (").push_bind(ids.to_vec()).push(")");
        }
    });
    query.push(") passage order by distance, id limit ").push_bind(i64::from(limit));
    let near: Vec<Row> = query.build_query_as().fetch_all(&mut **tx).await?;
    let hit = |Row { id, source, distance }| Hit { id, source, score: 1.0 - distance, terms: Vec::new() };
    Ok(near.into_iter().map(hit).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    source: Uuid,
    distance: f64,
}
