//! Deletes insights whose evidence is deleted.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::database::UserTx;
use crate::domain::insight::InsightKind;
use crate::events::{InsightChange, InsightUpdate};

struct WithdrawnRow {
    id: Uuid,
    kind: String,
    conversations: Vec<Uuid>,
    is_current: bool,
}

/// Deletes every insight with evidence in a conversation that is being deleted, including former versions,
/// and adds the events. Returns the other conversations of their evidence, so that their insights are
/// computed again.
pub async fn withdraw(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<BTreeSet<Uuid>> {
    let user = tx.user();
    let ids = sqlx::query_scalar!(
        "select distinct insight_id from insight_evidence where user_id = $1 and conversation_id = $2",
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut others = remove(tx, &ids).await?;
    others.remove(&conversation);
    Ok(others)
}

/// Deletes every insight with evidence in files that are being deleted, and adds the events.
pub async fn withdraw_files(tx: &mut UserTx, files: &[Uuid]) -> sqlx::Result<()> {
    let user = tx.user();
    let ids = sqlx::query_scalar!(
        "select distinct insight_id from insight_evidence where user_id = $1 and file_id = any ($2)",
        user.0,
        files,
    )
    .fetch_all(&mut **tx)
    .await?;
    remove(tx, &ids).await.map(|_| ())
}

/// Deletes every insight about a person or a date that is being removed, and adds the events. Other insights
/// that mention the entity stay.
pub async fn withdraw_about(tx: &mut UserTx, entity: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    let ids = sqlx::query_scalar!(
        "select i.id from insights i join insight_evidence e on e.insight_id = i.id
         where i.user_id = $1 and e.user_id = $1 and e.entity_id = $2 and i.kind = any ($3)",
        user.0,
        entity,
        &InsightKind::ABOUT_ENTITIES.map(InsightKind::as_str) as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    remove(tx, &ids).await.map(|_| ())
}

/// Deletes insights, and adds events for those that were current. Returns the conversations of their
/// evidence.
pub(super) async fn remove(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<BTreeSet<Uuid>> {
    let user = tx.user();
    let gone = sqlx::query_as!(
        WithdrawnRow,
        r#"delete from insights i where i.user_id = $1 and i.id = any ($2)
           returning i.id, i.kind, i.superseded_by is null as "is_current!",
                     array(select distinct e.conversation_id from insight_evidence e
                           where e.user_id = $1 and e.insight_id = i.id and e.conversation_id is not null)
                         as "conversations!""#,
        user.0,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut all = BTreeSet::new();
    for WithdrawnRow { id, kind, conversations, is_current } in gone {
        all.extend(&conversations);
        if is_current {
            let (change, conversation_ids) = (InsightChange::Withdrawn, conversations.into_iter().collect());
            tx.emit(&InsightUpdate { id, kind, change, dismissed_at: None, conversation_ids });
        }
    }
    Ok(all)
}
