//! PostgreSQL: the only thing that remembers.
//!
//! Every statement runs in a transaction that is somebody's. [`Database::as_user`] sees one
//! person's rows and nothing else; [`Database::as_system`] sees the rows that run the place, and
//! nothing that people recorded. Row-level security holds both to it, whatever a query says (see
//! `migrations/0001_roles.up.sql`).

pub mod audio;
pub mod conversations;
pub mod embeddings;
pub mod entities;
pub mod erasures;
pub mod events;
pub mod expired;
pub mod exports;
pub mod files;
pub mod graph;
pub mod idempotency;
pub mod insights;
pub mod jobs;
pub mod lanes;
pub mod migrate;
pub mod mirror;
pub mod models;
mod outbox;
mod row;
mod said;
pub mod search;
pub mod segments;
pub mod sessions;
pub mod transcriptions;
pub mod users;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::Notify;

use self::outbox::AfterCommit;
pub use self::outbox::{Outbox, Tx};
pub use self::row::EnumColumn;
pub(crate) use self::row::row;
use crate::config::DatabaseConfig;
use crate::domain::UserId;
use crate::events::Registered;
use crate::redis::wake_ups::WakeUps;

/// How long a transaction may wait for its own process: none does anything in between that takes
/// longer.
const LONGEST_IDLE: &str = "10s";

/// Connections to PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    after_commit: AfterCommit,
}

/// A transaction that sees exactly one person's rows. Rolls back unless committed.
#[derive(Debug)]
pub struct UserTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
    outbox: Outbox,
    after_commit: AfterCommit,
}

/// A transaction that sees the rows which run the place, of everybody. Rolls back unless committed.
#[derive(Debug)]
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
    outbox: Outbox,
    after_commit: AfterCommit,
}

impl Database {
    /// Prepares a pool. Connects when first used, so a database that is still starting, or gone for
    /// a while, is waited for by those who need it and by nobody else.
    #[must_use]
    pub fn new(config: &DatabaseConfig) -> Self {
        let options = PgConnectOptions::new()
            .host(&config.host)
            .port(config.port)
            .username(&config.user)
            .password(config.password.expose())
            .database(&config.name)
            .application_name(env!("CARGO_PKG_NAME"))
            // A process that freezes in the middle of a transaction holds its locks no longer.
            .options([("idle_in_transaction_session_timeout", LONGEST_IDLE)]);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options);
        Self { pool, after_commit: AfterCommit::default() }
    }

    /// The same, and every commit sends wake-ups for the jobs that it lets start.
    #[must_use]
    pub fn with_wake_ups(mut self, wake_ups: WakeUps) -> Self {
        self.after_commit.wake_ups = Some(wake_ups);
        self
    }

    /// Notified after every commit of events.
    pub(crate) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.after_commit.news)
    }

    /// Begins a transaction on one person's rows.
    ///
    /// # Errors
    /// When no connection can be had in time.
    pub async fn as_user(&self, user: UserId) -> sqlx::Result<UserTx> {
        // One round trip. A UUID prints as hexadecimal digits and dashes only.
        let begin =
            format!("begin; set local role self_user; select set_config('self.user_id', '{user}', true)");
        let tx = self.pool.begin_with(AssertSqlSafe(begin)).await?;
        Ok(UserTx { tx, user, outbox: Outbox::default(), after_commit: self.after_commit.clone() })
    }

    /// Begins a transaction on the rows that run the place.
    ///
    /// # Errors
    /// When no connection can be had in time.
    pub async fn as_system(&self) -> sqlx::Result<SystemTx> {
        let tx = self.pool.begin_with("begin; set local role self_system").await?;
        Ok(SystemTx { tx, outbox: Outbox::default(), after_commit: self.after_commit.clone() })
    }

    /// Whether the database answers and is migrated.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> sqlx::Result<()> {
        let mut tx = self.as_system().await?;
        sqlx::query("select from jobs limit 1").fetch_optional(&mut *tx).await.map(|_| ())
    }

    /// The pool, as the user that owns the database: for migrations and for tests.
    #[must_use]
    pub fn owner(&self) -> &PgPool {
        &self.pool
    }
}

impl UserTx {
    /// Whose rows these are.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Tells the person's apps, when this is committed.
    pub fn tell<E: Registered>(&mut self, event: &E) {
        self.outbox.tell(self.user, event);
    }
}

macro_rules! is_a_transaction {
    ($tx:ty) => {
        impl $tx {
            /// Makes what was done visible and lasting, with the events of its outbox. Then wakes the
            /// relay and sends wake-ups for the jobs that can start, which takes a moment where Redis is away.
            ///
            /// # Errors
            /// When the commit fails; nothing was done then, and nothing is told.
            pub async fn commit(mut self) -> sqlx::Result<()> {
                self.outbox.write(&mut self.tx).await?;
                self.tx.commit().await?;
                self.after_commit.tell(self.outbox).await;
                Ok(())
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
