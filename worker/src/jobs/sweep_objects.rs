//! Removes what interrupted uploads left in object storage.

use std::time::Duration;

use self_shared::domain::job::Ending;

use super::Bench;
use crate::engine::Task;

/// No upload takes longer: what is older was left behind.
const LEFT_BEHIND: Duration = Duration::from_hours(24);

pub(super) async fn run(bench: &Bench, task: &Task) -> Result<(), Ending> {
    let swept = bench.objects.sweep(LEFT_BEHIND).await.map_err(anyhow::Error::from)?;
    if swept > 0 {
        tracing::info!(swept, "removed what interrupted uploads left behind");
    }
    task.done().await
}
