//! All access to PostgreSQL, which is the only server that holds facts.
//!
//! Every transaction belongs to one person or to the system. [`Database::as_user`] sees the rows of one
//! person only. [`Database::as_system`] sees the rows that the system needs to run, and no recorded content
//! of people. Row-level security enforces both, whatever a query says (see `migrations/0001_roles.up.sql`).

pub mod audio;
pub mod conversations;
pub mod embeddings;
pub mod entities;
mod enum_column;
pub mod erasures;
pub mod events;
pub mod exports;
pub mod files;
pub mod graph;
pub mod idempotency;
pub mod insights;
pub mod jobs;
pub mod lanes;
pub mod login;
pub mod migrate;
pub mod mirror;
pub mod models;
mod outbox;
pub mod retention;
pub mod search;
mod segment_words;
pub mod segments;
pub mod sessions;
pub mod transcriptions;
pub mod users;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, SqlSafeStr, Transaction};
use tokio::sync::Notify;
use tracing::Instrument as _;

pub use self::enum_column::EnumColumn;
use self::outbox::AfterCommit;
pub use self::outbox::{Outbox, Tx};
use crate::config::{DatabaseConfig, Login};
use crate::domain::UserId;
use crate::events::Registered;
use crate::redis::wake_ups::WakeUps;

/// How long PostgreSQL keeps a transaction open in which the process does nothing. No code path needs that
/// long between two statements.
const LONGEST_IDLE: &str = "10s";

/// Connections to PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    after_commit: AfterCommit,
}

/// A transaction that sees the rows of exactly one person. Rolls back unless committed.
#[derive(Debug)]
pub struct UserTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
    outbox: Outbox,
    after_commit: AfterCommit,
}

/// A transaction that sees the rows which the system needs to run, of all people. Rolls back unless
/// committed.
#[derive(Debug)]
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
    outbox: Outbox,
    after_commit: AfterCommit,
}

impl Database {
    /// Prepares a pool. It connects at the first use, so a program can start while the database is away.
    #[must_use]
    pub fn new(config: &DatabaseConfig) -> Self {
        let login = config.app.as_ref().unwrap_or(&config.owner);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options(config, login));
        Self { pool, after_commit: AfterCommit::default() }
    }

    /// Makes every commit send wake-ups for the jobs that it makes ready.
    #[must_use]
    pub fn with_wake_ups(mut self, wake_ups: WakeUps) -> Self {
        self.after_commit.wake_ups = Some(wake_ups);
        self
    }

    /// The signal that is given after every commit of events.
    pub(crate) fn relay_wake(&self) -> Arc<Notify> {
        Arc::clone(&self.after_commit.relay_wake)
    }

    /// Begins a transaction on one person's rows.
    pub async fn as_user(&self, user: UserId) -> sqlx::Result<UserTx> {
        // All three statements in one round trip. A UUID prints as hexadecimal digits and dashes only.
        let begin =
            format!("begin; set local role self_user; select set_config('self.user_id', '{user}', true)");
        let tx = self.begin(AssertSqlSafe(begin)).await?;
        Ok(UserTx { tx, user, outbox: Outbox::default(), after_commit: self.after_commit.clone() })
    }

    /// Begins a transaction of the system.
    pub async fn as_system(&self) -> sqlx::Result<SystemTx> {
        let tx = self.begin("begin; set local role self_system").await?;
        Ok(SystemTx { tx, outbox: Outbox::default(), after_commit: self.after_commit.clone() })
    }

    /// A request may be dropped at any moment. If that is between the statement and its answer, sqlx gives the
    /// connection back with an open transaction, whose person the next request would have for a moment.
    async fn begin(&self, statement: impl SqlSafeStr) -> sqlx::Result<Transaction<'static, Postgres>> {
        let (connection, statement) = (self.pool.acquire().await?, statement.into_sql_str());
        uninterrupted(Transaction::begin(connection, Some(statement))).await
    }

    /// Checks that the database answers and is migrated. Returns whether the programs are logged in as the
    /// owner of the tables, so that only their own care keeps them within the two roles.
    pub async fn probe(&self) -> sqlx::Result<bool> {
        let mut tx = self.as_system().await?;
        sqlx::query_scalar!(
            r#"select pg_has_role(session_user, relowner, 'member') as "is_owner!"
               from pg_class where oid = 'jobs'::regclass"#
        )
        .fetch_one(&mut *tx)
        .await
    }
}

/// Connections of the user that owns the schema, for migrations. They are opened at the first use.
#[must_use]
pub fn owner(config: &DatabaseConfig) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options(config, &config.owner))
}

/// Runs some work to its end, also if the caller is dropped meanwhile.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(_) => Err(sqlx::Error::PoolClosed),
        },
    }
}

fn options(config: &DatabaseConfig, login: &Login) -> PgConnectOptions {
    PgConnectOptions::new()
        .host(&config.host)
        .port(config.port)
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(&config.name)
        .application_name(env!("CARGO_PKG_NAME"))
        // Releases the locks of a process that freezes in the middle of a transaction.
        .options([("idle_in_transaction_session_timeout", LONGEST_IDLE)])
}

impl UserTx {
    /// The person whose rows the transaction sees.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Adds an event for the person's apps. It is sent after the commit.
    pub fn emit<E: Registered>(&mut self, event: &E) {
        self.outbox.emit(self.user, event);
    }
}

macro_rules! is_a_transaction {
    ($tx:ty) => {
        impl $tx {
            /// Commits the changes, with the events of the outbox. Then wakes the relay and sends wake-ups
            /// for the jobs that can start; that takes a moment while Redis is away. All of it is done, also
            /// if the request is dropped meanwhile.
            ///
            /// # Errors
            /// If the commit fails: nothing was changed then, and no event is sent.
            pub async fn commit(mut self) -> sqlx::Result<()> {
                uninterrupted(async move {
                    self.outbox.write(&mut self.tx).await?;
                    self.tx.commit().await?;
                    self.after_commit.run(self.outbox).await;
                    Ok(())
                })
                .await
            }
        }

        impl Tx for $tx {
            fn outbox(&mut self) -> &mut Outbox {
                &mut self.outbox
            }
        }

        impl Deref for $tx {
            type Target = PgConnection;

            fn deref(&self) -> &PgConnection {
                &self.tx
            }
        }

        impl DerefMut for $tx {
            fn deref_mut(&mut self) -> &mut PgConnection {
                &mut self.tx
            }
        }
    };
}
is_a_transaction!(UserTx);
is_a_transaction!(SystemTx);
