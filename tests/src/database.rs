//! A separate database for each test.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Transaction};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use uuid::Uuid;

use crate::environment;

/// A PostgreSQL server and its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// The address.
    pub host: String,
    /// The port.
    pub port: String,
    /// The user, who may create databases.
    pub user: String,
    /// The password.
    pub password: String,
    /// The user with which the programs serve.
    pub app_user: String,
    /// The password of that user.
    pub app_password: String,
}

/// A migrated template for the whole run, from which the databases of tests are copied fast.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database, deleted when dropped.
#[derive(Debug)]
pub struct Database {
    server: Postgres,
    name: String,
    pool: PgPool,
    stays: bool,
}

impl Database {
    /// An empty database.
    pub async fn empty(server: &Postgres) -> Self {
        Self::create(server, "template1").await
    }

    /// A database with the product's schema. It is copied from a template if the server is shared by the
    /// run.
    pub async fn migrated(server: &Postgres, shared: bool) -> Self {
        if shared {
            let template = TEMPLATE.get_or_init(async || Self::migrate(server).await.stay()).await;
            Self::create(server, template).await
        } else {
            Self::migrate(server).await
        }
    }

    async fn migrate(server: &Postgres) -> Self {
        let database = Self::empty(server).await;
        let ran = database.command(&environment::program("self-api"), &["migrate", "up"], &[]);
        assert!(ran.status.success(), "self-api migrate up: {}", String::from_utf8_lossy(&ran.stderr));
        database
    }

    /// Keeps the database for the rest of the run, and returns its name.
    fn stay(mut self) -> String {
        self.stays = true;
        self.name.clone()
    }

    async fn create(server: &Postgres, template: &str) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("create database {name} template {template}");
        server.run(&create).await.unwrap();
        Self { pool: pool(server.options(&name)), server: server.clone(), name, stays: false }
    }

    /// The environment variables that point the product to this database.
    #[must_use]
    pub fn variables(&self) -> [(String, String); 7] {
        let Postgres { host, port, user, password, app_user, app_password } = self.server.clone();
        [
            ("HOST", host),
            ("PORT", port),
            ("USER", user),
            ("PASSWORD", password),
            ("APP_USER", app_user),
            ("APP_PASSWORD", app_password),
            ("NAME", self.name.clone()),
        ]
        .map(|(name, value)| (format!("DB_{name}"), value))
    }

    /// Runs a program on this database to its end.
    #[must_use]
    pub fn command(
        &self,
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> std::process::Output {
        Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment::of_the_machine())
            .envs(self.variables())
            .envs(variables.iter().copied())
            .current_dir(environment::run())
            .output()
            .unwrap()
    }

    /// Connections as the owner, who sees every row, so that tests can check the rows.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Connects with the login of the programs, outside their roles.
    pub async fn as_programs(&self) -> PgConnection {
        let Postgres { app_user, app_password, .. } = &self.server;
        let options = self.server.options(&self.name).username(app_user).password(app_password);
        PgConnection::connect_with(&options).await.unwrap()
    }

    /// The value of a query with one row and one column; none if there is no row.
    pub async fn value<T>(&self, query: &str) -> Option<T>
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let row: Option<Option<T>> =
            sqlx::query_scalar(AssertSqlSafe(query)).fetch_optional(&self.pool).await.unwrap();
        row.flatten()
    }

    /// The number of rows; `from` is the query after `select count(*)`.
    pub async fn count(&self, from: &str) -> i64 {
        self.value(&format!("select count(*) {from}")).await.unwrap_or_default()
    }

    /// Blocks all writes to tables until it is released.
    pub async fn hold(&self, tables: &str) -> Hold {
        let mut transaction = self.pool.begin().await.unwrap();
        let lock = format!("lock table {tables} in share mode");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await.unwrap();
        Hold { transaction }
    }

    /// Whether a write to a table is blocked.
    pub async fn somebody_waits_for(&self, table: &str) -> bool {
        self.count(&format!("from pg_locks where relation = '{table}'::regclass and not granted")).await > 0
    }

    /// Runs a statement that changes rows, without the product.
    pub async fn run(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await.unwrap();
    }
}

/// A lock that blocks all writes to some tables.
#[derive(Debug)]
pub struct Hold {
    transaction: Transaction<'static, sqlx::Postgres>,
}

impl Hold {
    /// Releases the lock.
    pub async fn release(self) {
        self.transaction.rollback().await.unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        let drop = format!("drop database if exists {} with (force)", self.name);
        let server = &self.server;
        at_the_end(async move {
            // The server may have been stopped by the test; then its databases are gone.
            let _ = server.run(&drop).await;
        });
    }
}

/// Runs a future to its end, even while the test's own runtime is shutting down.
pub(crate) fn at_the_end(work: impl Future<Output = ()> + Send) {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _ = runtime.block_on(async { timeout(Duration::from_secs(20), work).await });
    };
    std::thread::scope(|scope| scope.spawn(run).join()).unwrap_or_default();
}

impl Postgres {
    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new()
            .host(&self.host)
            .port(self.port.parse().unwrap())
            .username(&self.user)
            .password(&self.password)
            .database(database)
    }

    async fn run(&self, statement: &str) -> sqlx::Result<()> {
        let mut connection = PgConnection::connect_with(&self.options("postgres")).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    }
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(4).connect_lazy_with(options)
}
