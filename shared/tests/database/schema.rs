//! A migrated database for one test.

use self_shared::config::{DatabaseConfig, Login};
use self_shared::database::{Database, SystemTx, migrate, owner};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// A database with the schema of the product.
pub(crate) struct Schema {
    config: DatabaseConfig,
    server: PgPool,
}

impl Schema {
    pub(crate) async fn new() -> Self {
        let given = |name: &str| {
            let name = format!("SELF_TEST_DB_{name}");
            std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run `make test`"))
        };
        let mut config = DatabaseConfig {
            host: given("HOST"),
            port: given("PORT").parse().unwrap(),
            owner: Login { user: given("USER"), password: given("PASSWORD").into() },
            app: None,
            name: "postgres".to_owned(),
            // A fault of one transaction is seen by the next one.
            max_connections: 1,
        };
        let server = owner(&config);
        config.name = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("create database {}", config.name);
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&server).await.unwrap();
        migrate::up(&owner(&config)).await.unwrap();
        Self { config, server }
    }

    /// A pool with one connection.
    pub(crate) fn connect(&self) -> Database {
        Database::new(&self.config)
    }

    pub(crate) async fn remove(self) {
        let drop = format!("drop database {} with (force)", self.config.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&self.server).await.unwrap();
    }
}

/// The person whose rows the transaction sees; empty for none.
pub(crate) async fn person(tx: &mut SystemTx) -> String {
    let asked = sqlx::query_scalar("select coalesce(current_setting('self.user_id', true), '')");
    asked.fetch_one(&mut **tx).await.unwrap()
}
