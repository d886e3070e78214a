//! The running workers, and the live settings of the lanes.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::job::Lane;
use crate::domain::model::ModelCard;

/// A lane's settings as operators changed them. A lane without settings is not paused, and each worker uses
/// the concurrency that it was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneSettings {
    /// Whether workers start no new jobs of the lane.
    pub paused: bool,
    /// Jobs that each worker runs at once.
    pub concurrency: Option<usize>,
}

/// Reports that a worker is running. Returns the settings of all lanes that have any.
pub async fn report(
    tx: &mut PgConnection,
    worker: &str,
    lanes: &BTreeMap<Lane, usize>,
    models: &[ModelCard],
    draining: bool,
) -> sqlx::Result<BTreeMap<Lane, LaneSettings>> {
    sqlx::query!(
        "insert into workers (name, lanes, draining, models) values ($1, $2, $3, $4)
         on conflict (name) do update
         set lanes = excluded.lanes, models = excluded.models, draining = excluded.draining, seen_at = now()",
        worker,
        serde_json::to_value(lanes).expect("words and numbers"),
        draining,
        Json(models) as _,
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!("select lane, paused, concurrency from lanes").fetch_all(tx).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let concurrency = row.concurrency.and_then(|concurrency| usize::try_from(concurrency).ok());
            Some((row.lane.parse().ok()?, LaneSettings { paused: row.paused, concurrency }))
        })
        .collect())
}

/// Removes a worker that stops. The models that it reported stay valid until another worker reports.
pub async fn leave(tx: &mut PgConnection, worker: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "with gone as (delete from workers where name = $1 returning models)
         insert into last_models (models) select models from gone
         on conflict (is_only) do update set models = excluded.models",
        worker,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
