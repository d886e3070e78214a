//! The queue of changes for the mirror of the vectors, if the system has one (see `crate::vectors` and
//! `migrations/0023_vector_mirror.up.sql`).

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Database, SystemTx, UserTx};
use crate::domain::UserId;

/// A passage with its vector.
#[derive(Clone, Debug)]
pub struct Vector {
    pub id: Uuid,
    /// The vector of its text.
    pub embedding: Vec<f32>,
    /// The model that computed the vector.
    pub model: String,
}

/// A passage that was inserted, changed or deleted.
#[derive(Clone, Debug)]
pub struct VectorChange {
    /// The position in the queue.
    pub seq: i64,
    /// The person whose passage it is.
    pub user_id: Uuid,
    pub passage_id: Uuid,
}

/// The state of the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// There is no mirror.
    Off,
    /// No person's passages are queued yet.
    Empty,
    /// The passages of some people are queued.
    Filling,
    /// The passages of all people are in the mirror or queued.
    Filled,
}

/// Begins to queue changes. Waits for transactions that are writing passages, so that none of their rows is
/// missed.
///
/// # Errors
/// If the database fails, or if a transaction writes for too long. The caller tries again.
pub async fn switch_on(database: &Database) -> sqlx::Result<()> {
    switch(database, true).await
}

/// Stops queueing changes, and empties the queue.
///
/// # Errors
/// If the database fails, or if a transaction writes for too long. The caller tries again.
pub async fn switch_off(database: &Database) -> sqlx::Result<()> {
    switch(database, false).await
}

async fn switch(database: &Database, on: bool) -> sqlx::Result<()> {
    let mut tx = database.as_system().await?;
    sqlx::query!("call switch_vector_mirror($1)", on).execute(&mut *tx).await?;
    tx.commit().await
}

/// Takes the lock for changes of the mirror, and waits while another transaction has it. The lock is
/// released at the end of the transaction.
pub async fn lock(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('vector mirror', 0))")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Reads the state of the mirror.
pub async fn state(tx: &mut PgConnection) -> sqlx::Result<Mirror> {
    let row = sqlx::query!(
        r#"select filled_at is not null as "is_filled!", filled_to is not null as "is_begun!"
           from vector_mirror"#,
    )
    .fetch_optional(tx)
    .await?;
    Ok(match row {
        None => Mirror::Off,
        Some(row) if row.is_filled => Mirror::Filled,
        Some(row) if row.is_begun => Mirror::Filling,
        Some(_) => Mirror::Empty,
    })
}

/// Starts to fill the mirror again, from the first person on.
pub async fn refill(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query!("update vector_mirror set filled_to = null, filled_at = null")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Queues all passages of the next person. Returns whether there was one.
///
/// A passage that is queued twice is copied twice, which does no harm.
pub async fn fill(database: &Database, tx: &mut SystemTx) -> sqlx::Result<bool> {
    let person = sqlx::query_scalar!(
        "select id from users
         where id > coalesce((select filled_to from vector_mirror), '00000000-0000-0000-0000-000000000000')
         order by id limit 1",
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(person) = person {
        let mut own = database.as_user(UserId(person)).await?;
        sqlx::query!(
            "insert into vector_changes (user_id, passage_id)
             select user_id, id from conversation_embeddings where user_id = $1
             union all select user_id, id from file_embeddings where user_id = $1",
            person,
        )
        .execute(&mut *own)
        .await?;
        own.commit().await?;
    }
    sqlx::query!(
        "update vector_mirror
         set filled_to = coalesce($1, filled_to), filled_at = case when $1 is null then now() end",
        person,
    )
    .execute(&mut **tx)
    .await?;
    Ok(person.is_some())
}

/// Reads the oldest change, and other changes of the same person; at most `limit`.
pub async fn pending(tx: &mut SystemTx, limit: i64) -> sqlx::Result<Vec<VectorChange>> {
    sqlx::query_as!(
        VectorChange,
        "select seq, user_id, passage_id from vector_changes
         where user_id = (select user_id from vector_changes order by seq limit 1)
         order by seq limit $1",
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Deletes changes from the queue, after they were copied to the mirror.
pub async fn mark_mirrored(tx: &mut SystemTx, changes: &[VectorChange]) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from vector_changes where seq = any ($1)",
        &changes.iter().map(|change| change.seq).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Deletes all queued changes of a person.
pub async fn forget(tx: &mut SystemTx, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from vector_changes where user_id = $1", user.0).execute(&mut **tx).await.map(|_| ())
}

/// Reads those of the given passages of the person that exist, with their vectors.
pub async fn vectors(tx: &mut UserTx, passages: &[Uuid]) -> sqlx::Result<Vec<Vector>> {
    let user = tx.user();
    sqlx::query_as!(
        Vector,
        r#"select id as "id!", embedding::real[] as "embedding!", model as "model!"
           from conversation_embeddings where user_id = $1 and id = any ($2)
           union all
           select id, embedding::real[], model from file_embeddings where user_id = $1 and id = any ($2)"#,
        user.0,
        passages,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Finds the person's passages that the mirror may not have yet. Returns `None` if the mirror cannot be
/// relied on: there is none, it is not filled, or more than `most` changes are queued.
pub async fn missing(tx: &mut UserTx, most: i64) -> sqlx::Result<Option<Vec<Uuid>>> {
    if state(tx).await? != Mirror::Filled {
        return Ok(None);
    }
    let user = tx.user();
    let missing = sqlx::query_scalar!(
        "select passage_id from vector_changes where user_id = $1 order by seq limit $2::bigint + 1",
        user.0,
        most,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(i64::try_from(missing.len()).is_ok_and(|count| count <= most).then_some(missing))
}
