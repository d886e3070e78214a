//! The workshop of Self: it turns recordings into text and meaning.
//!
//! [`stages`] are the steps that a recording passes until it is text, [`models`] the neural networks that
//! hear, [`sandbox`] the place where strangers' files are opened; what the text means is found by
//! `self-language`. Around them, [`jobs`] do the input and output, the [`engine`] takes, holds and ends jobs, and [`program`]
//! is the whole life of a worker.

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
