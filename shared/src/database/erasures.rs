//! Erasure of a person: all data of the person is deleted. A receipt without personal data stays.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

use super::{Database, SystemTx};
use crate::domain::UserId;

/// The tables with data of people: the largest first, and each before the tables that it refers to. So a
/// person with millions of rows is deleted in small transactions.
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
/// Rows that one transaction deletes.
const BATCH: i64 = 5_000;

/// The receipt of an erasure.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Only the person who asked for the erasure knows the id.
    pub id: Uuid,
    /// The time of the request.
    pub requested_at: DateTime<Utc>,
    /// The time when everything was deleted.
    pub completed_at: Option<DateTime<Utc>>,
    /// The number of deleted rows.
    pub rows_erased: i64,
    /// The number of deleted objects.
    pub objects_erased: i64,
}

/// Begins an erasure: ends the person's sessions, cancels their jobs, and makes their e-mail address free
/// again. [`erase_rows`] deletes the rest. Returns the receipt, and the sessions whose sockets have to be
/// closed.
pub async fn begin(tx: &mut SystemTx, user: UserId) -> sqlx::Result<(Erasure, Vec<Uuid>)> {
    sqlx::query!(
        "update users set email = 'erased ' || id, name = '', password_hash = '', preferences = '{}',
                          erased_at = now(), updated_at = now()
         where id = $1",
        user.0,
    )
    .execute(&mut **tx)
    .await?;
    let sessions = sqlx::query_scalar!("delete from sessions where user_id = $1 returning id", user.0)
        .fetch_all(&mut **tx)
        .await?;
    let erasure = sqlx::query_as!(
        Erasure,
        "insert into erasures (id) values (gen_random_uuid())
         returning id, requested_at, completed_at, rows_erased, objects_erased",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((erasure, sessions))
}

/// Reads a receipt.
pub async fn get(tx: &mut SystemTx, id: Uuid) -> sqlx::Result<Option<Erasure>> {
    sqlx::query_as!(
        Erasure,
        "select id, requested_at, completed_at, rows_erased, objects_erased from erasures where id = $1",
        id,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Deletes every row of a person, in batches, and the row of the person last. May be called again after an
/// error: rows that were deleted stay deleted and counted.
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
    sqlx::query!("delete from jobs where user_id = $1", user.0).execute(&mut *tx).await?;
    let gone = sqlx::query!("delete from users where id = $1", user.0).execute(&mut *tx).await?;
    count(&mut tx, erasure, gone.rows_affected(), 0).await?;
    tx.commit().await
}

/// Marks the receipt as complete.
pub async fn complete(tx: &mut SystemTx, erasure: Uuid, objects: u64) -> sqlx::Result<()> {
    count(tx, erasure, 0, objects).await?;
    sqlx::query!("update erasures set completed_at = coalesce(completed_at, now()) where id = $1", erasure)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

async fn count(tx: &mut SystemTx, erasure: Uuid, rows: u64, objects: u64) -> sqlx::Result<()> {
    sqlx::query!(
        "update erasures set rows_erased = rows_erased + $2, objects_erased = objects_erased + $3 where id = $1",
        erasure,
        i64::try_from(rows).unwrap_or(i64::MAX),
        i64::try_from(objects).unwrap_or(i64::MAX),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
