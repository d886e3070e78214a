//! Changes of conversations by people: editing and deleting.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use super::{Conversation, query_conversations};
use crate::database::{UserTx, graph, insights, jobs};
use crate::domain::job::{GenerateInsights, InsightTrigger, Job};
use crate::events::{ConversationUpdate, Erased, EventKind, Room};

/// Changes of a conversation; a field that is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The title. After that, no automatic title replaces it.
    pub title: Option<String>,
    pub notes: Option<String>,
    pub tags: Option<Vec<String>>,
    /// The names of the speakers.
    pub speakers: Option<BTreeMap<String, String>>,
}

/// The reason why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The person has nothing with this id.
    #[error("there is no such thing")]
    NotFound,
    /// It has another version than the one that the caller read.
    #[error("it has changed since it was read")]
    Changed,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Changes a conversation, if it still has the given version, and adds the event.
pub async fn edit(
    tx: &mut UserTx,
    id: Uuid,
    version: Option<i64>,
    edit: &Edit,
) -> Result<Conversation, EditError> {
    hold(tx, id, version).await?;
    let user = tx.user();
    let conversation = query_conversations!(
        "update conversations set
             title = coalesce($3, title),
             title_source = case when $3 is null then title_source else 'user' end,
             notes = coalesce($4, notes),
             tags = coalesce($5, tags),
             speakers = coalesce($6, speakers),
             version = version + 1, updated_at = now()
         where user_id = $1 and id = $2 returning",
        "",
        user.0,
        id,
        edit.title,
        edit.notes,
        edit.tags.as_deref(),
        edit.speakers.as_ref().map(Json) as _,
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.emit(&ConversationUpdate::Edited(conversation.clone().into()));
    Ok(conversation)
}

/// Marks a conversation as changed, and adds the event.
pub async fn touch(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    let conversation = query_conversations!(
        "update conversations set version = version + 1, updated_at = now()
         where user_id = $1 and id = $2 returning",
        "",
        user.0,
        id,
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.emit(&ConversationUpdate::Edited(conversation.into()));
    Ok(())
}

/// Deletes a conversation with its recordings, transcripts, vectors and insights, and the data of events
/// about them. Returns the object keys, which the caller deletes after the commit. If that fails,
/// `sweep_objects` deletes the objects later, since no row names them.
///
/// Jobs about it are cancelled. Its events keep their numbers, since replay has no gaps, and lose their
/// data.
pub async fn delete(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<Vec<String>, EditError> {
    // Before the row of the conversation: a transaction that stores the meaning of a transcript takes the
    // locks in the same order.
    graph::lock(tx).await?;
    hold(tx, id, version).await?;
    let user = tx.user();
    let objects = sqlx::query_scalar!(
        "select object_key from audio where user_id = $1 and conversation_id = $2",
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let transcriptions = sqlx::query_scalar!(
        "select id from transcriptions where user_id = $1 and conversation_id = $2",
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let others = insights::withdraw(tx, id).await?;
    let former = graph::forget(tx, &transcriptions).await?;
    sqlx::query!("delete from conversations where user_id = $1 and id = $2", user.0, id)
        .execute(&mut **tx)
        .await?;
    graph::prune_orphans(tx, &former).await?;
    sqlx::query!(
        "delete from idempotency_keys where user_id = $1 and answer->'conversation'->>'id' = $2::uuid::text",
        user.0,
        id,
    )
    .execute(&mut **tx)
    .await?;
    let erased: Vec<&str> = EventKind::ALL
        .iter()
        .filter(|kind| kind.is_erased_with_conversation())
        .flat_map(|kind| kind.names())
        .collect();
    sqlx::query!(
        "update events set data = $2 where user_id = $1 and rooms @> array[$3] and kind = any ($4)",
        user.0,
        Json(Erased { conversation_id: id, deleted: true }) as _,
        Room::Conversation(id).to_string(),
        &erased as &[&str],
    )
    .execute(&mut **tx)
    .await?;
    jobs::cancel_all(tx, user, jobs::CancelScope::Conversation(id)).await?;
    // Insights with evidence in other conversations may still hold, so these conversations are checked
    // again.
    for other in others {
        let job =
            Job::GenerateInsights(GenerateInsights { user, trigger: InsightTrigger::Conversation(other) });
        jobs::enqueue_once(tx, user, &job, None).await?;
    }
    tx.emit(&ConversationUpdate::Deleted { id });
    Ok(objects)
}

/// Locks a conversation until the end of the transaction.
async fn hold(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<(), EditError> {
    let user = tx.user();
    let current = sqlx::query_scalar!(
        "select version from conversations where user_id = $1 and id = $2 for update",
        user.0,
        id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let current = current.ok_or(EditError::NotFound)?;
    if version.is_some_and(|version| version != current) {
        return Err(EditError::Changed);
    }
    Ok(())
}
