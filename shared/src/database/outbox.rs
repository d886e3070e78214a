//! The outbox of a transaction: its events, and the wake-ups for jobs that can start.
//!
//! Code inside a transaction adds to the outbox in any order. The commit inserts the events last, since
//! their numbers lock the person's counter. After the commit, the relay is woken and the wake-ups are sent.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::Notify;

use super::events::{self, NewEvent};
use crate::domain::UserId;
use crate::events::Registered;
use crate::redis::wake_ups::{WakeUp, WakeUps};

/// A transaction with an outbox.
pub trait Tx: DerefMut<Target = PgConnection> + Send {
    /// The events and wake-ups that are sent after the commit.
    fn outbox(&mut self) -> &mut Outbox;
}

/// The events and wake-ups that a transaction sends after its commit.
#[derive(Debug, Default)]
pub struct Outbox {
    events: Vec<NewEvent>,
    jobs: Vec<WakeUp>,
}

impl Outbox {
    /// Adds a durable event for a person.
    pub fn emit<E: Registered>(&mut self, user: UserId, payload: &E) {
        const { assert!(E::DURABLE, "a volatile event is no row: send it over the bus") };
        self.events.push(NewEvent::new(user, payload));
    }

    /// Adds a wake-up for a job that can start.
    pub(super) fn start(&mut self, job: WakeUp) {
        self.jobs.push(job);
    }

    /// Inserts the events. Has to be the last statement of a transaction.
    pub(super) async fn write(&self, tx: &mut PgConnection) -> sqlx::Result<()> {
        events::append(tx, &self.events).await
    }
}

/// The receivers of signals after a commit. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct AfterCommit {
    /// Wakes the relay of this process.
    pub(super) relay_wake: Arc<Notify>,
    /// Sends wake-ups for jobs. Without it, a job starts when a worker next looks at the lane.
    pub(super) wake_ups: Option<WakeUps>,
}

impl AfterCommit {
    /// Cannot fail. The tick of the relay finds an event whose signal was lost, and the reconciler finds a
    /// job whose wake-up was lost.
    pub(super) async fn run(&self, outbox: Outbox) {
        if !outbox.events.is_empty() {
            self.relay_wake.notify_one();
        }
        if let Some(wake_ups) = self.wake_ups.as_ref().filter(|_| !outbox.jobs.is_empty()) {
            wake_ups.notify_all(&outbox.jobs).await;
        }
    }
}

impl fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterCommit").finish_non_exhaustive()
    }
}
