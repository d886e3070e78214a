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
        let (sender, receiver) = mpsc::channel(1024);
        for subscription in [Subscription::Durable, Subscription::Volatile, Subscription::SessionEnded] {
            let (bus, sender, stop) = (self.clone(), sender.clone(), stop.clone());
            tokio::spawn(async move {
                stop.run_until_cancelled(bus.keep_listening(subscription, sender)).await;
            });
        }
        receiver
    }

    async fn keep_listening(&self, subscription: Subscription, sender: mpsc::Sender<BusMessage>) {
        loop {
            let listened = match subscription {
                Subscription::Durable => self.listen_to_stream(&sender).await,
                Subscription::Volatile => self.listen_to_subject("volatile", &sender, event).await,
                Subscription::SessionEnded => {
                    self.listen_to_subject("session-ended", &sender, session_ended).await
                }
            };
            if let Err(error) = listened {
                tracing::debug!(?subscription, %error, "not listening to NATS; will try again");
            }
            if sender.send(BusMessage::Interrupted).await.is_err() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen_to_stream(&self, sender: &mpsc::Sender<BusMessage>) -> Result<(), BusError> {
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
        forward(sender, BusMessage::Interrupted).await?;
        while let Some(message) = messages.next().await {
            let message = message.map_err(BusError::new)?;
            if let Some(event) = event(&message.subject, &message.payload) {
                forward(sender, event).await?;
            }
        }
        Ok(())
    }

    async fn listen_to_subject(
        &self,
        kind: &str,
        sender: &mpsc::Sender<BusMessage>,
        read: fn(&str, &[u8]) -> Option<BusMessage>,
    ) -> Result<(), BusError> {
        let subject = format!("{}.{kind}.*", self.namespace);
        let mut messages = self.client.subscribe(subject).await.map_err(BusError::new)?;
        while let Some(message) = messages.next().await {
            if let Some(message) = read(&message.subject, &message.payload) {
                forward(sender, message).await?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Subscription {
    Durable,
    Volatile,
    SessionEnded,
}

async fn forward(sender: &mpsc::Sender<BusMessage>, message: BusMessage) -> Result<(), BusError> {
    sender.send(message).await.map_err(|_| BusError::new("nobody listens any more"))
}

fn event(_subject: &str, payload: &[u8]) -> Option<BusMessage> {
    serde_json::from_slice(payload).ok().map(BusMessage::Event)
}

fn session_ended(subject: &str, payload: &[u8]) -> Option<BusMessage> {
    let user = subject.rsplit('.').next()?.parse().ok()?;
    let session = std::str::from_utf8(payload).ok()?.parse().ok()?;
    Some(BusMessage::SessionEnded(UserId(user), session))
}
