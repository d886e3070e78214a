//! The library of the black-box tests: it runs the product's real programs with real servers, and acts as
//! people who use them over HTTP and WebSocket. It uses no internals of the product.
//!
//! `make test` starts the servers of a run and names them in `SELF_TEST_…` variables. Each test
//! starts its own [`Stack`] on them: a database, a namespace, objects, ports and processes that no other
//! test sees. They are removed when the test ends, also when it fails.
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
