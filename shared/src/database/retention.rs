//! Rows with a limited time of storage, and their deletion after that time.

use chrono::{DateTime, Utc};

use super::SystemTx;

/// A kind of rows that expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Refresh tokens that can no longer be exchanged.
    RefreshTokens,
    /// Sessions that are over.
    Sessions,
    /// Tickets that were never used.
    SocketTickets,
    /// Stored answers of requests whose idempotency key has expired.
    IdempotencyKeys,
    /// Jobs of the system that ended a week ago. Jobs of people stay visible to them.
    SystemJobs,
}

impl Expired {
    /// All kinds. Tokens come before their sessions: deleting a session deletes all of its tokens at once.
    pub const ALL: [Self; 5] =
        [Self::RefreshTokens, Self::Sessions, Self::SocketTickets, Self::IdempotencyKeys, Self::SystemJobs];

    /// Deletes at most `limit` expired rows of this kind. Returns the number of deleted rows.
    pub async fn forget(self, tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> sqlx::Result<u64> {
        let statement = match self {
            Self::RefreshTokens => sqlx::query!(
                "delete from refresh_tokens where token_hash in (
                     select token_hash from refresh_tokens where expires_at <= $1 limit $2)",
                now,
                limit,
            ),
            Self::Sessions => sqlx::query!(
                "delete from sessions where id in (select id from sessions where expires_at <= $1 limit $2)",
                now,
                limit,
            ),
            Self::SocketTickets => sqlx::query!(
                "delete from socket_tickets where ticket_hash in (
                     select ticket_hash from socket_tickets where expires_at <= $1 limit $2)",
                now,
                limit,
            ),
            Self::IdempotencyKeys => sqlx::query!(
                "delete from idempotency_keys where (user_id, key) in (
                     select user_id, key from idempotency_keys
                     where created_at <= $1::timestamptz - interval '1 day' limit $2)",
                now,
                limit,
            ),
            Self::SystemJobs => sqlx::query!(
                "delete from jobs where id in (
                     select id from jobs
                     where user_id is null and finished_at < $1::timestamptz - interval '7 days' limit $2)",
                now,
                limit,
            ),
        };
        Ok(statement.execute(&mut **tx).await?.rows_affected())
    }
}
