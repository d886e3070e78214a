//! The models that workers report.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::model::ModelCard;

/// Lists the models of the workers that run now, or of those that ran last if none runs now. Each model
/// occurs once, ordered by role and name.
pub async fn of_the_fleet(tx: &mut PgConnection) -> sqlx::Result<Vec<ModelCard>> {
    // The row of a killed worker stays for a minute, and longer if there is no other worker.
    let told = sqlx::query_scalar!(
        r#"select models as "models!: Json<Vec<ModelCard>>" from workers
           where seen_at > (select max(seen_at) from workers) - interval '15 seconds' and models <> '[]'
           union all
           select models from last_models where not exists (select from workers where models <> '[]')"#,
    )
    .fetch_all(tx)
    .await?;
    let mut models: Vec<ModelCard> = told.into_iter().flat_map(|models| models.0).collect();
    models
        .sort_by(|a, b| (a.role, &a.host, &a.name, &a.version).cmp(&(b.role, &b.host, &b.name, &b.version)));
    models.dedup();
    Ok(models)
}
