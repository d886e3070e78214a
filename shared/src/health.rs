//! What is wrong, and what to do about it: for `/health` of both programs.

use serde::Serialize;

use crate::bus::Bus;
use crate::database::Database;
use crate::objects::ObjectStore;
use crate::rings::Rings;

/// How badly something is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing is wrong.
    Fine,
    /// Everything works, some of it later.
    Slower,
    /// Requests or jobs are refused or wait.
    Stopped,
}

/// What one part of the place says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The part.
    pub name: &'static str,
    /// What its state does to the whole.
    pub effect: Effect,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What an operator does about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What all parts say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether work is done at all.
    pub ready: bool,
    /// Each part.
    pub checks: Vec<Check>,
}

impl Check {
    /// Nothing is wrong.
    #[must_use]
    pub fn fine(name: &'static str) -> Self {
        Self { name, effect: Effect::Fine, reason: None, remedy: None }
    }

    /// Something is wrong.
    pub fn trouble(
        name: &'static str,
        effect: Effect,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { name, effect, reason: Some(reason.into()), remedy: Some(remedy.into()) }
    }
}

impl Health {
    /// Of several parts.
    #[must_use]
    pub fn of(checks: Vec<Check>) -> Self {
        Self { ready: checks.iter().all(|check| check.effect != Effect::Stopped), checks }
    }
}

/// Whether Postgres answers and is migrated.
pub async fn postgres(database: &Database) -> Check {
    match database.probe().await {
        Ok(()) => Check::fine("postgres"),
        Err(sqlx::Error::Database(error)) => Check::trouble(
            "postgres",
            Effect::Stopped,
            error.message(),
            "Migrate the database with `self-api migrate up`, and see that DB_USER and DB_PASSWORD are right.",
        ),
        Err(error) => Check::trouble(
            "postgres",
            Effect::Stopped,
            error.to_string(),
            "Start PostgreSQL, and see that DB_HOST and DB_PORT point to it.",
        ),
    }
}

/// Whether Redis answers.
pub async fn redis(rings: &Rings) -> Check {
    match rings.probe().await {
        Ok(()) => Check::fine("redis"),
        Err(error) => Check::trouble(
            "redis",
            Effect::Slower,
            error.to_string(),
            "Start Redis, and see that REDIS_URL points to it. Until then jobs start seconds later.",
        ),
    }
}

/// Whether NATS is there.
#[must_use]
pub fn nats(bus: &Bus) -> Check {
    if bus.is_connected() {
        return Check::fine("nats");
    }
    Check::trouble(
        "nats",
        Effect::Slower,
        "not connected",
        "Start NATS, and see that NATS_URL points to it. Until then news arrive late and search by meaning is refused.",
    )
}

/// Whether objects can be stored and read.
pub async fn objects(objects: &ObjectStore) -> Check {
    match objects.probe().await {
        Ok(()) => Check::fine("objects"),
        Err(outage) => Check::trouble("objects", Effect::Stopped, outage.reason.clone(), outage.remedy),
    }
}
