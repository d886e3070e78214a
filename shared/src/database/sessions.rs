//! Sessions of people, their refresh tokens, and the tickets that open sockets.
//!
//! Tokens are stored as hashes only. The caller passes the time, so that one clock decides.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{SystemTx, UserTx};
use crate::domain::{UserId, wire_enum};

wire_enum! {
    /// The reason why a session ended.
    pub enum Revocation {
        /// The person logged out.
        Logout = "logout",
        /// A refresh token was used again long after it was replaced: it may be stolen.
        Replay = "replay",
        /// The password was changed.
        Password = "password",
        /// The person ended it from another session.
        Ended = "ended",
    }
}

/// The stored state of a refresh token.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    pub session_id: Uuid,
    pub user_id: Uuid,
    /// The time until which the token is valid.
    pub expires_at: DateTime<Utc>,
    /// The time when it was exchanged for its successor; `None` if it was not.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether its session was revoked.
    pub revoked: bool,
}

/// A login on one device.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    /// The user agent of the client that opened it.
    pub user_agent: String,
    /// The time of the login.
    pub created_at: DateTime<Utc>,
    /// The time of the last refresh.
    pub last_used_at: DateTime<Utc>,
    /// The time at which it ends unless it is refreshed before.
    pub expires_at: DateTime<Utc>,
}

/// Lists the person's active sessions, the last used first.
pub async fn list(tx: &mut UserTx, now: DateTime<Utc>) -> sqlx::Result<Vec<Session>> {
    let user = tx.user();
    sqlx::query_as!(
        Session,
        "select id, user_agent, created_at, last_used_at, expires_at from sessions
         where user_id = $1 and revoked_at is null and expires_at > $2
         order by last_used_at desc, id desc",
        user.0,
        now,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Inserts a session with its first refresh token.
pub async fn open(
    tx: &mut SystemTx,
    session: Uuid,
    user: UserId,
    user_agent: &str,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with session as (
             insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
             values ($1, $2, $3, $5, $5, $6) returning id)
         insert into refresh_tokens (token_hash, session_id, user_id, issued_at, expires_at)
         select $4, id, $2, $5, $6 from session",
        session,
        user.0,
        user_agent,
        token_hash,
        now,
        expires_at,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Finds the user of a session, if the session is active.
pub async fn live(tx: &mut SystemTx, session: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        "select user_id from sessions where id = $1 and revoked_at is null and expires_at > $2",
        session,
        now,
    )
    .fetch_optional(&mut **tx)
    .await
    .map(|user| user.map(UserId))
}

/// Finds a refresh token, and locks it until the end of the transaction, so that it cannot be exchanged
/// twice at once.
pub async fn lock_refresh_token(tx: &mut SystemTx, token_hash: &[u8]) -> sqlx::Result<Option<RefreshToken>> {
    sqlx::query_as!(
        RefreshToken,
        r#"select t.session_id, t.user_id, t.expires_at, t.used_at, s.revoked_at is not null as "revoked!"
           from refresh_tokens t join sessions s on s.id = t.session_id
           where t.token_hash = $1 for update of t"#,
        token_hash,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Marks a token as exchanged, and inserts its successor. The session expires together with the successor.
pub async fn exchange(
    tx: &mut SystemTx,
    token: &RefreshToken,
    token_hash: &[u8],
    successor_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with used as (update refresh_tokens set used_at = $5 where token_hash = $1),
              kept as (update sessions set last_used_at = $5, expires_at = $6 where id = $3)
         insert into refresh_tokens (token_hash, session_id, user_id, issued_at, expires_at)
         values ($2, $3, $4, $5, $6)",
        token_hash,
        successor_hash,
        token.session_id,
        token.user_id,
        now,
        expires_at,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Ends a session. If it has ended already, the first reason stays.
pub async fn revoke(
    tx: &mut SystemTx,
    session: Uuid,
    reason: Revocation,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set revoked_at = $3, revoked_for = $2 where id = $1 and revoked_at is null",
        session,
        reason.as_str(),
        now,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Ends all sessions of a person except one. Returns the ended sessions.
pub async fn revoke_others(
    tx: &mut SystemTx,
    user: UserId,
    kept: Uuid,
    reason: Revocation,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "update sessions set revoked_at = $4, revoked_for = $3
         where user_id = $1 and id <> $2 and revoked_at is null
         returning id",
        user.0,
        kept,
        reason.as_str(),
        now,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Inserts a ticket that opens one socket, and deletes the person's expired tickets.
pub async fn issue_ticket(
    tx: &mut SystemTx,
    ticket_hash: &[u8],
    user: UserId,
    session: Uuid,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with swept as (delete from socket_tickets where user_id = $2 and expires_at <= $4)
         insert into socket_tickets (ticket_hash, user_id, session_id, expires_at) values ($1, $2, $3, $5)",
        ticket_hash,
        user.0,
        session,
        now,
        expires_at,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Deletes a ticket, and returns its user and session if it was still valid.
pub async fn redeem_ticket(
    tx: &mut SystemTx,
    ticket_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(UserId, Uuid)>> {
    let taken = sqlx::query!(
        "delete from socket_tickets where ticket_hash = $1 returning user_id, session_id, expires_at",
        ticket_hash,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(taken.filter(|row| row.expires_at > now).map(|row| (UserId(row.user_id), row.session_id)))
}
