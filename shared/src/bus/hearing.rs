//! The messages that an API node receives.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, push};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Bus, BusError};
use crate::domain::UserId;
use crate::events::Event;

/// A message for an API node.
#[derive(Clone, Debug, PartialEq)]
pub enum BusMessage {
    /// An event. Its `data` is null if it was too large for a message.
    Event(Event),
    /// A session ended; its sockets have to be closed.
    SessionEnded(UserId, Uuid),
    /// The connection was interrupted, so messages may be missing. Durable events have to be read from
    /// PostgreSQL.
    Interrupted,
}

/// The wait before the next attempt to listen.
const PAUSE: Duration = Duration::from_millis(500);

impl Bus {
    /// Receives all messages for the sockets of this node, until stopped. When the server or the stream was
    /// away, it listens again by itself, and sends [`BusMessage::Interrupted`].
    ///
    /// A node has one listener for each kind of subject, not one for each socket.
    #[must_use]
    pub fn listen(&self, stop: CancellationToken) -> mpsc::Receiver<BusMessage> {
        let (heard, receiver) = mpsc::channel(1024);
        for kind in [Kind::Durable, Kind::Volatile, Kind::Ended] {
            let (bus, heard, stop) = (self.clone(), heard.clone(), stop.clone());
            tokio::spawn(async move {
                stop.run_until_cancelled(bus.keep_listening(kind, heard)).await;
            });
        }
        receiver
    }

    async fn keep_listening(&self, kind: Kind, heard: mpsc::Sender<BusMessage>) {
        loop {
            let listened = match kind {
                Kind::Durable => self.listen_to_stream(&heard).await,
                Kind::Volatile => self.listen_to_subject("told", &heard, event).await,
                Kind::Ended => self.listen_to_subject("ended", &heard, session_ended).await,
            };
            if let Err(error) = listened {
                tracing::debug!(?kind, %error, "not listening to NATS; will try again");
            }
            if heard.send(BusMessage::Interrupted).await.is_err() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen_to_stream(&self, heard: &mpsc::Sender<BusMessage>) -> Result<(), BusError> {
        let consumer = self
            .stream()
            .await?
            .create_consumer(push::OrderedConfig {
                deliver_subject: self.client.new_inbox(),
                deliver_policy: DeliverPolicy::New,
                ..Default::default()
            })
            .await
            .map_err(BusError::new)?;
        let mut messages = consumer.messages().await.map_err(BusError::new)?;
        // Events that were published after the previous consumer ended and before this one began are in
        // PostgreSQL only.
        tell(heard, BusMessage::Interrupted).await?;
        while let Some(message) = messages.next().await {
            let message = message.map_err(BusError::new)?;
            if let Some(event) = event(&message.subject, &message.payload) {
                tell(heard, event).await?;
            }
        }
        Ok(())
    }

    async fn listen_to_subject(
        &self,
        kind: &str,
        heard: &mpsc::Sender<BusMessage>,
        read: fn(&str, &[u8]) -> Option<BusMessage>,
    ) -> Result<(), BusError> {
        let subject = format!("{}.{kind}.*", self.namespace);
        let mut messages = self.client.subscribe(subject).await.map_err(BusError::new)?;
        while let Some(message) = messages.next().await {
            if let Some(something) = read(&message.subject, &message.payload) {
                tell(heard, something).await?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Durable,
    Volatile,
    Ended,
}

async fn tell(heard: &mpsc::Sender<BusMessage>, something: BusMessage) -> Result<(), BusError> {
    heard.send(something).await.map_err(|_| BusError::new("nobody listens any more"))
}

fn event(_subject: &str, payload: &[u8]) -> Option<BusMessage> {
    serde_json::from_slice(payload).ok().map(BusMessage::Event)
}

fn session_ended(subject: &str, payload: &[u8]) -> Option<BusMessage> {
    let user = subject.rsplit('.').next()?.parse().ok()?;
    let session = std::str::from_utf8(payload).ok()?.parse().ok()?;
    Some(BusMessage::SessionEnded(UserId(user), session))
}
