//! What operators see of the lanes, and change.

use super::{SystemTx, row};
use crate::domain::job::Lane;

row! {
    /// A lane: its settings, and what goes on in it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LaneState {
        /// Whether nothing new is started in it.
        pub paused: bool,
        /// Jobs that each worker runs at once; none when it is what each was started with.
        pub concurrency: Option<i32>,
        /// Jobs that wait.
        pub queued: i64,
        /// Jobs that run.
        pub running: i64,
    }
}

/// How a lane is.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut SystemTx, lane: Lane) -> sqlx::Result<LaneState> {
    sqlx::query_as(
        "select coalesce((select paused from lanes where lane = $1), false) as paused,
                (select concurrency from lanes where lane = $1) as concurrency,
                (select count(*) from jobs where lane = $1 and state = 'queued') as queued,
                (select count(*) from jobs where lane = $1 and state = 'running') as running",
    )
    .bind(lane.as_str())
    .fetch_one(&mut **tx)
    .await
}

/// Changes the settings of a lane. Workers follow within seconds.
///
/// # Errors
/// When the database refuses.
pub async fn set(tx: &mut SystemTx, lane: Lane, paused: bool, concurrency: Option<i32>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into lanes (lane, paused, concurrency) values ($1, $2, $3)
         on conflict (lane) do update
         set paused = excluded.paused, concurrency = excluded.concurrency, updated_at = now()",
    )
    .bind(lane.as_str())
    .bind(paused)
    .bind(concurrency)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
