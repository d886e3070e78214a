//! The first answer to each request that carried an `Idempotency-Key`.
//!
//! The answer is written in the transaction of what it tells of: it is there if and only if that
//! happened. Keys are remembered for a day.

use serde_json::Value;

use super::{UserTx, row};

row! {
    /// A request that was answered before.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Remembered {
        /// Tells whether another request with the same key is the same request.
        pub request_hash: Vec<u8>,
        /// What it was answered.
        pub answer: Value,
    }
}

/// What this key was answered, within the last day.
///
/// # Errors
/// When the database does not answer.
pub async fn recall(tx: &mut UserTx, key: &str) -> sqlx::Result<Option<Remembered>> {
    let user = tx.user();
    sqlx::query_as(
        "select request_hash, answer from idempotency_keys
         where user_id = $1 and key = $2 and created_at > now() - interval '1 day'",
    )
    .bind(user.0)
    .bind(key)
    .fetch_optional(&mut **tx)
    .await
}

/// Remembers an answer, and sweeps the person's keys of yesterday. False when another request with
/// this key was faster: this transaction is then to be given up, and that one's answer recalled.
///
/// # Errors
/// When the database refuses.
pub async fn remember(tx: &mut UserTx, key: &str, answered: &Remembered) -> sqlx::Result<bool> {
    let user = tx.user();
    sqlx::query("delete from idempotency_keys where user_id = $1 and created_at <= now() - interval '1 day'")
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    let written = sqlx::query(
        "insert into idempotency_keys (user_id, key, request_hash, answer) values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(user.0)
    .bind(key)
    .bind(&answered.request_hash)
    .bind(&answered.answer)
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}
