//! Being forgotten: everything of a person goes, and a receipt stays that tells nothing of them.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

use super::{Database, SystemTx, row};
use crate::domain::UserId;

/// What belongs to people, the largest first and each before what it points at, so that a person
/// with millions of rows is removed in small transactions.
const TABLES: [&str; 18] = [
    "insights",
    "insight_dismissals",
    "statements",
    "file_contents",
    "file_events",
    "file_embeddings",
    "file_stays",
    "files",
    "events",
    "mentions",
    "connection_evidence",
    "conversation_embeddings",
    "segments",
    "connections",
    "entities",
    "entity_decisions",
    "conversations",
    "exports",
];
/// Rows that one transaction removes.
const BATCH: i64 = 5_000;

row! {
    /// The receipt of an erasure.
    #[derive(Clone, Debug)]
    pub struct Erasure {
        /// Names it; only who asked knows it.
        pub id: Uuid,
        /// When it was asked for.
        pub requested_at: DateTime<Utc>,
        /// When nothing was left.
        pub completed_at: Option<DateTime<Utc>>,
        /// How many rows there were.
        pub rows_erased: i64,
        /// How many objects there were.
        pub objects_erased: i64,
    }
}

/// Shuts the door behind a person who asked to be forgotten: their sessions end, their work stops,
/// and their address is free again. The rest is work for [`erase_rows`]. Answers the receipt, and
/// the sessions whose sockets are to be closed.
///
/// # Errors
/// When the database refuses.
pub async fn begin(tx: &mut SystemTx, user: UserId) -> sqlx::Result<(Erasure, Vec<Uuid>)> {
    sqlx::query(
        "update users set email = 'erased ' || id, name = '', password_hash = '', preferences = '{}',
                          erased_at = now(), updated_at = now()
         where id = $1",
    )
    .bind(user.0)
    .execute(&mut **tx)
    .await?;
    let sessions = sqlx::query_scalar("delete from sessions where user_id = $1 returning id")
        .bind(user.0)
        .fetch_all(&mut **tx)
        .await?;
    let erasure = sqlx::query_as(
        "insert into erasures (id) values (gen_random_uuid())
         returning id, requested_at, completed_at, rows_erased, objects_erased",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((erasure, sessions))
}

/// A receipt.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut SystemTx, id: Uuid) -> sqlx::Result<Option<Erasure>> {
    sqlx::query_as(
        "select id, requested_at, completed_at, rows_erased, objects_erased from erasures where id = $1",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

/// Removes every row of a person, some thousand at a time, and the person last. To be called again
/// after an error: what is gone stays gone, and stays counted.
///
/// # Errors
/// When the database does not answer.
pub async fn erase_rows(database: &Database, erasure: Uuid, user: UserId) -> sqlx::Result<()> {
    for table in TABLES {
        loop {
            let mut tx = database.as_user(user).await?;
            let statement = format!(
                "delete from {table} where ctid in (select ctid from {table} where user_id = $1 limit $2)"
            );
            let query = sqlx::query(AssertSqlSafe(statement)).bind(user.0).bind(BATCH);
            let gone = tx.execute(query).await?.rows_affected();
            tx.commit().await?;
            if gone == 0 {
                break;
            }
            let mut tx = database.as_system().await?;
            count(&mut tx, erasure, gone, 0).await?;
            tx.commit().await?;
        }
    }
    let mut tx = database.as_system().await?;
    sqlx::query("delete from jobs where user_id = $1").bind(user.0).execute(&mut *tx).await?;
    let gone = sqlx::query("delete from users where id = $1").bind(user.0).execute(&mut *tx).await?;
    count(&mut tx, erasure, gone.rows_affected(), 0).await?;
    tx.commit().await
}

/// Completes the receipt.
///
/// # Errors
/// When the database refuses.
pub async fn complete(tx: &mut SystemTx, erasure: Uuid, objects: u64) -> sqlx::Result<()> {
    count(tx, erasure, 0, objects).await?;
    sqlx::query("update erasures set completed_at = coalesce(completed_at, now()) where id = $1")
        .bind(erasure)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

async fn count(tx: &mut SystemTx, erasure: Uuid, rows: u64, objects: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update erasures set rows_erased = rows_erased + $2, objects_erased = objects_erased + $3 where id = $1",
    )
    .bind(erasure)
    .bind(i64::try_from(rows).unwrap_or(i64::MAX))
    .bind(i64::try_from(objects).unwrap_or(i64::MAX))
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
