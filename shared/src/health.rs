//! The checks of `/health` in both programs: what is wrong, and what to do about it.

use serde::Serialize;

use crate::bus::Bus;
use crate::database::Database;
use crate::objects::ObjectStore;
use crate::redis::wake_ups::WakeUps;
use crate::vectors::Vectors;

/// The effect of a fault on the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing is wrong.
    Fine,
    /// Everything works, some of it with a delay.
    Slower,
    /// Requests are refused, or jobs wait.
    Stopped,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The part that was checked.
    pub name: &'static str,
    /// The effect on the system.
    pub effect: Effect,
    /// What is wrong, or could be better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What an operator does about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The results of all checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether the program can work at all.
    pub ready: bool,
    pub checks: Vec<Check>,
}

impl Check {
    /// A check that found nothing wrong.
    #[must_use]
    pub fn fine(name: &'static str) -> Self {
        Self { name, effect: Effect::Fine, reason: None, remedy: None }
    }

    /// A check that found nothing wrong, with advice.
    pub fn advice(name: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::trouble(name, Effect::Fine, reason, remedy)
    }

    /// A check that found a fault.
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
    /// Summarizes several checks.
    #[must_use]
    pub fn of(checks: Vec<Check>) -> Self {
        Self { ready: checks.iter().all(|check| check.effect != Effect::Stopped), checks }
    }
}

/// Checks that PostgreSQL answers and is migrated. Anybody may request the result, so error messages of
/// PostgreSQL with names of users and addresses go to the log only.
pub async fn postgres(database: &Database) -> Check {
    let (reason, remedy) = match database.probe().await {
        Ok(false) => return Check::fine("postgres"),
        Ok(true) => {
            return Check::advice(
                "postgres",
                "the programs log in as the owner of the tables",
                "Set DB_APP_USER and DB_APP_PASSWORD, and run `self-api migrate up`, which creates this login. Leave \
                 it as it is where the server allows no second login.",
            );
        }
        Err(sqlx::Error::Database(error)) => match error.code().as_deref() {
            // A table, role or function is missing.
            Some("42P01" | "22023" | "42704" | "42883") => {
                ("the database is not migrated", "Run `self-api migrate up`.")
            }
            Some("28P01" | "28000") => (
                "the database does not accept the login",
                "See that DB_APP_USER and DB_APP_PASSWORD are right (or DB_USER and DB_PASSWORD, where only they are \
                 set), and run `self-api migrate up`.",
            ),
            Some("42501") => {
                ("the login may not take the roles of the programs", "Run `self-api migrate up`.")
            }
            Some("3D000") => ("the database does not exist", "Create it, or see that DB_NAME is right."),
            _ => ("the database answers with an error", "Look into the log of PostgreSQL."),
        },
        Err(_) => (
            "the database does not answer",
            "Start PostgreSQL, and see that DB_HOST and DB_PORT point to it. What waits goes on by itself then.",
        ),
    };
    Check::trouble("postgres", Effect::Stopped, reason, remedy)
}

/// Checks that Redis answers.
pub async fn redis(wake_ups: &WakeUps) -> Check {
    match wake_ups.probe().await {
        Ok(()) => Check::fine("redis"),
        Err(_) => Check::trouble(
            "redis",
            Effect::Slower,
            "Redis does not answer",
            "Start Redis, and see that REDIS_URL points to it. Until then jobs start seconds later.",
        ),
    }
}

/// Checks that NATS is connected.
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

/// Checks that objects can be stored and read.
pub async fn objects(objects: &ObjectStore) -> Check {
    match objects.probe().await {
        Ok(()) => Check::fine("objects"),
        Err(outage) => Check::trouble("objects", Effect::Stopped, outage.reason.clone(), outage.remedy),
    }
}

/// Checks that Qdrant answers; `None` if it is not used.
pub async fn qdrant(vectors: &Vectors) -> Option<Check> {
    Some(match vectors.probe().await? {
        Ok(()) => Check::fine("qdrant"),
        Err(_) => Check::trouble(
            "qdrant",
            Effect::Slower,
            "Qdrant does not answer as it should",
            "Start Qdrant, and see that QDRANT_URL and QDRANT_API_KEY are right. Until then PostgreSQL compares \
             vectors, which takes longer in large memories, and erasures are not completed.",
        ),
    })
}
