//! The WebSocket of a person's app.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Person;
use crate::waiting::LONG;

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket with the person's access token in the header.
    pub async fn open(person: &Person) -> Self {
        Self::try_open(person, &[]).await.unwrap()
    }

    /// Opens a socket with additional headers. A person without an access token sends none.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn try_open(person: &Person, headers: &[(&'static str, &str)]) -> tungstenite::Result<Self> {
        Self::try_open_at(person, "/api/v1/ws", headers).await
    }

    /// Opens a socket at another address in the same way.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn try_open_at(
        person: &Person,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> tungstenite::Result<Self> {
        let address = format!("{}{path}", person.api.replace("http", "ws"));
        let mut request = address.into_client_request()?;
        let token = format!("Bearer {}", person.access_token);
        // An empty token stands for a browser, which cannot send the header.
        let token = (!person.access_token.is_empty()).then_some(("authorization", token.as_str()));
        for (name, value) in headers.iter().copied().chain(token) {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        Ok(Self { stream: connect_async(request).await?.0 })
    }

    /// Sends a JSON message.
    pub async fn say(&mut self, frame: &Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    /// Sends any WebSocket message.
    pub async fn send(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next message of the server; none after it has closed.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            match timeout(LONG, self.stream.next()).await.expect("the socket stays silent")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Reads until a message satisfies the condition, and returns all messages including this one.
    pub async fn hear_until(&mut self, what: &str, mut is_it: impl FnMut(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await.unwrap_or_else(|| panic!("closed before {what}; heard {heard:#?}"));
            heard.push(frame);
            if heard.last().is_some_and(&mut is_it) {
                return heard;
            }
        }
    }

    /// Joins a room, and returns all messages including the confirmation. `after` is the last `seq` that
    /// the app has.
    pub async fn join(&mut self, room: &str, after: Option<i64>) -> Vec<Value> {
        let mut frame = json!({"type": "join_room", "room": room});
        if let Some(after) = after {
            frame["after"] = after.into();
        }
        self.say(&frame).await;
        self.hear_until("the answer to join_room", |frame| {
            ["joined", "error"].contains(&frame["type"].as_str().unwrap_or_default())
        })
        .await
    }

    /// Waits until the server closes the socket, and returns the close code.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match timeout(LONG, self.stream.next()).await.expect("the socket stays open")? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
