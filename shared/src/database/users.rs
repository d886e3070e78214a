//! People, and what proves who they are.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::{SystemTx, UserTx, row};
use crate::domain::UserId;

row! {
    /// A person, without anything secret.
    #[derive(Clone, Debug)]
    pub struct User {
        /// Names the person.
        pub id: Uuid,
        /// How they log in; kept as it was typed, unique whatever its case.
        pub email: String,
        /// What they are called.
        pub name: String,
        /// When they registered.
        pub created_at: DateTime<Utc>,
    }
}

/// What a login is checked against.
pub struct Credentials {
    /// The person.
    pub user: User,
    /// The hash of their password, as a PHC string.
    pub password_hash: String,
}

impl FromRow<'_, PgRow> for Credentials {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { user: User::from_row(row)?, password_hash: row.try_get("password_hash")? })
    }
}

/// Registers a person. None when the e-mail address is taken.
///
/// # Errors
/// When the database refuses.
pub async fn create(
    tx: &mut SystemTx,
    id: UserId,
    email: &str,
    name: &str,
    password_hash: &str,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)
         on conflict (lower(email)) do nothing
         returning id, email, name, created_at",
    )
    .bind(id.0)
    .bind(email)
    .bind(name)
    .bind(password_hash)
    .fetch_optional(&mut **tx)
    .await
}

/// What the login of an e-mail address is checked against, if anybody has it.
///
/// # Errors
/// When the database does not answer.
pub async fn credentials(tx: &mut SystemTx, email: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as(
        "select id, email, name, created_at, password_hash from users where lower(email) = lower($1)",
    )
    .bind(email)
    .fetch_optional(&mut **tx)
    .await
}

/// The person themselves.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx) -> sqlx::Result<Option<User>> {
    let user = tx.user();
    sqlx::query_as("select id, email, name, created_at from users where id = $1")
        .bind(user.0)
        .fetch_optional(&mut **tx)
        .await
}
