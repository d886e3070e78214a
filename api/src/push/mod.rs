//! Push: tells a person's apps what happens, as it happens, over a WebSocket.
//!
//! ```text
//!   rows of events ──relay──> NATS ──> Hub (one a node) ──> Socket (one a connection) ──> app
//!        └──────────────── what was missed, by number ────────┘
//! ```
//!
//! An app joins rooms: `user` for everything, `conversation:<id>`, `job:<id>` or `file:<id>` for
//! one thing.
//! Durable events carry a number (`seq`), counted per person without gaps. A socket keeps the
//! number up to which it has told everything; whatever the hub could not tell it (NATS was away,
//! the app reads slowly, an event was too large to travel) it reads from Postgres, in order.
//! An app that comes back joins with `after`, the last number it has, and gets the rest first;
//! what cannot be given any more is said as `resync`, and the app reads anew by REST.
//!
//! Volatile events (`job_progress`) have no number and are never repeated.

mod message;
mod socket;

pub(crate) use message::{FromApp, ToApp};
pub use socket::Socket;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The largest message that a client may send: rooms have short names.
const LARGEST_MESSAGE: usize = 64 * 1024;
/// What the library would otherwise reserve for every connection is 128 KiB.
const BUFFER: usize = 4 * 1024;
/// What may wait for a slow client before writing waits for it.
const LARGEST_BACKLOG: usize = 4 * 1024 * 1024;

/// Buffers and limits of every socket.
#[must_use]
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(LARGEST_BACKLOG)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}
