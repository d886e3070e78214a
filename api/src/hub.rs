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
    channels: Arc<Channels>,
}

/// The connected people; each sender reaches all sockets of one person.
type Channels = Mutex<HashMap<UserId, broadcast::Sender<Arc<BusMessage>>>>;

impl Hub {
    /// Starts to receive from the bus, until `stop` is cancelled.
    #[must_use]
    pub fn start(bus: Bus, stop: CancellationToken) -> Arc<Self> {
        let hub = Arc::new(Self { bus: bus.clone(), channels: Arc::default() });
        let mut messages = bus.listen(stop);
        tokio::spawn({
            let hub = Arc::clone(&hub);
            async move {
                while let Some(message) = messages.recv().await {
                    hub.deliver(message);
                }
            }
        });
        hub
    }

    /// All messages for a person from now on. A receiver that lags has missed some, and so has one that
    /// receives [`BusMessage::Interrupted`].
    pub(crate) fn subscribe(&self, user: UserId) -> Listener {
        Listener::subscribe(&self.channels, user)
    }

    /// Whether events arrive at present.
    pub(crate) fn is_listening(&self) -> bool {
        self.bus.is_connected()
    }

    fn deliver(&self, message: BusMessage) {
        let whose = match &message {
            BusMessage::Event(event) => Some(event.user_id),
            BusMessage::SessionEnded(user, _) => Some(*user),
            BusMessage::Interrupted => None,
        };
        let message = Arc::new(message);
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        match whose {
            Some(user) => {
                if let Some(channel) = channels.get(&user) {
                    send(channel, message);
                }
            }
            None => channels.values().for_each(|channel| send(channel, Arc::clone(&message))),
        }
    }
}

fn send(channel: &broadcast::Sender<Arc<BusMessage>>, message: Arc<BusMessage>) {
    // The send fails only while the person's last socket is closing.
    drop(channel.send(message));
}

/// Receives messages for one socket of a person. The hub forgets the person with their last socket.
#[derive(Debug)]
pub(crate) struct Listener {
    channels: Arc<Channels>,
    user: UserId,
    /// None only while the listener is dropped.
    receiver: Option<broadcast::Receiver<Arc<BusMessage>>>,
}

impl Listener {
    fn subscribe(channels: &Arc<Channels>, user: UserId) -> Self {
        let receiver = {
            let mut channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
            channels.entry(user).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
        };
        Self { channels: Arc::clone(channels), user, receiver: Some(receiver) }
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
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that of two concurrent drops the second removes the person.
        drop(self.receiver.take());
        if channels.get(&self.user).is_some_and(|channel| channel.receiver_count() == 0) {
            channels.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use self_shared::domain::new_id;

    use super::*;

    #[test]
    fn a_channel_is_removed_with_the_last_socket_of_its_person() {
        let channels = Arc::<Channels>::default();
        let user = UserId(new_id());
        let known = || channels.lock().unwrap().contains_key(&user);
        let (first, second) = (Listener::subscribe(&channels, user), Listener::subscribe(&channels, user));
        drop(first);
        assert!(known());
        drop(second);
        assert!(!known());
    }
}
