//! The code that both programs share: types of the domain, access to the four servers, configuration.

pub mod bus;
pub mod config;
pub mod database;
pub mod events;
pub mod health;
pub mod objects;
pub mod redis;
pub mod relay;
pub mod subtitles;
pub mod telemetry;
pub mod vectors;

pub use self_domain as domain;

pub use self::redis::wake_ups;
