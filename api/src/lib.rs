//! `self-api`: the thin door. It authenticates, accepts, enqueues, reads and pushes; it never
//! decodes sound and never loads a model.

pub mod app;
pub mod auth;
pub mod commands;
mod content;
pub mod document;
mod etag;
mod frame;
pub mod hub;
mod id;
mod input;
mod methods;
mod page;
pub mod problem;
pub mod push;
mod rendered;
mod routes;
pub mod server;
mod time;
mod views;
mod vocabulary;
