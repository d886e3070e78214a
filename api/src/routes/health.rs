use poem::web::Data;
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use self_shared::health::{self, Check, Effect, Health};

use super::Tag;
use crate::app::App;

pub(crate) struct HealthRoutes;

/// The state of the server or of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[oai(rename = "HealthState", rename_all = "snake_case")]
enum State {
    /// It works.
    Ok,
    /// Something does not work, but accepted data is safe.
    Degraded,
    /// Requests fail.
    Down,
}

/// The health of the server.
#[derive(Object)]
#[oai(rename = "Health", example)]
struct HealthView {
    /// The worst state of the parts that matter.
    state: State,
    /// The version of the server.
    version: String,
    /// The parts on which the server depends.
    parts: Vec<PartView>,
}

/// The health of one part.
#[derive(Debug, PartialEq, Object)]
#[oai(rename = "HealthPart", skip_serializing_if_is_none)]
struct PartView {
    /// `postgres`, `objects`, `redis`, `nats`, or, if this server uses it, `qdrant`.
    name: String,
    /// The state of the part.
    state: State,
    /// The fault, or what could be better. Absent if there is nothing to say.
    reason: Option<String>,
    /// What an operator does about it. Absent if there is nothing to do.
    remedy: Option<String>,
}

#[derive(ApiResponse)]
enum Readiness {
    /// The server answers requests, some perhaps more slowly than usual.
    #[oai(status = 200)]
    Ready(Json<HealthView>),
    /// Requests would fail. Send them to another server, and follow the `remedy` of each faulty part.
    #[oai(status = 503)]
    NotReady(Json<HealthView>),
}

#[OpenApi(tag = "Tag::Operations")]
impl HealthRoutes {
    /// Get the health
    ///
    /// The same as `/health/ready`.
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn health(&self, app: Data<&App>) -> Readiness {
        ready(&app).await
    }

    /// Is the process alive?
    ///
    /// Does not check the parts on which the server depends: a restart of the server would not repair
    /// them.
    #[oai(path = "/health/live", method = "get", operation_id = "get_liveness")]
    async fn live(&self) -> PlainText<&'static str> {
        PlainText("alive\n")
    }

    /// Can requests be answered?
    ///
    /// Lists each part on which the server depends, with its fault and the remedy.
    #[oai(path = "/health/ready", method = "get", operation_id = "get_readiness")]
    async fn ready(&self, app: Data<&App>) -> Readiness {
        ready(&app).await
    }

    /// Metrics
    ///
    /// In the text format of Prometheus.
    #[oai(path = "/metrics", method = "get", operation_id = "get_metrics")]
    async fn metrics(&self, app: Data<&App>) -> PlainText<String> {
        PlainText(app.metrics.render())
    }
}

async fn ready(app: &App) -> Readiness {
    let (postgres, objects, redis, qdrant) = tokio::join!(
        health::postgres(&app.database),
        health::objects(&app.objects),
        health::redis(&app.wake_ups),
        health::qdrant(&app.vectors),
    );
    let mut checks = vec![postgres, objects, redis, health::nats(&app.bus)];
    checks.extend(qdrant);
    let health = Health::of(checks);
    let ready = health.ready;
    let parts: Vec<_> = health.checks.into_iter().map(PartView::from).collect();
    let view = HealthView {
        state: parts.iter().map(|part| part.state).max().unwrap_or(State::Ok),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parts,
    };
    if ready { Readiness::Ready(Json(view)) } else { Readiness::NotReady(Json(view)) }
}

impl From<Check> for PartView {
    fn from(check: Check) -> Self {
        let state = match check.effect {
            Effect::Fine => State::Ok,
            Effect::Slower => State::Degraded,
            Effect::Stopped => State::Down,
        };
        Self { name: check.name.to_owned(), state, reason: check.reason, remedy: check.remedy }
    }
}

impl Example for HealthView {
    fn example() -> Self {
        let part = |name: &str, state, reason: Option<&str>, remedy: Option<&str>| PartView {
            name: name.to_owned(),
            state,
            reason: reason.map(str::to_owned),
            remedy: remedy.map(str::to_owned),
        };
        let (reason, remedy) = ("it does not answer", "start it: jobs begin a few seconds later until then");
        Self {
            state: State::Degraded,
            version: "0.1.0".to_owned(),
            parts: vec![
                part("postgres", State::Ok, None, None),
                part("redis", State::Degraded, Some(reason), Some(remedy)),
            ],
        }
    }
}
