//! The worker's health for operators and their programs: whether it is alive, whether it is ready, and its
//! metrics.

use std::sync::Arc;
use std::time::Duration;

use poem::http::StatusCode;
use poem::listener::TcpListener;
use poem::web::{Data, Json};
use poem::{EndpointExt, Response, Route, Server, get, handler};
use self_shared::health::{self, Check, Effect, Health};
use self_shared::objects::ObjectStore;
use self_shared::telemetry::Metrics;
use self_shared::vectors::Vectors;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::engine::{EngineContext, LaneExecutor};
use crate::jobs::JobContext;

/// The parts of a worker that the health checks examine.
pub struct HealthState {
    /// What the engine works with.
    pub engine: EngineContext,
    /// Holds the recordings.
    pub objects: ObjectStore,
    /// The mirror of the vectors.
    pub vectors: Vectors,
    /// The lanes that this worker serves.
    pub lanes: Vec<LaneExecutor<JobContext>>,
    /// Cancelled once the worker claims no more jobs.
    pub draining: CancellationToken,
    /// The worker's metrics.
    pub metrics: Metrics,
}

/// Serves the health checks until stopped.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(
    state: HealthState,
    host: &str,
    port: u16,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let routes = Route::new()
        .at("/health/live", get(live))
        .at("/health/ready", get(ready))
        .at("/health", get(ready))
        .at("/metrics", get(metrics))
        .data(Arc::new(state));
    Server::new(TcpListener::bind((host.to_owned(), port)))
        .run_with_graceful_shutdown(routes, stop.cancelled_owned(), Some(Duration::from_secs(1)))
        .await
}

/// The process runs. This says nothing about its ability to work.
#[handler]
fn live() -> Json<serde_json::Value> {
    Json(json!({ "alive": true }))
}

#[handler]
async fn ready(Data(state): Data<&Arc<HealthState>>) -> Response {
    let health = state.health().await;
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&health).expect("health is made of strings");
    Response::builder().status(status).content_type("application/json").body(body)
}

#[handler]
fn metrics(Data(state): Data<&Arc<HealthState>>) -> Response {
    Response::builder().content_type("text/plain; version=0.0.4").body(state.metrics.render())
}

impl HealthState {
    async fn health(&self) -> Health {
        let (database, redis, objects, qdrant) = tokio::join!(
            health::postgres(&self.engine.database),
            health::redis(&self.engine.wake_ups),
            health::objects(&self.objects),
            health::qdrant(&self.vectors),
        );
        let mut checks = vec![database, redis, health::nats(&self.engine.bus), objects];
        checks.extend(qdrant);
        checks.push(self.lanes());
        Health::of(checks)
    }

    fn lanes(&self) -> Check {
        if self.draining.is_cancelled() {
            return Check::trouble(
                "lanes",
                Effect::Stopped,
                "this worker is stopping and takes no more jobs",
                "Wait for it to end, or start another one.",
            );
        }
        let deaf: Vec<&str> = self
            .lanes
            .iter()
            .filter(|lane| !lane.listener_health().is_listening())
            .map(|lane| lane.lane().as_str())
            .collect();
        if deaf.is_empty() {
            return Check::fine("lanes");
        }
        Check::trouble(
            "lanes",
            Effect::Slower,
            format!("no wake-ups arrive for {}", deaf.join(", ")),
            "They are listened for again by themselves as soon as Redis is there. Until then jobs start seconds later.",
        )
    }
}
