//! One per node: hands what the bus tells to the sockets of whom it concerns.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use self_shared::bus::{Bus, Heard};
use self_shared::domain::UserId;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// What may wait for one socket before it is told to read from Postgres instead.
const BACKLOG: usize = 256;

/// The sockets of this node, by person.
#[derive(Debug)]
pub struct Hub {
    bus: Bus,
    people: Mutex<HashMap<UserId, broadcast::Sender<Arc<Heard>>>>,
}

impl Hub {
    /// Starts to listen to the bus, until stopped.
    #[must_use]
    pub fn start(bus: Bus, stop: CancellationToken) -> Arc<Self> {
        let hub = Arc::new(Self { bus: bus.clone(), people: Mutex::default() });
        let mut heard = bus.listen(stop);
        tokio::spawn({
            let hub = Arc::clone(&hub);
            async move {
                while let Some(something) = heard.recv().await {
                    hub.tell(something);
                }
            }
        });
        hub
    }

    /// Everything that concerns a person from now on. A receiver that lags has missed something,
    /// and so has one that hears [`Heard::Interrupted`].
    pub(crate) fn join(&self, user: UserId) -> broadcast::Receiver<Arc<Heard>> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.entry(user).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Whether events arrive at all right now.
    pub(crate) fn is_listening(&self) -> bool {
        self.bus.is_connected()
    }

    fn tell(&self, something: Heard) {
        let whose = match &something {
            Heard::Event(event) => Some(event.user_id),
            Heard::SessionEnded(user, _) => Some(*user),
            Heard::Interrupted => None,
        };
        let something = Arc::new(something);
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        match whose {
            // Sending fails when the person's last socket is gone.
            Some(user) => {
                if people.get(&user).is_some_and(|person| person.send(something).is_err()) {
                    people.remove(&user);
                }
            }
            None => people.retain(|_, person| person.send(Arc::clone(&something)).is_ok()),
        }
    }
}
