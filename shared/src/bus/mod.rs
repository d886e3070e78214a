//! NATS: tells every API node what happened, and carries questions to the fleet.
//!
//! Nothing here is the only copy of anything. Durable events are rows first (see
//! [`crate::database::events`]) and pass through a JetStream stream, so that a node which lost its
//! connection for a moment is told the rest; progress and the end of a session pass over plain
//! subjects; and a worker that has the model answers the API's one question, what a sentence
//! means as a vector. With NATS gone everything still works, later.
//!
//! | subject | what |
//! |---|---|
//! | `<namespace>.events.<user>` | durable events, kept for an hour by the stream `<namespace>-events` |
//! | `<namespace>.told.<user>` | volatile events |
//! | `<namespace>.ended.<user>` | sessions that ended: their sockets close |
//! | `<namespace>.embed` | request and reply: text to vector |

mod embedding;
mod hearing;

use std::time::Duration;

use async_nats::connection::State;
use async_nats::header::HeaderMap;
use async_nats::jetstream::{self, stream};
use async_nats::{Client, ConnectOptions, ServerAddr};
use uuid::Uuid;

use crate::domain::UserId;
use crate::events::Event;

pub use embedding::{EmbedError, QueryEmbedding};
pub use hearing::BusMessage;

/// How long the stream keeps what it carried: longer than any node stays away without being
/// restarted. Postgres keeps the events themselves.
const STREAM_KEEPS: Duration = Duration::from_hours(1);
/// The same event published twice within this time is one message.
const STREAM_DEDUPLICATES: Duration = Duration::from_mins(2);
/// How long the server may take to acknowledge.
const PATIENCE: Duration = Duration::from_secs(5);
/// The server's own default limit is 1 MiB; an event above this travels without its particulars,
/// and who hears it reads them from Postgres.
const LARGEST_EVENT: usize = 900 * 1024;

/// A connection to NATS that comes back by itself. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    jetstream: jetstream::Context,
    namespace: String,
}

/// Why something could not be passed on. Always worth another try.
#[derive(Debug, thiserror::Error)]
#[error("NATS did not take it: {0}")]
pub struct BusError(String);

impl BusError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Bus {
    /// Prepares a connection. A server that is down is tried again until it is there.
    ///
    /// # Errors
    /// When the address itself makes no sense.
    pub async fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        let address: ServerAddr = url.parse()?;
        let mut options = ConnectOptions::new()
            .name("self")
            .retry_on_initial_connect()
            .max_reconnects(None)
            .connection_timeout(PATIENCE)
            .reconnect_delay_callback(|attempt| Duration::from_millis(100 * attempt.min(20) as u64));
        // The client does not look for them in the address by itself.
        if let (Some(user), Some(password)) = (address.username(), address.password()) {
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        let client = options.connect(address).await?;
        let jetstream = jetstream::context::ContextBuilder::new().timeout(PATIENCE).build(client.clone());
        Ok(Self { client, jetstream, namespace: namespace.to_owned() })
    }

    /// Whether the server is there right now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Tells a volatile event to whoever listens right now. Lost when nobody does, or when the
    /// server is away: the next one says more anyway.
    pub async fn tell(&self, event: &Event) {
        let subject = self.subject("told", event.user_id);
        self.say(subject, encode(event)).await;
    }

    /// Tells every node that a session ended, so that its sockets close at once.
    pub async fn tell_session_ended(&self, user: UserId, session: Uuid) {
        let subject = self.subject("ended", user);
        self.say(subject, session.to_string().into_bytes()).await;
    }

    /// Passes durable events on. Returns once the server has all of them; an event that it has
    /// already is not told twice.
    ///
    /// # Errors
    /// When it does not have all of them for sure; pass them on again then.
    pub async fn relay(&self, events: &[Event]) -> Result<(), BusError> {
        if !self.is_connected() {
            return Err(BusError::new("not connected"));
        }
        match tokio::time::timeout(PATIENCE, self.publish(events)).await {
            Ok(Err(error)) => {
                // The usual reason is a server that was emptied: give it its stream back.
                self.stream().await?;
                Err(error)
            }
            Ok(published) => published,
            Err(_) => Err(BusError::new("no acknowledgement in time")),
        }
    }

    /// Takes back what the stream still carries of a person.
    ///
    /// # Errors
    /// When the server did not do it for sure.
    pub async fn forget(&self, user: UserId) -> Result<(), BusError> {
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

    /// The stream of durable events, made where it is missing.
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

    async fn say(&self, subject: String, payload: Vec<u8>) {
        // While disconnected the client would queue what is stale by the time it is heard.
        if self.is_connected()
            && let Err(error) = self.client.publish(subject, payload.into()).await
        {
            tracing::debug!(%error, "could not be told");
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
