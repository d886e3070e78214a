//! Who works, and the live settings of the lanes.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::domain::job::Lane;

/// A lane's settings as operators changed them; a lane without any is not paused and as wide as
/// each worker was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneSettings {
    /// Whether nothing new is started in it.
    pub paused: bool,
    /// Jobs that each worker runs at once.
    pub concurrency: Option<usize>,
}

/// Notes that a worker is there, and answers the settings of all lanes that have any.
///
/// # Errors
/// When the database does not answer.
pub async fn report(
    tx: &mut PgConnection,
    worker: &str,
    lanes: &BTreeMap<Lane, usize>,
    draining: bool,
) -> sqlx::Result<BTreeMap<Lane, LaneSettings>> {
    sqlx::query(
        "insert into workers (name, lanes, draining) values ($1, $2, $3)
         on conflict (name) do update
         set lanes = excluded.lanes, draining = excluded.draining, seen_at = now()",
    )
    .bind(worker)
    .bind(serde_json::to_value(lanes).expect("words and numbers"))
    .bind(draining)
    .execute(&mut *tx)
    .await?;
    let rows: Vec<(String, bool, Option<i32>)> =
        sqlx::query_as("select lane, paused, concurrency from lanes").fetch_all(tx).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(lane, paused, concurrency)| {
            let concurrency = concurrency.and_then(|concurrency| usize::try_from(concurrency).ok());
            Some((lane.parse().ok()?, LaneSettings { paused, concurrency }))
        })
        .collect())
}

/// Takes a worker that stops off the list.
///
/// # Errors
/// When the database does not answer.
pub async fn leave(tx: &mut PgConnection, worker: &str) -> sqlx::Result<()> {
    sqlx::query("delete from workers where name = $1").bind(worker).execute(tx).await.map(|_| ())
}
