//! What texts mean: whom and what they mention, when that is, how it hangs together, and what of it
//! deserves attention.
//!
//! Everything here is computed: values in, values out, on the thread that calls. There is no runtime, no
//! database and no network; what waits and what stores is the worker's. In the order in which a transcript
//! passes them:
//!
//! - [`extract`] finds the entities that the segments mention, with an entity finder of [`models`];
//! - [`resolve`] tells which day or week each date means;
//! - [`decide`] applies what the person has said about names before;
//! - [`connect`] says which entities belong together;
//! - [`embed`] cuts passages and turns them into vectors, with an embedder of [`models`];
//! - [`notice`] finds promises, tasks, facts and topics;
//! - [`title`] gives a conversation its title;
//! - [`summarize`] says what a language model is asked, and how much of its answer is believed.
//!
//! [`tagger`] is the entity finder of this project. What its trainer needs of it is in
//! [`tagger::training`], and is for nobody else.

pub mod connect;
pub mod decide;
pub mod embed;
pub mod extract;
mod finder;
mod lexicon;
pub mod models;
pub mod notice;
pub mod numerals;
pub mod resolve;
pub mod summarize;
pub mod tagger;
pub mod title;
mod words;

pub use self::finder::{FinderError, entity_finder};
