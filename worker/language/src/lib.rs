//! The meaning of texts: entities, dates, connections, passages and insights.
//!
//! This library only computes: values in, values out, on the calling thread. It has no runtime, no
//! database and no network; the worker does the waiting and the storing. A transcript passes the modules
//! in this order:
//!
//! - [`extract`] finds the entities that the segments mention, with an entity finder of [`models`];
//! - [`resolve`] finds the day or the week that each date means;
//! - [`decisions`] applies the decisions that the person made about entities before;
//! - [`connect`] finds the entities that belong together;
//! - [`embed`] cuts passages and turns them into vectors, with an embedder of [`models`];
//! - [`insights`] finds promises, tasks, facts and topics;
//! - [`title`] gives a conversation its title;
//! - [`summarize`] writes the prompt for a language model and checks its answer.
//!
//! [`tagger`] is the entity finder of this project. Only its trainer uses [`tagger::training`].

pub mod connect;
pub mod decisions;
pub mod embed;
pub mod extract;
mod finder;
pub mod insights;
mod lexicon;
pub mod models;
pub mod numerals;
pub mod resolve;
pub mod summarize;
pub mod tagger;
pub mod title;
mod words;

pub use self::finder::{FinderError, entity_finder};
