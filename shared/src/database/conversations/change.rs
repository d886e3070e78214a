//! What people do to conversations: describe them, and delete them with all that belongs to them.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use super::{Conversation, columns};
use crate::database::{UserTx, graph, insights, jobs};
use crate::domain::job::{GenerateInsights, Job, Occasion};
use crate::events::{ConversationUpdate, Erased, EventKind, Room};

/// What a person says about a conversation; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// What it is called. From then on no other title is found for it.
    pub title: Option<String>,
    /// What there is to note down.
    pub notes: Option<String>,
    /// What it is sorted under.
    pub tags: Option<Vec<String>>,
    /// Who the voices are.
    pub speakers: Option<BTreeMap<String, String>>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The person has nothing with this id.
    #[error("there is no such thing")]
    NotFound,
    /// It was changed by somebody else since it was read.
    #[error("it has changed since it was read")]
    Changed,
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Changes a conversation, if it still has the version that was read, and tells apps.
///
/// # Errors
/// [`Refused`].
pub async fn edit(
    tx: &mut UserTx,
    id: Uuid,
    version: Option<i64>,
    edit: &Edit,
) -> Result<Conversation, Refused> {
    hold(tx, id, version).await?;
    let user = tx.user();
    let conversation: Conversation = sqlx::query_as(concat!(
        "update conversations set
             title = coalesce($3, title),
             title_source = case when $3 is null then title_source else 'user' end,
             notes = coalesce($4, notes),
             tags = coalesce($5, tags),
             speakers = coalesce($6, speakers),
             version = version + 1, updated_at = now()
         where user_id = $1 and id = $2 returning ",
        columns!()
    ))
    .bind(user.0)
    .bind(id)
    .bind(&edit.title)
    .bind(&edit.notes)
    .bind(&edit.tags)
    .bind(edit.speakers.as_ref().map(Json))
    .fetch_one(&mut **tx)
    .await?;
    tx.tell(&ConversationUpdate::Edited(conversation.clone().into()));
    Ok(conversation)
}

/// Notes that something in a conversation was changed, and tells apps.
pub async fn touch(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    let conversation: Conversation = sqlx::query_as(concat!(
        "update conversations set version = version + 1, updated_at = now()
         where user_id = $1 and id = $2 returning ",
        columns!()
    ))
    .bind(user.0)
    .bind(id)
    .fetch_one(&mut **tx)
    .await?;
    tx.tell(&ConversationUpdate::Edited(conversation.into()));
    Ok(())
}

/// Deletes a conversation with its recordings, transcripts, vectors, insights, and what was told of
/// them.
/// Answers the keys of its objects, to be removed once this is committed: if that fails, they are
/// swept like all objects that no row names.
///
/// Work on it is stopped. Its events keep their numbers, since replay has no gaps, and lose what
/// they said.
///
/// # Errors
/// [`Refused`].
pub async fn delete(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<Vec<String>, Refused> {
    // Before the row: whoever saves what it means takes this first, too.
    graph::lock(tx).await?;
    hold(tx, id, version).await?;
    let user = tx.user();
    let objects =
        sqlx::query_scalar("select object_key from audio where user_id = $1 and conversation_id = $2")
            .bind(user.0)
            .bind(id)
            .fetch_all(&mut **tx)
            .await?;
    let transcriptions: Vec<Uuid> =
        sqlx::query_scalar("select id from transcriptions where user_id = $1 and conversation_id = $2")
            .bind(user.0)
            .bind(id)
            .fetch_all(&mut **tx)
            .await?;
    let others = insights::withdraw(tx, id).await?;
    let former = graph::forget(tx, &transcriptions).await?;
    sqlx::query("delete from conversations where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    graph::prune_orphans(tx, &former).await?;
    sqlx::query(
        "delete from idempotency_keys where user_id = $1 and answer->'conversation'->>'id' = $2::text",
    )
    .bind(user.0)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let erased: Vec<&str> = EventKind::ALL
        .iter()
        .filter(|kind| kind.is_erased_with_conversation())
        .flat_map(|kind| kind.names())
        .collect();
    sqlx::query("update events set data = $2 where user_id = $1 and rooms @> array[$3] and kind = any ($4)")
        .bind(user.0)
        .bind(Json(Erased { conversation_id: id, deleted: true }))
        .bind(Room::Conversation(id).to_string())
        .bind(erased)
        .execute(&mut **tx)
        .await?;
    jobs::cancel_about(tx, user, jobs::About::Conversation(id)).await?;
    // What rested on other conversations as well may still be so.
    for other in others {
        let job = Job::GenerateInsights(GenerateInsights { user, occasion: Occasion::Conversation(other) });
        jobs::enqueue_once(tx, user, &job, None).await?;
    }
    tx.tell(&ConversationUpdate::Deleted { id });
    Ok(objects)
}

/// Keeps a conversation as it is until the transaction ends.
async fn hold(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<(), Refused> {
    let user = tx.user();
    let current: Option<i64> =
        sqlx::query_scalar("select version from conversations where user_id = $1 and id = $2 for update")
            .bind(user.0)
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    let current = current.ok_or(Refused::NotFound)?;
    if version.is_some_and(|version| version != current) {
        return Err(Refused::Changed);
    }
    Ok(())
}
