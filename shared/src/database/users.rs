//! People: their accounts, password hashes and preferences.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{SystemTx, UserTx};
use crate::domain::UserId;
use crate::domain::preferences::Preferences;

/// A statement whose rows are [`User`]s: the text before their columns, the text after them, the parameters.
macro_rules! query_users {
    ($before:literal, $after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            User,
            $before
                + r#" id, email, name, preferences as "preferences: Json<Preferences>", version, created_at,
                     updated_at "#
                + $after,
            $($parameter),+
        )
    };
}

/// Lists the people whose preference `$key` is a number, with that number. The key is part of the statement,
/// so that a cached plan can use the partial index for it.
macro_rules! who_keep {
    ($tx:ident, $key:literal) => {{
        let rows = sqlx::query!(
            r#"select id, (preferences -> '"#
                + $key
                + r#"')::int as "days!" from users
                   where preferences ? '"#
                + $key
                + "' and jsonb_typeof(preferences -> '"
                + $key
                + "') = 'number' and erased_at is null",
        )
        .fetch_all(&mut **$tx)
        .await?;
        Ok(rows.into_iter().map(|row| (UserId(row.id), row.days)).collect())
    }};
}

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

/// The values that a login is checked against.
pub struct Credentials {
    pub user: User,
    /// The hash of the password, as a PHC string.
    pub password_hash: String,
}

/// Creates an account. Returns `None` if the e-mail address is taken.
pub async fn create(
    tx: &mut SystemTx,
    id: UserId,
    email: &str,
    name: &str,
    password_hash: &str,
) -> sqlx::Result<Option<User>> {
    query_users!(
        "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)
         on conflict (lower(email)) do nothing
         returning",
        "",
        id.0,
        email,
        name,
        password_hash,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Finds the credentials for an e-mail address, if an account has it.
pub async fn credentials(tx: &mut SystemTx, email: &str) -> sqlx::Result<Option<Credentials>> {
    let found = sqlx::query!(
        r#"select id, email, name, preferences as "preferences: Json<Preferences>", version, created_at,
                  updated_at, password_hash
           from users where lower(email) = lower($1) and erased_at is null"#,
        email,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|row| Credentials {
        user: User {
            id: row.id,
            email: row.email,
            name: row.name,
            preferences: row.preferences,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        },
        password_hash: row.password_hash,
    }))
}

/// Reads the person's account.
pub async fn get(tx: &mut UserTx) -> sqlx::Result<Option<User>> {
    let user = tx.user();
    query_users!("select", "from users where id = $1", user.0).fetch_optional(&mut **tx).await
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
    query_users!(
        "update users set name = $3, preferences = $4, version = version + 1, updated_at = now()
         where id = $1 and version = coalesce($2, version)
         returning",
        "",
        user.0,
        version,
        name,
        Json(preferences) as _,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Reads the hash of a person's password.
pub async fn password_hash(tx: &mut SystemTx, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select password_hash from users where id = $1 and erased_at is null", user.0)
        .fetch_optional(&mut **tx)
        .await
}

/// Replaces a person's password.
pub async fn change_password(tx: &mut SystemTx, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set password_hash = $2, updated_at = now() where id = $1",
        user.0,
        password_hash,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Whether PostgreSQL knows a time zone of this name.
pub async fn is_time_zone(tx: &mut UserTx, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1) as "exists!""#,
        name,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Lists the people whose old conversations are deleted automatically, with the number of days.
pub async fn who_expire(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep!(tx, "keep_days")
}

/// Lists the people whose old sound is removed automatically, with the number of days.
pub async fn who_expire_audio(tx: &mut SystemTx) -> sqlx::Result<Vec<(UserId, i32)>> {
    who_keep!(tx, "keep_audio_days")
}
