//! What the black-box tests stand on: the product's real programs over real servers, and people
//! who use them over HTTP and WebSocket. Nothing here knows the inside of the product.
//!
//! `make test` starts the servers of a run and names them in `SELF_TEST_…` variables. Each test
//! starts a [`Stack`] of its own on them: database, namespace, objects, ports and processes that
//! no other test sees, and that are gone when the test ends, however it ends.
#![expect(clippy::unwrap_used, reason = "a harness that panics is a test that fails")]

pub mod answer;
pub mod completions;
pub mod database;
pub mod document;
pub mod environment;
pub mod past;
pub mod person;
pub mod ports;
pub mod process;
pub mod qdrant;
pub mod s3;
pub mod servers;
pub mod socket;
pub mod sound;
pub mod stack;
pub mod transcriptions;
pub mod waiting;
pub mod words;

pub use answer::Answer;
pub use document::Document;
pub use person::Person;
pub use process::Process;
pub use qdrant::Qdrant;
pub use socket::Socket;
pub use sound::Sound;
pub use stack::Stack;
pub use transcriptions::Transcriptions;
pub use waiting::eventually;
