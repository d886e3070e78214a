//! What is kept for a time only, and forgotten once that is over.

use chrono::{DateTime, Utc};

use super::SystemTx;

/// Rows with an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Refresh tokens that nobody can exchange any more.
    RefreshTokens,
    /// Sessions that nobody can go on with.
    Sessions,
    /// Tickets that were never shown.
    SocketTickets,
    /// First answers to requests that are not repeated any more.
    IdempotencyKeys,
    /// Jobs of the house that ended a week ago. People's own are theirs to see.
    HouseJobs,
}

impl Expired {
    /// All of them. Tokens come before their sessions, with which they would all go at once.
    pub const ALL: [Self; 5] =
        [Self::RefreshTokens, Self::Sessions, Self::SocketTickets, Self::IdempotencyKeys, Self::HouseJobs];

    /// Removes at most `limit` of those whose time is over; answers how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget(self, tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> sqlx::Result<u64> {
        let removed = sqlx::query(self.statement()).bind(now).bind(limit).execute(&mut **tx).await?;
        Ok(removed.rows_affected())
    }

    const fn statement(self) -> &'static str {
        match self {
            Self::RefreshTokens => {
                "delete from refresh_tokens where token_hash in (
                     select token_hash from refresh_tokens where expires_at <= $1 limit $2)"
            }
            Self::Sessions => {
                "delete from sessions where id in (select id from sessions where expires_at <= $1 limit $2)"
            }
            Self::SocketTickets => {
                "delete from socket_tickets where ticket_hash in (
                     select ticket_hash from socket_tickets where expires_at <= $1 limit $2)"
            }
            Self::IdempotencyKeys => {
                "delete from idempotency_keys where (user_id, key) in (
                     select user_id, key from idempotency_keys
                     where created_at <= $1 - interval '1 day' limit $2)"
            }
            Self::HouseJobs => {
                "delete from jobs where id in (
                     select id from jobs
                     where user_id is null and finished_at < $1 - interval '7 days' limit $2)"
            }
        }
    }
}
