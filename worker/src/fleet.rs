//! Reports this worker and its models to the database, and applies the live settings of the lanes.

use std::collections::BTreeMap;
use std::time::Duration;

use self_shared::database::jobs::fleet;
use self_shared::domain::job::Lane;
use self_shared::domain::model::ModelCard;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::engine::{EngineContext, JobHandler, LaneExecutor};

const EVERY: Duration = Duration::from_secs(2);

/// Reports until stopped, and then removes the worker from the list.
pub async fn report<J: JobHandler>(
    engine: &EngineContext,
    started_with: &BTreeMap<Lane, usize>,
    lanes: &[LaneExecutor<J>],
    models: &[ModelCard],
    draining: &CancellationToken,
    stop: CancellationToken,
) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        if let Err(error) = report_once(engine, started_with, lanes, models, draining.is_cancelled()).await {
            tracing::debug!(%error, "could not report to the fleet");
        }
    }
    if let Err(error) = leave(engine).await {
        tracing::debug!(%error, "could not leave the fleet; the entry of this worker expires by itself");
    }
}

async fn report_once<J: JobHandler>(
    engine: &EngineContext,
    started_with: &BTreeMap<Lane, usize>,
    lanes: &[LaneExecutor<J>],
    models: &[ModelCard],
    draining: bool,
) -> sqlx::Result<()> {
    let mut tx = engine.database.as_system().await?;
    let settings = fleet::report(&mut tx, &engine.worker, started_with, models, draining).await?;
    tx.commit().await?;
    for lane in lanes {
        let asked = settings.get(&lane.lane()).and_then(|settings| settings.concurrency);
        let concurrency = asked.or_else(|| started_with.get(&lane.lane()).copied());
        lane.resize(concurrency.unwrap_or(1));
        metrics::gauge!("self_lane_slots_used", "lane" => lane.lane().as_str()).set(lane.slots_used() as f64);
    }
    Ok(())
}

async fn leave(engine: &EngineContext) -> sqlx::Result<()> {
    let mut tx = engine.database.as_system().await?;
    fleet::leave(&mut tx, &engine.worker).await?;
    tx.commit().await
}
