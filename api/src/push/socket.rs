//! One WebSocket connection of an app.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use poem::web::websocket::{CloseCode, Message, WebSocketStream};
use self_shared::bus::BusMessage;
use self_shared::database::{conversations, events, files, jobs};
use self_shared::domain::job::JobSnapshot;
use self_shared::events::{Event, Room};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::message::{ClientMessage, EventMessage, Include, ServerMessage};
use crate::app::App;
use crate::auth::Identity;
use crate::hub::{Hub, Listener};
use crate::problem::Code;

/// Number of events read from PostgreSQL at a time.
const EVENTS_ON_A_PAGE: i64 = 200;
/// How often the server sends a ping.
const PING: Duration = Duration::from_secs(20);
/// An app that sends nothing for this long, not even a pong, is disconnected.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// An app that receives nothing for this long is disconnected.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How often PostgreSQL is read while the bus is away.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// The close code of the application for an ended session (RFC 6455, section 7.4.2).
const SESSION_ENDED: u16 = 4401;

/// One open socket.
pub struct Socket {
    identity: Identity,
    app: App,
    hub: Arc<Hub>,
    sink: SplitSink<WebSocketStream, Message>,
    rooms: HashSet<Room>,
    /// The rooms whose segments are sent with their words.
    with_words: HashSet<Room>,
    /// The number of the last durable event that was sent, or that belongs to no joined room.
    cursor: i64,
}

/// Events after a number.
struct EventPage {
    events: Vec<Event>,
    /// The last missing number before the events. Old events are deleted after some time; the gap
    /// is reported to the app.
    gap_ends: Option<i64>,
}

/// Whether the connection continues.
enum SocketAction {
    Continue,
    Close(CloseCode, &'static str),
}

impl Socket {
    /// Serves an app until it disconnects, its session ends, or it no longer receives.
    pub async fn serve(stream: WebSocketStream, identity: Identity, app: App, hub: Arc<Hub>) {
        let (sink, incoming) = stream.split();
        // Joined before the cursor is read: events in between are received, and recognised by their number.
        let listener = hub.subscribe(identity.user);
        let mut socket =
            Self { identity, app, hub, sink, rooms: HashSet::new(), with_words: HashSet::new(), cursor: 0 };
        metrics::gauge!("self_websocket_connections").increment(1);
        if let Err(error) = socket.run(incoming, listener).await {
            tracing::debug!(user = %identity.user, %error, "a socket ended");
        }
        metrics::gauge!("self_websocket_connections").decrement(1);
    }

    async fn run(
        &mut self,
        mut incoming: SplitStream<WebSocketStream>,
        mut listener: Listener,
    ) -> anyhow::Result<()> {
        self.cursor = self.newest().await?;
        let mut last_received = Instant::now();
        let mut ping = every(PING);
        let mut poll = every(POLL_EVERY);
        let stopping = self.app.stopping.clone();
        loop {
            let action = tokio::select! {
                message = incoming.next() => {
                    last_received = Instant::now();
                    let Some(message) = message else { return Ok(()) };
                    self.on_message(message?).await?
                }
                message = listener.recv() => self.on_bus_message(message).await?,
                () = stopping.cancelled() => SocketAction::Close(CloseCode::Restart, "the server is stopping"),
                _ = ping.tick() => {
                    if last_received.elapsed() > IDLE_TIMEOUT {
                        bail!("the app sends nothing any more");
                    }
                    self.send(Message::Ping(Vec::new())).await?;
                    self.check_session().await?
                }
                _ = poll.tick(), if !self.hub.is_listening() => {
                    self.catch_up().await?;
                    SocketAction::Continue
                }
            };
            if let SocketAction::Close(code, why) = action {
                return self.send(Message::Close(Some((code, why.to_owned())))).await;
            }
        }
    }

    async fn on_message(&mut self, message: Message) -> anyhow::Result<SocketAction> {
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(ClientMessage::JoinRoom { room, after, include }) => {
                    self.join(room, after, include.contains(&Include::Words)).await?;
                }
                Ok(ClientMessage::LeaveRoom { room }) => {
                    self.rooms.remove(&room);
                    self.with_words.remove(&room);
                    self.send_message(&ServerMessage::Left { room }).await?;
                }
                Ok(ClientMessage::Ping {}) => self.send_message(&ServerMessage::Pong).await?,
                Err(error) => {
                    self.refuse(Code::BadMessage, format!("the message was not understood: {error}")).await?;
                }
            },
            Message::Binary(_) => {
                self.refuse(Code::BadMessage, "messages are text frames with JSON".to_owned()).await?;
            }
            Message::Close(_) => return Ok(SocketAction::Close(CloseCode::Normal, "")),
            Message::Ping(_) | Message::Pong(_) => {} // the library answers
        }
        Ok(SocketAction::Continue)
    }

    async fn on_bus_message(
        &mut self,
        message: Result<Arc<BusMessage>, RecvError>,
    ) -> anyhow::Result<SocketAction> {
        match message.as_deref() {
            Ok(BusMessage::Event(event)) => self.on_event(event).await?,
            Ok(BusMessage::SessionEnded(_, session)) if *session == self.identity.session => {
                return Ok(SocketAction::Close(CloseCode::from(SESSION_ENDED), "the session ended"));
            }
            Ok(BusMessage::SessionEnded(..)) => {}
            Ok(BusMessage::Interrupted) | Err(RecvError::Lagged(_)) => self.catch_up().await?,
            Err(RecvError::Closed) => {
                return Ok(SocketAction::Close(CloseCode::Restart, "the server is stopping"));
            }
        }
        Ok(SocketAction::Continue)
    }

    async fn on_event(&mut self, event: &Event) -> anyhow::Result<()> {
        match event.seq {
            None => self.send_event(event).await,
            Some(seq) if seq <= self.cursor => Ok(()),
            Some(seq) if seq == self.cursor + 1 && !event.data.is_null() => {
                self.send_event(event).await?;
                self.cursor = seq;
                Ok(())
            }
            Some(_) => self.catch_up().await,
        }
    }

    /// Sends all durable events after the cursor, from PostgreSQL.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        loop {
            let EventPage { events: missed, gap_ends } = self.events_after(self.cursor).await?;
            if let Some(seq) = gap_ends {
                for room in self.rooms.clone() {
                    self.send_message(&ServerMessage::Resync { room, after: self.cursor, seq }).await?;
                }
                self.cursor = seq;
            }
            for event in &missed {
                self.send_event(event).await?;
                self.cursor = event.seq.unwrap_or(self.cursor);
            }
            if missed.len() < EVENTS_ON_A_PAGE as usize {
                return Ok(());
            }
        }
    }

    async fn join(&mut self, room: Room, after: Option<i64>, with_words: bool) -> anyhow::Result<()> {
        // Events that other nodes have committed are sent before the answer.
        self.catch_up().await?;
        let job = match self.room_state(room).await? {
            Some(job) => job,
            None => {
                let detail = format!("there is no `{room}`; it may have been deleted");
                return self.refuse(Code::NotFound, detail).await;
            }
        };
        if let Some(after) = after {
            self.replay(room, after.max(0), with_words).await?;
        }
        self.rooms.insert(room);
        if with_words {
            self.with_words.insert(room);
        } else {
            self.with_words.remove(&room);
        }
        self.send_message(&ServerMessage::Joined { room, seq: self.cursor, job }).await
    }

    /// Sends the events of a room after a number, up to the cursor.
    async fn replay(&mut self, room: Room, after: i64, with_words: bool) -> anyhow::Result<()> {
        let mut replayed = after;
        if after > self.cursor {
            return self.send_message(&ServerMessage::Resync { room, after, seq: self.cursor }).await;
        }
        while replayed < self.cursor {
            let EventPage { events: page, gap_ends } = self.events_after(replayed).await?;
            if let Some(gap_ends) = gap_ends {
                let seq = gap_ends.min(self.cursor);
                self.send_message(&ServerMessage::Resync { room, after: replayed, seq }).await?;
            }
            for event in &page {
                if event.seq <= Some(self.cursor) && event.is_in_room(room) {
                    self.send_json(&EventMessage::new(event, with_words)).await?;
                }
            }
            match page.last().and_then(|last| last.seq) {
                Some(last) => replayed = last,
                None => break,
            }
        }
        Ok(())
    }

    /// Whether the person has the subject of a room; for the room of a job, also the job's state.
    async fn room_state(&self, room: Room) -> anyhow::Result<Option<Option<Box<JobSnapshot>>>> {
        let mut tx = self.app.database.as_user(self.identity.user).await?;
        Ok(match room {
            Room::User => Some(None),
            Room::Conversation(id) => conversations::get(&mut tx, id).await?.map(|_| None),
            Room::File(id) => files::get(&mut tx, id).await?.map(|_| None),
            Room::Job(id) => jobs::get(&mut tx, self.identity.user, id).await?.map(|job| Some(Box::new(job))),
        })
    }

    async fn check_session(&mut self) -> anyhow::Result<SocketAction> {
        match self.app.auth.is_live(self.identity).await {
            Ok(true) => return Ok(SocketAction::Continue),
            Ok(false) => {}
            Err(problem) => bail!("the session could not be looked up: {problem:?}"),
        }
        Ok(SocketAction::Close(CloseCode::from(SESSION_ENDED), "the session ended"))
    }

    async fn newest(&self) -> anyhow::Result<i64> {
        let mut tx = self.app.database.as_user(self.identity.user).await?;
        Ok(events::last(&mut tx, self.identity.user).await?)
    }

    async fn events_after(&self, seq: i64) -> anyhow::Result<EventPage> {
        let mut tx = self.app.database.as_user(self.identity.user).await?;
        // Read before the events: events that are added in between must not look like a gap.
        let last = events::last(&mut tx, self.identity.user).await?;
        let events = events::after(&mut tx, self.identity.user, seq, EVENTS_ON_A_PAGE).await?;
        let next = events.first().and_then(|first| first.seq).unwrap_or(last + 1);
        Ok(EventPage { events, gap_ends: (next > seq + 1).then_some(next - 1) })
    }

    async fn send_event(&mut self, event: &Event) -> anyhow::Result<()> {
        if self.rooms.iter().any(|room| event.is_in_room(*room)) {
            let with_words = self.with_words.iter().any(|room| event.is_in_room(*room));
            self.send_json(&EventMessage::new(event, with_words)).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, code: Code, detail: String) -> anyhow::Result<()> {
        self.send_message(&ServerMessage::Error { code: code.as_str(), detail }).await
    }

    async fn send_message(&mut self, message: &ServerMessage) -> anyhow::Result<()> {
        self.send_json(message).await
    }

    async fn send_json(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        self.send(Message::Text(serde_json::to_string(message)?)).await
    }

    async fn send(&mut self, message: Message) -> anyhow::Result<()> {
        timeout(SEND_TIMEOUT, self.sink.send(message))
            .await
            .context("the app receives nothing any more")??;
        Ok(())
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
