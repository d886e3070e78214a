//! The relay of durable events: it reads their rows and publishes them to NATS.
//!
//! Every process that writes events runs a relay. A lock lets one relay work at a time, so that events are
//! published in the order of their numbers. Every commit of events wakes the relay of its own process. A
//! tick of one second finds the events of a process that died.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::database::{Database, events};

/// Events that are published together.
const BATCH: i64 = 256;
/// The interval at which a relay looks for events without being woken.
const TICK: Duration = Duration::from_secs(1);
/// The wait after an error.
const PAUSE: Duration = Duration::from_millis(500);

/// Publishes durable events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Relay {
    database: Database,
    bus: Bus,
    wake: Arc<Notify>,
}

impl Relay {
    /// Makes a relay. It does nothing until [`run`](Self::run) is called.
    #[must_use]
    pub fn new(database: Database, bus: Bus) -> Self {
        let wake = database.relay_wake();
        Self { database, bus, wake }
    }

    /// Publishes events until `stop` is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                _ = tick.tick() => {}
            }
            if let Some(Err(error)) = stop.run_until_cancelled(self.relay_pending()).await {
                tracing::debug!(%error, "events could not be published; will try again");
                stop.run_until_cancelled(sleep(PAUSE)).await;
                // The events that this iteration was woken for are still unpublished.
                self.wake.notify_one();
            }
        }
    }

    /// Publishes all events that are not relayed yet. The transaction that marks an event as relayed commits
    /// after NATS has acknowledged it. If the process dies in between, the event is published again with the
    /// same id.
    async fn relay_pending(&self) -> anyhow::Result<()> {
        // While NATS is away, the rows wait, and no transaction is held open.
        while self.bus.is_connected() {
            let mut tx = self.database.as_system().await?;
            if !events::are_unrelayed(&mut tx).await? {
                break;
            }
            events::lock_relay(&mut tx).await?;
            let events = events::take_unrelayed(&mut tx, BATCH).await?;
            self.bus.relay(&events).await?;
            tx.commit().await?;
            metrics::counter!("self_events_relayed_total").increment(events.len() as u64);
        }
        Ok(())
    }
}
