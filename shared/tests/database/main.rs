//! Access to PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod schema;
mod statements;
mod transactions;
