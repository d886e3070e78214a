//! People: what proves who they are, and what they have chosen.

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
    /// A person, without anything secret.
    #[derive(Clone, Debug)]
    pub struct User {
        /// Names the person.
        pub id: Uuid,
        /// How they log in; kept as it was typed, unique whatever its case.
        pub email: String,
        /// What they are called.
        pub name: String,
        /// What they have chosen.
        pub preferences: Json<Preferences>,
        /// Counts the changes.
        pub version: i64,
        /// When they registered.
        pub created_at: DateTime<Utc>,
        /// When they last changed something about themselves.
        pub updated_at: DateTime<Utc>,
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

/// What the login of an e-mail address is checked against, if anybody has it.
///
/// # Errors
/// When the database does not answer.
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

/// The person themselves.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx) -> sqlx::Result<Option<User>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from users where id = $1"))
        .bind(user.0)
        .fetch_optional(&mut **tx)
        .await
}

/// Writes down what a person says about themselves, if `version` is the one they read. None when
/// it is not.
///
/// # Errors
/// When the database refuses.
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

/// The hash of a person's password.
///
/// # Errors
/// When the database does not answer.
pub async fn password_hash(tx: &mut SystemTx, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select password_hash from users where id = $1 and erased_at is null")
        .bind(user.0)
        .fetch_optional(&mut **tx)
        .await
}

/// Gives a person a new password.
///
/// # Errors
/// When the database refuses.
pub async fn change_password(tx: &mut SystemTx, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query("update users set password_hash = $2, updated_at = now() where id = $1")
        .bind(user.0)
        .bind(password_hash)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Whether a time zone has this name.
///
/// # Errors
/// When the database does not answer.
pub async fn is_time_zone(tx: &mut UserTx, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from pg_timezone_names where name = $1)")
        .bind(name)
        .fetch_one(&mut **tx)
        .await
}

/// Who lets old conversations go, and after how many days.
///
/// # Errors
/// When the database does not answer.
pub async fn who_expire(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep(tx, "keep_days").await
}

/// Who lets the sound of old recordings go, and after how many days.
///
/// # Errors
/// When the database does not answer.
pub async fn who_expire_audio(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep(tx, "keep_audio_days").await
}

/// Who has chosen a number of days, and which.
async fn who_keep(tx: &mut SystemTx, choice: &str) -> sqlx::Result<Vec<(UserId, i32)>> {
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "select id, (preferences ->> $1)::int from users where preferences ? $1 and erased_at is null",
    )
    .bind(choice)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|(user, days)| (UserId(user), days)).collect())
}
