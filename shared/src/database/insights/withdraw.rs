//! Insights that are not so any more.

use serde_json::json;
use uuid::Uuid;

use crate::database::{UserTx, events, row};
use crate::domain::event::{EventKind, Room};
use crate::domain::insight::InsightKind;

row! {
    struct Gone {
        id: Uuid,
        kind: String,
        rooms: Vec<Uuid>,
        is_current: bool,
    }
}

/// Removes every insight that rests on a conversation that goes, former versions among them. Answers
/// those that were removed, to be told, and the other conversations on which they rested, to find out
/// what is left of them.
///
/// # Errors
/// When the database refuses.
pub async fn withdraw(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<(Vec<Withdrawn>, Vec<Uuid>)> {
    let user = tx.user();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct insight_id from insight_evidence where user_id = $1 and conversation_id = $2",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await?;
    let gone = remove(tx, &ids).await?;
    let mut others: Vec<Uuid> = gone.iter().flat_map(|gone| gone.0.rooms.clone()).collect();
    others.retain(|other| *other != conversation);
    others.sort_unstable();
    others.dedup();
    Ok((gone, others))
}

/// Removes every insight that rests on files that go, and answers those, to be told.
///
/// # Errors
/// When the database refuses.
pub async fn withdraw_files(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<Vec<Withdrawn>> {
    let user = tx.user();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct insight_id from insight_evidence where user_id = $1 and file_id = any ($2)",
    )
    .bind(user.0)
    .bind(files)
    .fetch_all(&mut **tx)
    .await?;
    remove(tx, &ids).await
}

/// Removes every insight about somebody, or about a day, that goes, and answers those, to be told.
/// What else mentions it stays.
///
/// # Errors
/// When the database refuses.
pub async fn withdraw_about(tx: &mut UserTx, entity: Uuid) -> sqlx::Result<Vec<Withdrawn>> {
    let user = tx.user();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select i.id from insights i join insight_evidence e on e.insight_id = i.id
         where i.user_id = $1 and e.user_id = $1 and e.entity_id = $2 and i.kind = any ($3)",
    )
    .bind(user.0)
    .bind(entity)
    .bind(InsightKind::ABOUT_ENTITIES.map(InsightKind::as_str))
    .fetch_all(&mut **tx)
    .await?;
    remove(tx, &ids).await
}

/// An insight that was removed.
pub struct Withdrawn(Gone);

impl Withdrawn {
    /// Tells apps. Like every event, last in a transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tell(self, tx: &mut UserTx) -> sqlx::Result<()> {
        let Gone { id, kind, rooms, is_current } = self.0;
        if !is_current {
            return Ok(());
        }
        let (user, rooms) = (tx.user(), rooms.into_iter().map(Room::Conversation).collect::<Vec<_>>());
        let data = json!({"id": id, "kind": kind, "change": "withdrawn"});
        events::append(tx, user, EventKind::InsightUpdate, &rooms, data).await.map(|_| ())
    }
}

pub(super) async fn remove(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<Vec<Withdrawn>> {
    let user = tx.user();
    let gone: Vec<Gone> = sqlx::query_as(
        "delete from insights i where i.user_id = $1 and i.id = any ($2)
         returning i.id, i.kind, i.superseded_by is null as is_current,
                   array(select distinct e.conversation_id from insight_evidence e
                         where e.insight_id = i.id and e.conversation_id is not null) as rooms",
    )
    .bind(user.0)
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    Ok(gone.into_iter().map(Withdrawn).collect())
}
