//! NATS: sends events to every API node, and requests for vectors to the workers.
//!
//! NATS never holds the only copy of anything. Durable events are rows first (see
//! [`crate::database::events`]). They pass through a JetStream stream, so that a node that lost its
//! connection for a moment gets the missing ones. Progress and the end of a session use plain subjects. A
//! worker with the model answers the only request of the API: the vector of a query. While NATS is away,
//! everything except search by meaning still works, with a delay.
//!
//! | subject | content |
//! |---|---|
//! | `<namespace>.events.<user>` | durable events, kept for an hour by the stream `<namespace>-events` |
//! | `<namespace>.volatile.<user>` | volatile events |
//! | `<namespace>.session-ended.<user>` | sessions that ended: their sockets are closed |
//! | `<namespace>.embed` | request and reply: text to vector |

mod embedding;
mod listener;

use std::time::Duration;

use async_nats::connection::State;
use async_nats::header::HeaderMap;
use async_nats::jetstream::{self, stream};
use async_nats::{Client, ConnectOptions, ServerAddr};
use uuid::Uuid;

use crate::domain::UserId;
use crate::events::Event;

pub use embedding::{EmbedError, QueryEmbedding};
pub use listener::BusMessage;

/// How long the stream keeps messages: longer than a node is disconnected without being restarted.
/// PostgreSQL keeps the events themselves.
const STREAM_KEEPS: Duration = Duration::from_hours(1);
/// Two messages with the same event within this time count as one.
const STREAM_DEDUPLICATES: Duration = Duration::from_mins(2);
/// How long the server may take to accept a connection, or to acknowledge a message.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest event that is sent whole; the server's default limit for a message is 1 MiB. A larger event
/// is sent without its data, and the receiver reads the data from PostgreSQL.
const LARGEST_EVENT: usize = 900 * 1024;

/// A connection to NATS that reconnects by itself. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    jetstream: jetstream::Context,
    namespace: String,
}

/// The reason why a message was not sent. The caller may always try again.
#[derive(Debug, thiserror::Error)]
#[error("NATS did not take the message: {0}")]
pub struct BusError(String);

impl BusError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Bus {
    /// Prepares a connection. If the server is down, the client tries again until it is up.
    ///
    /// # Errors
    /// When the address is invalid.
    pub async fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        let address: ServerAddr = url.parse()?;
        let mut options = ConnectOptions::new()
            .name("self")
            .retry_on_initial_connect()
            .max_reconnects(None)
            .connection_timeout(TIMEOUT)
            .reconnect_delay_callback(|attempt| Duration::from_millis(100 * attempt.min(20) as u64));
        // The client does not take the credentials from the address by itself.
        if let (Some(user), Some(password)) = (address.username(), address.password()) {
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        let client = options.connect(address).await?;
        let jetstream = jetstream::context::ContextBuilder::new().timeout(TIMEOUT).build(client.clone());
        Ok(Self { client, jetstream, namespace: namespace.to_owned() })
    }

    /// Whether the server is connected now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Publishes a volatile event. It is lost if nobody listens or the server is away; the next event has
    /// newer values.
    pub async fn publish_volatile(&self, event: &Event) {
        let subject = self.subject("volatile", event.user_id);
        self.publish_best_effort(subject, encode(event)).await;
    }

    /// Tells every node that a session ended, so that its sockets are closed at once.
    pub async fn publish_session_ended(&self, user: UserId, session: Uuid) {
        let subject = self.subject("session-ended", user);
        self.publish_best_effort(subject, session.to_string().into_bytes()).await;
    }

    /// Publishes durable events. Returns once the server has all of them. An event that the server has
    /// already is not delivered twice.
    ///
    /// # Errors
    /// When the server may not have all of them; the caller publishes them again.
    pub async fn relay(&self, events: &[Event]) -> Result<(), BusError> {
        if !self.is_connected() {
            return Err(BusError::new("not connected"));
        }
        match tokio::time::timeout(TIMEOUT, self.publish(events)).await {
            Ok(Err(error)) => {
                // The usual reason is that the server lost its data. So the stream is created again.
                self.stream().await?;
                Err(error)
            }
            Ok(published) => published,
            Err(_) => Err(BusError::new("no acknowledgement in time")),
        }
    }

    /// Removes the messages of a person from the stream.
    ///
    /// # Errors
    /// When the server did not confirm the removal; the caller tries again.
    pub async fn purge_user(&self, user: UserId) -> Result<(), BusError> {
        if !self.is_connected() {
            return Err(BusError::new("not connected"));
        }
        let stream = self.stream().await?;
        stream.purge().filter(self.subject("events", user)).await.map_err(BusError::new)?;
        Ok(())
    }

    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        let mut acknowledgements = Vec::with_capacity(events.len());
        for event in events {
            let mut headers = HeaderMap::new();
            headers.insert(async_nats::header::NATS_MESSAGE_ID, event.id.to_string());
            let subject = self.subject("events", event.user_id);
            let payload = encode(event).into();
            let sent = self.jetstream.publish_with_headers(subject, headers, payload).await;
            acknowledgements.push(sent.map_err(BusError::new)?);
        }
        for acknowledgement in acknowledgements {
            acknowledgement.await.map_err(BusError::new)?;
        }
        Ok(())
    }

    /// Returns the stream of durable events, and creates it if it is missing.
    async fn stream(&self) -> Result<stream::Stream, BusError> {
        let config = stream::Config {
            name: format!("{}-events", self.namespace),
            subjects: vec![format!("{}.events.*", self.namespace)],
            max_age: STREAM_KEEPS,
            max_bytes: 256 * 1024 * 1024,
            discard: stream::DiscardPolicy::Old,
            duplicate_window: STREAM_DEDUPLICATES,
            description: Some("what happened, on its way to the apps; the rows are in Postgres".to_owned()),
            ..Default::default()
        };
        self.jetstream.get_or_create_stream(config).await.map_err(BusError::new)
    }

    async fn publish_best_effort(&self, subject: String, payload: Vec<u8>) {
        // While disconnected, the client would queue messages that are outdated when they arrive.
        if self.is_connected()
            && let Err(error) = self.client.publish(subject, payload.into()).await
        {
            tracing::debug!(%error, "a message was not published to NATS");
        }
    }

    fn subject(&self, kind: &str, user: UserId) -> String {
        format!("{}.{kind}.{user}", self.namespace)
    }
}

fn encode(event: &Event) -> Vec<u8> {
    let encoded = serde_json::to_vec(event).expect("an event is made of strings, numbers and ids");
    if encoded.len() <= LARGEST_EVENT {
        return encoded;
    }
    let without = Event { data: serde_json::Value::Null, ..event.clone() };
    serde_json::to_vec(&without).expect("an event is made of strings, numbers and ids")
}
