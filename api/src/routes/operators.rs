use poem::Request;
use poem::web::Data;
use poem_openapi::auth::Bearer;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi, SecurityScheme};
use secrecy::ExposeSecret as _;
use self_shared::database::lanes::{self, LaneState};
use self_shared::domain::job::Lane;
use sha2::{Digest, Sha256};

use super::Tag;
use crate::app::App;
use crate::input::Input;
use crate::problem::{Code, Failing, Problem, declare};
use crate::wire_enums::Wire;

pub(crate) struct OperatorRoutes;

/// The token of the operators of this server: `Authorization: Bearer <OPERATOR_TOKEN>`.
#[derive(SecurityScheme)]
#[oai(rename = "operator_token", ty = "bearer", checker = "authenticate")]
struct Operator(());

async fn authenticate(request: &Request, bearer: Bearer) -> poem::Result<()> {
    let app =
        request.data::<App>().ok_or_else(|| Problem::internal(anyhow::anyhow!("no app in the request")))?;
    let Some(token) = &app.config.operator_token else {
        let detail = "operators have no access here: start the server with OPERATOR_TOKEN to change that";
        return Err(Problem::new(Code::Forbidden, detail).into());
    };
    // Hashes have equal length and are unpredictable, so the time of the comparison reveals nothing of the
    // token.
    if Sha256::digest(&bearer.token) == Sha256::digest(token.expose_secret()) {
        Ok(())
    } else {
        Err(Problem::new(Code::Unauthenticated, "this is not the operators' token").invalid_token().into())
    }
}

/// The settings of a lane.
#[derive(Object)]
#[oai(example)]
struct LaneSettings {
    /// Whether the lane is paused. No job starts in a paused lane; running jobs continue.
    #[oai(default)]
    paused: bool,
    /// The number of jobs that each worker may run at once. When absent, the number that the worker was
    /// started with.
    #[oai(validator(minimum(value = "0"), maximum(value = "1024")))]
    concurrency: Option<i32>,
}

/// A lane: its settings and the number of its jobs.
#[derive(Object)]
#[oai(rename = "LaneState", skip_serializing_if_is_none, example)]
struct LaneView {
    /// The name of the lane.
    lane: Wire<Lane>,
    /// Whether the lane is paused: no job starts in it.
    paused: bool,
    /// The number of jobs that each worker may run at once. Absent if it is the number that the worker
    /// was started with.
    concurrency: Option<i32>,
    /// The number of queued jobs.
    queued: i64,
    /// The number of running jobs.
    running: i64,
}

declare! {
    Operate: Forbidden, NotFound;
}

#[OpenApi(prefix_path = "/api/v1/operators", tag = "Tag::Operations")]
impl OperatorRoutes {
    /// Get a lane
    #[oai(path = "/lanes/:lane", method = "get", operation_id = "get_lane")]
    async fn get(
        &self,
        _operator: Operator,
        app: Data<&App>,
        /// The name of the lane.
        lane: Path<Wire<Lane>>,
    ) -> Result<Json<LaneView>, Failing<Operate>> {
        let mut tx = app.database.as_system().await?;
        let state = lanes::get(&mut tx, lane.0.0).await?;
        Ok(Json(LaneView::new(lane.0, state)))
    }

    /// Change a lane
    ///
    /// Pauses the lane, or changes how many jobs each worker may run at once. Workers apply the change
    /// within seconds, without a restart.
    #[oai(path = "/lanes/:lane", method = "put", operation_id = "put_lane")]
    async fn put(
        &self,
        _operator: Operator,
        app: Data<&App>,
        /// The name of the lane.
        lane: Path<Wire<Lane>>,
        body: Input<LaneSettings>,
    ) -> Result<Json<LaneView>, Failing<Operate>> {
        let LaneSettings { paused, concurrency } = body.0;
        let mut tx = app.database.as_system().await?;
        lanes::set(&mut tx, lane.0.0, paused, concurrency).await?;
        let state = lanes::get(&mut tx, lane.0.0).await?;
        tx.commit().await?;
        Ok(Json(LaneView::new(lane.0, state)))
    }
}

impl LaneView {
    fn new(lane: Wire<Lane>, state: LaneState) -> Self {
        let LaneState { paused, concurrency, queued, running } = state;
        Self { lane, paused, concurrency, queued, running }
    }
}

impl Example for LaneSettings {
    fn example() -> Self {
        Self { paused: false, concurrency: Some(2) }
    }
}

impl Example for LaneView {
    fn example() -> Self {
        Self { lane: Wire(Lane::Audio), paused: false, concurrency: Some(2), queued: 7, running: 2 }
    }
}
