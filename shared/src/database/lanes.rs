//! The state and the settings of lanes, for operators.

use super::SystemTx;
use crate::domain::job::Lane;

/// A lane's settings and the number of its jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// Whether workers start no new jobs of the lane.
    pub paused: bool,
    /// Jobs that each worker runs at once; `None` if each worker uses its own configuration.
    pub concurrency: Option<i32>,
    /// Jobs that wait.
    pub queued: i64,
    /// Jobs that run.
    pub running: i64,
}

/// Reads the state of a lane.
pub async fn get(tx: &mut SystemTx, lane: Lane) -> sqlx::Result<LaneState> {
    sqlx::query_as!(
        LaneState,
        r#"select coalesce((select paused from lanes where lane = $1), false) as "paused!",
                  (select concurrency from lanes where lane = $1) as concurrency,
                  (select count(*) from jobs where lane = $1 and state = 'queued') as "queued!",
                  (select count(*) from jobs where lane = $1 and state = 'running') as "running!""#,
        lane.as_str(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// Changes the settings of a lane. Workers apply them within seconds.
pub async fn set(tx: &mut SystemTx, lane: Lane, paused: bool, concurrency: Option<i32>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into lanes (lane, paused, concurrency) values ($1, $2, $3)
         on conflict (lane) do update
         set paused = excluded.paused, concurrency = excluded.concurrency, updated_at = now()",
        lane.as_str(),
        paused,
        concurrency,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
