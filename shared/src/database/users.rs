//! People: their accounts, password hashes and preferences.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::{SystemTx, UserTx, row};
use crate::domain::UserId;
use crate::domain::preferences::Preferences;

/// The columns of a [`User`].
macro_rules! columns {
    () => {
        "id, email, name, preferences, version, created_at, updated_at"
    };
}

row! {
    /// A person's account, without secrets.
    #[derive(Clone, Debug)]
    pub struct User {
        pub id: Uuid,
        /// The e-mail address for the login, as it was typed; unique regardless of case.
        pub email: String,
        pub name: String,
        /// The person's preferences.
        pub preferences: Json<Preferences>,
        /// Incremented with every change.
        pub version: i64,
        /// The time of the registration.
        pub created_at: DateTime<Utc>,
        /// The time of the last change.
        pub updated_at: DateTime<Utc>,
    }
}

/// The values that a login is checked against.
pub struct Credentials {
    pub user: User,
    /// The hash of the password, as a PHC string.
    pub password_hash: String,
}

impl FromRow<'_, PgRow> for Credentials {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { user: User::from_row(row)?, password_hash: row.try_get("password_hash")? })
    }
}

/// Creates an account. Returns `None` if the e-mail address is taken.
pub async fn create(
    tx: &mut SystemTx,
    id: UserId,
    email: &str,
    name: &str,
    password_hash: &str,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(concat!(
        "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)
         on conflict (lower(email)) do nothing
         returning ",
        columns!()
    ))
    .bind(id.0)
    .bind(email)
    .bind(name)
    .bind(password_hash)
    .fetch_optional(&mut **tx)
    .await
}

/// Finds the credentials for an e-mail address, if an account has it.
pub async fn credentials(tx: &mut SystemTx, email: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        ", password_hash from users where lower(email) = lower($1) and erased_at is null"
    ))
    .bind(email)
    .fetch_optional(&mut **tx)
    .await
}

/// Reads the person's account.
pub async fn get(tx: &mut UserTx) -> sqlx::Result<Option<User>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from users where id = $1"))
        .bind(user.0)
        .fetch_optional(&mut **tx)
        .await
}

/// Replaces the person's name and preferences, if the stored version is `version`. Returns `None` if it is
/// not.
pub async fn replace(
    tx: &mut UserTx,
    version: Option<i64>,
    name: &str,
    preferences: &Preferences,
) -> sqlx::Result<Option<User>> {
    let user = tx.user();
    sqlx::query_as(concat!(
        "update users set name = $3, preferences = $4, version = version + 1, updated_at = now()
         where id = $1 and version = coalesce($2, version)
         returning ",
        columns!()
    ))
    .bind(user.0)
    .bind(version)
    .bind(name)
    .bind(Json(preferences))
    .fetch_optional(&mut **tx)
    .await
}

/// Reads the hash of a person's password.
pub async fn password_hash(tx: &mut SystemTx, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select password_hash from users where id = $1 and erased_at is null")
        .bind(user.0)
        .fetch_optional(&mut **tx)
        .await
}

/// Replaces a person's password.
pub async fn change_password(tx: &mut SystemTx, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query("update users set password_hash = $2, updated_at = now() where id = $1")
        .bind(user.0)
        .bind(password_hash)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Whether PostgreSQL knows a time zone of this name.
pub async fn is_time_zone(tx: &mut UserTx, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from pg_timezone_names where name = $1)")
        .bind(name)
        .fetch_one(&mut **tx)
        .await
}

/// Lists the people whose old conversations are deleted automatically, with the number of days.
pub async fn who_expire(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep(tx, "keep_days").await
}

/// Lists the people whose old sound is removed automatically, with the number of days.
pub async fn who_expire_audio(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep(tx, "keep_audio_days").await
}

/// Lists the people who have set this preference, with the number of days.
async fn who_keep(tx: &mut SystemTx, choice: &str) -> sqlx::Result<Vec<(UserId, i32)>> {
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "select id, (preferences ->> $1)::int from users where preferences ? $1 and erased_at is null",
    )
    .bind(choice)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|(user, days)| (UserId(user), days)).collect())
}
