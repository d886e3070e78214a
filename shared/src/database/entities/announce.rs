//! What apps are told of what a person decided about entities.

use serde_json::json;
use uuid::Uuid;

use crate::database::{UserTx, events};
use crate::domain::event::EventKind;

/// What happened. Names are not told: what is forgotten later would live on in what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// It has another name, or is of another kind.
    Edited { id: Uuid },
    /// The other is a part of it.
    Merged { id: Uuid, other: Uuid },
    /// The other was a part of it.
    Split { id: Uuid, other: Uuid },
    /// It is gone, and passed over from now on.
    Forgotten { id: Uuid },
    /// A decision does not count any more. What follows for entities is told with the conversations
    /// that are understood anew.
    TakenBack { decision: Uuid },
}

/// Tells them. Like every event, last in a transaction.
pub(super) async fn announce(tx: &mut UserTx, happened: Happened) -> sqlx::Result<()> {
    let data = match happened {
        Happened::Edited { id } => json!({"change": "edited", "id": id}),
        Happened::Merged { id, other } => json!({"change": "merged", "id": id, "other_id": other}),
        Happened::Split { id, other } => json!({"change": "split", "id": id, "other_id": other}),
        Happened::Forgotten { id } => json!({"change": "forgotten", "id": id}),
        Happened::TakenBack { decision } => json!({"change": "taken_back", "decision_id": decision}),
    };
    let user = tx.user();
    events::append(tx, user, EventKind::EntityUpdate, &[], data).await.map(|_| ())
}
