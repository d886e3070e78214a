//! The first answer to each request with an `Idempotency-Key`.
//!
//! The answer is written in the same transaction as the effects of the request, so it exists if and only if
//! the effects do. Keys are kept for a day.

use serde_json::Value;

use super::UserTx;

/// A request that was answered before.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnswer {
    /// The hash by which a repeated request is recognized as the same request.
    pub request_hash: Vec<u8>,
    /// The first answer.
    pub answer: Value,
}

/// Reads the answer for this key, if it is at most a day old.
pub async fn find(tx: &mut UserTx, key: &str) -> sqlx::Result<Option<StoredAnswer>> {
    let user = tx.user();
    sqlx::query_as!(
        StoredAnswer,
        "select request_hash, answer from idempotency_keys
         where user_id = $1 and key = $2 and created_at > now() - interval '1 day'",
        user.0,
        key,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Stores an answer, and deletes the person's keys that are older than a day. Returns false if another
/// request with the same key was faster: the caller then rolls back and reads the answer of that request.
pub async fn insert(tx: &mut UserTx, key: &str, answered: &StoredAnswer) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query!(
        "delete from idempotency_keys where user_id = $1 and created_at <= now() - interval '1 day'",
        user.0,
    )
    .execute(&mut **tx)
    .await?;
    let written = sqlx::query!(
        "insert into idempotency_keys (user_id, key, request_hash, answer) values ($1, $2, $3, $4)
         on conflict do nothing",
        user.0,
        key,
        answered.request_hash,
        answered.answer,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}
