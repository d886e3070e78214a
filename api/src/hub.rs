//! The hub of a node: hands events from the bus to the sockets of the person that they belong to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use self_shared::bus::{Bus, BusMessage};
use self_shared::domain::UserId;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// How many messages may wait for one socket. A socket that lags further reads from PostgreSQL.
const BACKLOG: usize = 256;

/// The sockets of this node, by person.
#[derive(Debug)]
pub struct Hub {
    bus: Bus,
    people: Arc<People>,
}

/// The connected people; each sender reaches all sockets of one person.
type People = Mutex<HashMap<UserId, broadcast::Sender<Arc<BusMessage>>>>;

impl Hub {
    /// Starts to receive from the bus, until `stop` is cancelled.
    #[must_use]
    pub fn start(bus: Bus, stop: CancellationToken) -> Arc<Self> {
        let hub = Arc::new(Self { bus: bus.clone(), people: Arc::default() });
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

    /// All messages for a person from now on. A receiver that lags has missed some, and so has one that
    /// receives [`BusMessage::Interrupted`].
    pub(crate) fn join(&self, user: UserId) -> Listener {
        Listener::join(&self.people, user)
    }

    /// Whether events arrive at present.
    pub(crate) fn is_listening(&self) -> bool {
        self.bus.is_connected()
    }

    fn tell(&self, something: BusMessage) {
        let whose = match &something {
            BusMessage::Event(event) => Some(event.user_id),
            BusMessage::SessionEnded(user, _) => Some(*user),
            BusMessage::Interrupted => None,
        };
        let something = Arc::new(something);
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        match whose {
            Some(user) => {
                if let Some(person) = people.get(&user) {
                    send(person, something);
                }
            }
            None => people.values().for_each(|person| send(person, Arc::clone(&something))),
        }
    }
}

fn send(person: &broadcast::Sender<Arc<BusMessage>>, something: Arc<BusMessage>) {
    // The send fails only while the person's last socket is closing.
    drop(person.send(something));
}

/// Receives messages for one socket of a person. The hub forgets the person with their last socket.
#[derive(Debug)]
pub(crate) struct Listener {
    people: Arc<People>,
    user: UserId,
    /// None only while the listener is dropped.
    receiver: Option<broadcast::Receiver<Arc<BusMessage>>>,
}

impl Listener {
    fn join(people: &Arc<People>, user: UserId) -> Self {
        let receiver = {
            let mut people = people.lock().unwrap_or_else(PoisonError::into_inner);
            people.entry(user).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
        };
        Self { people: Arc::clone(people), user, receiver: Some(receiver) }
    }

    /// The next message for the person; an error if some were missed.
    pub(crate) async fn recv(&mut self) -> Result<Arc<BusMessage>, RecvError> {
        match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => Err(RecvError::Closed),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that of two concurrent drops the second removes the person.
        drop(self.receiver.take());
        if people.get(&self.user).is_some_and(|person| person.receiver_count() == 0) {
            people.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use self_shared::domain::new_id;

    use super::*;

    #[test]
    fn a_person_is_forgotten_with_their_last_socket() {
        let people = Arc::<People>::default();
        let user = UserId(new_id());
        let known = || people.lock().unwrap().contains_key(&user);
        let (first, second) = (Listener::join(&people, user), Listener::join(&people, user));
        drop(first);
        assert!(known());
        drop(second);
        assert!(!known());
    }
}
