//! The engine: takes jobs, holds them, ends them, whatever they are about.
//!
//! [`lane`] runs a lane's jobs side by side, [`task`] is one of them while it runs, [`reconciler`]
//! keeps the table of jobs true when workers die.

pub mod lane;
pub mod reconciler;
mod slots;
mod task;

use std::time::Duration;

use self_shared::bus::Bus;
use self_shared::database::Database;
use self_shared::wake_ups::WakeUps;

pub use self::lane::{Jobs, LaneExecutor};
pub use self::slots::Slots;
pub use self::task::Task;

/// What the engine works with. Cheap to clone.
#[derive(Clone)]
pub struct EngineContext {
    /// Where jobs are remembered.
    pub database: Database,
    /// Where they are rung.
    pub wake_ups: WakeUps,
    /// Where progress is told.
    pub bus: Bus,
    /// This process, for as long as it lives.
    pub worker: String,
    /// How long a silent worker keeps a job.
    pub lease: Duration,
}

impl std::fmt::Debug for EngineContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("worker", &self.worker).finish_non_exhaustive()
    }
}
