//! The relay of events: from their rows, over NATS, to whoever listens.
//!
//! Every process that writes events runs one. They take turns, so that events leave in the order of
//! their numbers; every commit of events wakes the own relay, and a slow tick finds what a process that
//! died left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::database::{Database, events};

/// Events that are passed on together.
const BATCH: i64 = 256;
/// How often a relay looks by itself.
const TICK: Duration = Duration::from_secs(1);
/// The wait after something did not work.
const PAUSE: Duration = Duration::from_millis(500);

/// Passes durable events on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Relay {
    database: Database,
    bus: Bus,
    news: Arc<Notify>,
}

impl Relay {
    /// A relay between the two. Does nothing until it is [run](Self::run).
    #[must_use]
    pub fn new(database: Database, bus: Bus) -> Self {
        let news = database.news();
        Self { database, bus, news }
    }

    /// Passes events on until stopped.
    pub async fn run(&self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.news.notified() => {}
                _ = tick.tick() => {}
            }
            if let Some(Err(error)) = stop.run_until_cancelled(self.drain()).await {
                tracing::debug!(%error, "events wait to be passed on");
                stop.run_until_cancelled(sleep(PAUSE)).await;
                // What this call was woken for is still there.
                self.news.notify_one();
            }
        }
    }

    /// Passes on what is there. An event is marked in the same transaction that saw it out, so one
    /// that is passed on twice (the process died in between) has the same id both times.
    async fn drain(&self) -> anyhow::Result<()> {
        // While NATS is away the rows wait, and no transaction waits with them.
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
