//! Insights.

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use self_shared::database::UserTx;
use self_shared::database::insights::{self, Filter, Insight, State};
use self_shared::domain::insight::InsightKind;
use uuid::Uuid;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Failing, Problem, declare};
use crate::time::Time;
use crate::views::{InsightPageView, InsightView};
use crate::wire_enums::{Wire, WireEnum};

pub(crate) struct InsightRoutes;

declare! {
    List: InvalidCursor;
    Read: NotFound;
}

impl WireEnum for State {
    const NAME: &'static str = "InsightState";
    const DESCRIPTION: &'static str = "Which insights are meant.";
    const VALUES: &'static [Self] = &[Self::Current, Self::Dismissed, Self::All];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Dismissed => "dismissed",
            Self::All => "all",
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/insights", tag = "Tag::Insights")]
impl InsightRoutes {
    /// List insights
    ///
    /// The insight that was found last comes first. Each has its evidence. To list what is due, use
    /// `due_from` and `due_to`.
    #[oai(path = "/", method = "get", operation_id = "list_insights")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// `current` (insights that are valid and not dismissed; this is the default), `dismissed`, or
        /// `all`, which includes earlier versions.
        state: Query<Option<Wire<State>>>,
        /// Only insights of this kind.
        kind: Query<Option<Wire<InsightKind>>>,
        /// Only insights with evidence in this conversation.
        conversation_id: Query<Option<Uuid>>,
        /// Only insights about this entity.
        entity_id: Query<Option<Uuid>>,
        /// Only insights found at this time or later.
        from: Query<Option<Time>>,
        /// Only insights found before this time.
        to: Query<Option<Time>>,
        /// Only insights due at this time or later.
        due_from: Query<Option<Time>>,
        /// Only insights due before this time.
        due_to: Query<Option<Time>>,
        /// The largest number of insights in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<InsightPageView>, Failing<List>> {
        let filter = Filter {
            state: state.0.map_or_else(State::default, |state| state.0),
            kind: kind.0.map(|kind| kind.0),
            conversation: conversation_id.0,
            entity: entity_id.0,
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
            due_from: due_from.0.map(|time| time.0),
            due_to: due_to.0.map(|time| time.0),
        };
        let limit = page::limit(limit.0)?;
        let behind = page::decode::<ByTime<b'i'>>(cursor.0.as_deref())?.map(|ByTime(time, id)| (time, id));
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = insights::list(&mut tx, &filter, behind, limit + 1).await?;
        let at = |last: &Insight| ByTime::<b'i'>(last.created_at, last.id);
        let (found, next_cursor) = page::cut(found, limit, at);
        Ok(Json(InsightPageView { items: shown(&mut tx, found).await?, next_cursor }))
    }

    /// Get an insight
    #[oai(path = "/:id", method = "get", operation_id = "get_insight")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The id of any version of the insight.
        id: Path<Id>,
    ) -> Result<Json<InsightView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let insight = insights::get(&mut tx, id.0.0).await?;
        Ok(Json(one(&mut tx, insight).await?))
    }

    /// Dismiss an insight
    ///
    /// A dismissed insight is not sent again, even if it is found again. To dismiss it twice changes
    /// nothing.
    #[oai(path = "/:id/dismiss", method = "post", operation_id = "dismiss_insight")]
    async fn dismiss(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The insight.
        id: Path<Id>,
    ) -> Result<Json<InsightView>, Failing<Read>> {
        Ok(Json(decide(&app, &caller, id.0.0, true).await?))
    }

    /// Restore an insight
    ///
    /// Takes the dismissal back.
    #[oai(path = "/:id/restore", method = "post", operation_id = "restore_insight")]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The insight.
        id: Path<Id>,
    ) -> Result<Json<InsightView>, Failing<Read>> {
        Ok(Json(decide(&app, &caller, id.0.0, false).await?))
    }
}

async fn decide(app: &App, caller: &Caller, id: Uuid, dismissed: bool) -> Result<InsightView, Problem> {
    let mut tx = app.database.as_user(caller.0.user).await?;
    let insight = insights::dismiss(&mut tx, id, dismissed).await?;
    let view = one(&mut tx, insight).await?;
    tx.commit().await?;
    Ok(view)
}

async fn one(tx: &mut UserTx, insight: Option<Insight>) -> Result<InsightView, Problem> {
    let shown = shown(tx, insight.into_iter().collect()).await?;
    shown.into_iter().next().ok_or_else(|| Problem::not_found("insight"))
}

async fn shown(tx: &mut UserTx, found: Vec<Insight>) -> sqlx::Result<Vec<InsightView>> {
    let ids: Vec<Uuid> = found.iter().map(|insight| insight.id).collect();
    let evidence = insights::evidence(tx, &ids).await?;
    let views =
        found.into_iter().zip(evidence).map(|(insight, evidence)| InsightView::from(insight.with(evidence)));
    Ok(views.collect())
}
