//! The models that the workers of the fleet have told of.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::model::ModelCard;

/// The models of the workers that are there; of those that were there last, while there are none. Each
/// model once, in the order of roles and names.
///
/// # Errors
/// When the database does not answer.
pub async fn of_the_fleet(tx: &mut PgConnection) -> sqlx::Result<Vec<ModelCard>> {
    // A worker that was killed stays in the table for a minute, and longer when there is no other.
    let told: Vec<Json<Vec<ModelCard>>> = sqlx::query_scalar(
        "select models from workers
         where seen_at > (select max(seen_at) from workers) - interval '15 seconds' and models <> '[]'
         union all
         select models from last_models where not exists (select from workers where models <> '[]')",
    )
    .fetch_all(tx)
    .await?;
    let mut models: Vec<ModelCard> = told.into_iter().flat_map(|models| models.0).collect();
    models
        .sort_by(|a, b| (a.role, &a.host, &a.name, &a.version).cmp(&(b.role, &b.host, &b.name, &b.version)));
    models.dedup();
    Ok(models)
}
