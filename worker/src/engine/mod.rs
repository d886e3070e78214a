//! The engine: claims, holds and completes jobs, and knows no kind of job.
//!
//! [`lane`] runs the jobs of a lane in parallel, [`running_job`] is one running job, and [`reconciler`] keeps the
//! table of jobs correct when workers die.

pub mod lane;
pub mod reconciler;
mod running_job;
mod slots;

use std::time::Duration;

use self_shared::bus::Bus;
use self_shared::database::Database;
use self_shared::wake_ups::WakeUps;

pub use self::lane::{JobHandler, LaneExecutor};
pub use self::running_job::RunningJob;
pub use self::slots::Slots;

/// What the engine works with. Cheap to clone.
#[derive(Clone)]
pub struct EngineContext {
    /// Holds the jobs.
    pub database: Database,
    /// Carries the wake-ups.
    pub wake_ups: WakeUps,
    /// Carries `job_progress`.
    pub bus: Bus,
    /// The name of this process, until it ends.
    pub worker: String,
    /// The time until a worker without a heartbeat loses a job.
    pub lease: Duration,
}

impl std::fmt::Debug for EngineContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineContext").field("worker", &self.worker).finish_non_exhaustive()
    }
}
