//! Applies and reverts the migrations of the schema. They are compiled into the program.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{PgPool, SqlSafeStr};

/// Lists the migrations by their file names.
macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        [$(
            ($name, MigrationType::ReversibleUp, include_str!(concat!("../../../migrations/", $name, ".up.sql"))),
            ($name, MigrationType::ReversibleDown, include_str!(concat!("../../../migrations/", $name, ".down.sql"))),
        )+]
    };
}

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files = migrations![
        "0001_roles",
        "0002_users",
        "0003_conversations",
        "0004_jobs",
        "0005_events",
        "0006_meaning",
        "0007_files",
        "0008_insights",
        "0009_upkeep",
        "0010_conversation_edits",
        "0012_person",
        "0013_search",
        "0014_decisions",
        "0015_file_history",
        "0018_exports",
        "0019_search_files",
        "0022_decision_ids",
        "0023_vector_mirror",
        "0024_resolved_dates",
        "0025_insights",
        "0026_trust",
        "0027_models",
        "0028_current_transcriptions",
        "0029_terms",
        "0030_app_login",
        "0031_job_faults",
    ];
    let migration = |(name, kind, sql): (&'static str, MigrationType, &'static str)| {
        let (version, description) = name.split_once('_').expect("a file is named after number and subject");
        let version = version.parse().expect("a number comes first");
        Migration::new(version, description.replace('_', " ").into(), kind, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.into_iter().map(migration).collect())
});

/// A migration, and whether this database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    pub version: i64,
    /// What it changes.
    pub description: String,
    pub applied: bool,
}

/// Applies all missing migrations. Several programs may call this at once.
///
/// # Errors
/// If a migration fails (its changes are then rolled back), or if a migration was edited after it was
/// applied.
pub async fn up(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await
}

/// Reverts the newest `steps` migrations.
///
/// # Errors
/// If one of them fails; its changes are then rolled back.
pub async fn down(pool: &PgPool, steps: usize) -> Result<(), MigrateError> {
    let applied = applied(pool).await?;
    let target = applied.iter().rev().nth(steps).copied().unwrap_or(0);
    MIGRATIONS.undo(pool, target).await
}

/// Reverts all migrations, and so deletes all data.
pub async fn drop(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.undo(pool, 0).await?;
    // The table is sqlx's own and not in the schema, so the compiler cannot check its statements.
    sqlx::query("drop table if exists _sqlx_migrations").execute(pool).await?;
    Ok(())
}

/// Lists all migrations, oldest first.
pub async fn status(pool: &PgPool) -> Result<Vec<MigrationStatus>, MigrateError> {
    let applied = applied(pool).await?;
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| migration.migration_type.is_up_migration())
        .map(|migration| MigrationStatus {
            version: migration.version,
            description: migration.description.to_string(),
            applied: applied.contains(&migration.version),
        })
        .collect())
}

async fn applied(pool: &PgPool) -> sqlx::Result<BTreeSet<i64>> {
    let known = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "known!""#)
        .fetch_one(pool)
        .await?;
    if !known {
        return Ok(BTreeSet::new());
    }
    // Not checked by the compiler: the table is sqlx's own and not in the schema.
    let versions: Vec<i64> =
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(pool).await?;
    Ok(versions.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_compiled_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(MIGRATIONS.iter().count(), files);
    }
}
