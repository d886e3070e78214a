//! What is to be carried to the mirror of the vectors, where there is one (see `crate::vectors` and
//! `migrations/0023_vector_mirror.up.sql`).

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Database, SystemTx, UserTx, row};
use crate::domain::UserId;

row! {
    /// A passage with its vector.
    #[derive(Clone, Debug)]
    pub struct Vector {
        /// The passage.
        pub id: Uuid,
        /// What it means.
        pub embedding: Vec<f32>,
        /// The model that says so.
        pub model: String,
    }

    /// A passage that came, changed or went.
    #[derive(Clone, Debug)]
    pub struct VectorChange {
        /// Its place in the order.
        pub seq: i64,
        /// Whose it is.
        pub user_id: Uuid,
        /// The passage.
        pub passage_id: Uuid,
    }
}

/// How far a mirror is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// There is none.
    Off,
    /// Nobody's passages are noted yet.
    Empty,
    /// Somebody's are.
    Filling,
    /// All are carried there, or noted to be.
    Filled,
}

/// Begins to note what changes. Waits for those who are writing, so that what they wrote is either
/// noted or there to be filled in.
///
/// # Errors
/// When the database refuses, or somebody writes for too long: to be tried again.
pub async fn switch_on(database: &Database) -> sqlx::Result<()> {
    switch(
        database,
        "alter table conversation_embeddings enable trigger mirror;
         alter table file_embeddings enable trigger mirror;
         insert into vector_mirror default values on conflict do nothing",
    )
    .await
}

/// Notes nothing any more, and forgets what was noted.
///
/// # Errors
/// When the database refuses, or somebody writes for too long: to be tried again.
pub async fn switch_off(database: &Database) -> sqlx::Result<()> {
    switch(
        database,
        "alter table conversation_embeddings disable trigger mirror;
         alter table file_embeddings disable trigger mirror;
         truncate vector_changes;
         delete from vector_mirror",
    )
    .await
}

/// Only the owner of the tables may.
async fn switch(database: &Database, how: &'static str) -> sqlx::Result<()> {
    let mut tx = database.owner().begin().await?;
    sqlx::raw_sql("set local lock_timeout = '3s'").execute(&mut *tx).await?;
    sqlx::raw_sql(how).execute(&mut *tx).await?;
    tx.commit().await
}

/// Waits for the turn of changing what the mirror holds; it lasts as long as the transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('vector mirror', 0))")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// How far the mirror is.
///
/// # Errors
/// When the database does not answer.
pub async fn state(tx: &mut PgConnection) -> sqlx::Result<Mirror> {
    let row: Option<(bool, bool)> =
        sqlx::query_as("select filled_at is not null, filled_to is not null from vector_mirror")
            .fetch_optional(tx)
            .await?;
    Ok(match row {
        None => Mirror::Off,
        Some((true, _)) => Mirror::Filled,
        Some((false, true)) => Mirror::Filling,
        Some((false, false)) => Mirror::Empty,
    })
}

/// Has everything filled in again, from the first person on.
///
/// # Errors
/// When the database refuses.
pub async fn refill(tx: &mut SystemTx) -> sqlx::Result<()> {
    sqlx::query("update vector_mirror set filled_to = null, filled_at = null")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Notes all passages of one more person; whether there was one.
///
/// # Errors
/// When the database refuses. What was noted twice is carried twice, and does no harm.
pub async fn fill(database: &Database, tx: &mut SystemTx) -> sqlx::Result<bool> {
    let person: Option<Uuid> = sqlx::query_scalar(
        "select id from users
         where id > coalesce((select filled_to from vector_mirror), '00000000-0000-0000-0000-000000000000')
         order by id limit 1",
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(person) = person {
        let mut own = database.as_user(UserId(person)).await?;
        sqlx::query(
            "insert into vector_changes (user_id, passage_id)
             select user_id, id from conversation_embeddings where user_id = $1
             union all select user_id, id from file_embeddings where user_id = $1",
        )
        .bind(person)
        .execute(&mut *own)
        .await?;
        own.commit().await?;
    }
    sqlx::query(
        "update vector_mirror
         set filled_to = coalesce($1, filled_to), filled_at = case when $1 is null then now() end",
    )
    .bind(person)
    .execute(&mut **tx)
    .await?;
    Ok(person.is_some())
}

/// What has waited longest, and what else of the same person has: at most so many.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &mut SystemTx, limit: i64) -> sqlx::Result<Vec<VectorChange>> {
    sqlx::query_as(
        "select seq, user_id, passage_id from vector_changes
         where user_id = (select user_id from vector_changes order by seq limit 1)
         order by seq limit $1",
    )
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// Forgets what was carried.
///
/// # Errors
/// When the database refuses.
pub async fn carried(tx: &mut SystemTx, changes: &[VectorChange]) -> sqlx::Result<()> {
    sqlx::query("delete from vector_changes where seq = any ($1)")
        .bind(changes.iter().map(|change| change.seq).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Forgets all that was noted of a person.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tx: &mut SystemTx, user: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from vector_changes where user_id = $1")
        .bind(user.0)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Those of the person's passages that are there, with their vectors.
///
/// # Errors
/// When the database does not answer.
pub async fn vectors(tx: &mut UserTx, passages: &[Uuid]) -> sqlx::Result<Vec<Vector>> {
    sqlx::query_as(
        "select id, embedding::real[] as embedding, model from conversation_embeddings where id = any ($1)
         union all
         select id, embedding::real[] as embedding, model from file_embeddings where id = any ($1)",
    )
    .bind(passages)
    .fetch_all(&mut **tx)
    .await
}

/// The person's passages that the mirror may not hold yet; none where it is not to be relied on:
/// there is none, it is not filled, or more than `most` are on their way.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(tx: &mut UserTx, most: i64) -> sqlx::Result<Option<Vec<Uuid>>> {
    if state(tx).await? != Mirror::Filled {
        return Ok(None);
    }
    let user = tx.user();
    let missing: Vec<Uuid> = sqlx::query_scalar(
        "select passage_id from vector_changes where user_id = $1 order by seq limit $2 + 1",
    )
    .bind(user.0)
    .bind(most)
    .fetch_all(&mut **tx)
    .await?;
    Ok(i64::try_from(missing.len()).is_ok_and(|count| count <= most).then_some(missing))
}
