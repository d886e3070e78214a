//! `self-api`: authenticates, accepts uploads, enqueues jobs, reads, and pushes events. It never decodes
//! sound and never loads a model.

pub mod app;
pub mod auth;
pub mod commands;
mod content;
pub mod document;
mod etag;
pub mod hub;
mod id;
mod input;
mod methods;
mod offload;
mod page;
pub mod problem;
pub mod push;
mod raw_json;
mod request_middleware;
mod routes;
pub mod server;
mod time;
mod views;
mod wire_enums;
