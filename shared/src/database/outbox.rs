//! What a transaction tells when it is committed: its events, and the jobs that can start.
//!
//! Whoever is in a transaction adds to its outbox, in any order. The commit writes the events last,
//! since their numbers lock the person's counter, wakes the relay, and sends wake-ups for the jobs.

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
    /// What is told when it is committed.
    fn outbox(&mut self) -> &mut Outbox;
}

/// What a transaction tells when it is committed.
#[derive(Debug, Default)]
pub struct Outbox {
    events: Vec<NewEvent>,
    jobs: Vec<WakeUp>,
}

impl Outbox {
    /// Adds a durable event of a person.
    pub fn tell<E: Registered>(&mut self, user: UserId, payload: &E) {
        const { assert!(E::DURABLE, "a volatile event is no row: send it over the bus") };
        self.events.push(NewEvent::new(user, payload));
    }

    /// Adds a job that can start.
    pub(super) fn start(&mut self, job: WakeUp) {
        self.jobs.push(job);
    }

    /// Writes the events: the last thing that a transaction does.
    pub(super) async fn write(&self, tx: &mut PgConnection) -> sqlx::Result<()> {
        events::append(tx, &self.events).await
    }
}

/// Who is told after a commit. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct AfterCommit {
    /// Wakes the relay of this process.
    pub(super) news: Arc<Notify>,
    /// Starts jobs; without it they start once a worker looks by itself.
    pub(super) wake_ups: Option<WakeUps>,
}

impl AfterCommit {
    /// Cannot fail: the relay finds an event that nobody woke it for, and the reconciler a job that
    /// nobody rang for.
    pub(super) async fn tell(&self, outbox: Outbox) {
        if !outbox.events.is_empty() {
            self.news.notify_one();
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
