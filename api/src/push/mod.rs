//! Push: sends events to a person's apps over a WebSocket, as they happen.
//!
//! ```text
//!   rows of events ──relay──> NATS ──> Hub (one a node) ──> Socket (one a connection) ──> app
//!        └──────────────── missed events, by number ──────────┘
//! ```
//!
//! An app joins rooms: `user` for everything, `conversation:<id>`, `job:<id>` or `file:<id>` for one thing.
//! Durable events carry a number (`seq`), counted per person without gaps. A socket keeps the number up to
//! which it has sent everything. Events that did not come through the hub (NATS was away, the app reads
//! slowly, the event was too large for NATS) are read from PostgreSQL, in order. An app that reconnects
//! joins with `after`, the last number it has, and first gets the events after it. For events that are no
//! longer kept, `resync` is sent, and the app reads the state again by REST.
//!
//! Volatile events (`job_progress`) have no number and are never repeated.

mod message;
mod socket;

pub(crate) use message::{ClientMessage, ServerMessage};
pub use socket::Socket;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The largest message that a client may send, in bytes: names of rooms are short.
const LARGEST_MESSAGE: usize = 64 * 1024;
/// The size of the buffers of a connection. The library's default is 128 KiB.
const BUFFER: usize = 4 * 1024;
/// How many bytes may wait for a slow client before a write blocks.
const LARGEST_BACKLOG: usize = 4 * 1024 * 1024;

/// The buffers and limits of every socket.
#[must_use]
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(LARGEST_BACKLOG)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}
