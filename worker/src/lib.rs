//! The worker of Self: it turns recordings into text and meaning.
//!
//! [`stages`] are the steps from a recording to its text, [`models`] the neural networks that transcribe,
//! [`sandbox`] runs the processes that open files of unknown origin. `self-language` finds the meaning of a
//! text. Around them, [`jobs`] do the input and output, the [`engine`] claims, holds and completes jobs,
//! and [`program`] starts and stops a worker.

pub mod engine;
pub mod evaluation;
pub mod fleet;
pub mod health;
pub mod jobs;
pub mod models;
pub mod program;
pub mod queries;
pub mod sandbox;
pub mod stages;
