//! A database of a test's own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Transaction};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use uuid::Uuid;

use crate::environment;

/// A server of PostgreSQL and how to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// The address.
    pub host: String,
    /// The port.
    pub port: String,
    /// May create databases.
    pub user: String,
    /// The password.
    pub password: String,
}

/// A migrated copy per run, from which each test's database is made in a moment.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database, gone when dropped.
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

    /// A database with the product's schema. Servers of the run have a template for it.
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

    /// Leaves it behind for the rest of the run; answers its name.
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

    /// The variables by which the product finds it.
    #[must_use]
    pub fn variables(&self) -> [(String, String); 5] {
        let Postgres { host, port, user, password } = self.server.clone();
        [("HOST", host), ("PORT", port), ("USER", user), ("PASSWORD", password), ("NAME", self.name.clone())]
            .map(|(name, value)| (format!("DB_{name}"), value))
    }

    /// Runs a program over this database to its end.
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

    /// Connections as the owner, who sees every row: for looking behind the product's back.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// One value of one row, or none.
    pub async fn value<T>(&self, query: &str) -> Option<T>
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let row: Option<Option<T>> =
            sqlx::query_scalar(AssertSqlSafe(query)).fetch_optional(&self.pool).await.unwrap();
        row.flatten()
    }

    /// How many rows a query gives, written as what follows `select count(*)`.
    pub async fn count(&self, from: &str) -> i64 {
        self.value(&format!("select count(*) {from}")).await.unwrap_or_default()
    }

    /// Keeps everybody from writing into tables until it is released.
    pub async fn hold(&self, tables: &str) -> Hold {
        let mut transaction = self.pool.begin().await.unwrap();
        let lock = format!("lock table {tables} in share mode");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await.unwrap();
        Hold { transaction }
    }

    /// Whether somebody is kept from writing into a table.
    pub async fn somebody_waits_for(&self, table: &str) -> bool {
        self.count(&format!("from pg_locks where relation = '{table}'::regclass and not granted")).await > 0
    }

    /// Changes something behind the product's back.
    pub async fn run(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await.unwrap();
    }
}

/// Tables that nobody can write into.
#[derive(Debug)]
pub struct Hold {
    transaction: Transaction<'static, sqlx::Postgres>,
}

impl Hold {
    /// Lets everybody go on.
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
            // A server that a test has stopped takes its databases with it.
            let _ = server.run(&drop).await;
        });
    }
}

/// Runs something to its end while a test's own runtime may be on its way out.
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
