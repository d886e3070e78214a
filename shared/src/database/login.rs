//! The login with which the programs serve. It owns nothing: all it can do is take one of the two roles of
//! `migrations/0001_roles.up.sql`, in each transaction.

use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::options;
use crate::config::{DatabaseConfig, Login};

/// How often the login is tried again, when other databases of the same server create it at the same time.
const TRIES: usize = 5;

/// Why the login cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error(
        "DB_USER may not create logins here. Create `{0}` yourself: a login that owns nothing, a member of \
         self_user and self_system. Or leave DB_APP_USER out: the programs then log in as DB_USER"
    )]
    NotAllowed(String),
    #[error("`{0}` may create roles or databases. DB_APP_USER names another login, which owns nothing")]
    Privileged(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Creates the login that the programs use, if it is missing, and gives it the configured password. Does
/// nothing if no login is configured.
///
/// Logins belong to the server, not to a database, and several databases may share this one.
pub async fn create(owner: &PgPool, config: &DatabaseConfig) -> Result<(), LoginError> {
    let Some(login) = &config.app else { return Ok(()) };
    for tried in 1.. {
        if is_usable(config, login).await {
            break;
        }
        if is_privileged(owner, login).await? {
            return Err(LoginError::Privileged(login.user.clone()));
        }
        match grant(owner, login).await {
            Ok(()) => {}
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
                return Err(LoginError::NotAllowed(login.user.clone()));
            }
            Err(sqlx::Error::Database(_)) if tried < TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether the programs can log in, and take both roles.
async fn is_usable(config: &DatabaseConfig, login: &Login) -> bool {
    let Ok(mut connection) = PgConnection::connect_with(&options(config, login)).await else { return false };
    let usable = sqlx::raw_sql("begin; set local role self_user; set local role self_system; rollback")
        .execute(&mut connection)
        .await
        .is_ok();
    let _ = connection.close().await;
    usable
}

/// Whether there is such a login with rights of its own. Its password is not changed.
async fn is_privileged(owner: &PgPool, login: &Login) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_roles where rolname = $1::text
               and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)) as "exists!""#,
        login.user,
    )
    .fetch_one(owner)
    .await
}

/// Each statement on its own, so that one that another database has executed already stops no other one.
async fn grant(owner: &PgPool, login: &Login) -> sqlx::Result<()> {
    let statements = sqlx::query_scalar!(
        r#"select format(statement, $1::text, $2::text) as "statement!" from (values
               (1, case when exists (select from pg_roles where rolname = $1)
                   then 'alter role %1$I login password %2$L'
                   else 'create role %1$I login noinherit password %2$L' end),
               (2, 'grant self_user, self_system to %1$I'),
               (3, 'grant connect on database ' || quote_ident(current_database()) || ' to %1$I')
           ) as needed (place, statement) order by place"#,
        login.user,
        login.password.expose_secret(),
    )
    .fetch_all(owner)
    .await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(owner).await?;
    }
    Ok(())
}
