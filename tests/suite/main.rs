//! The product seen from outside.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod house;
mod migrations;
