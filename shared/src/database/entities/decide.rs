//! Decisions of people about one entity: its name, its kind, and to forget it.

use uuid::Uuid;

use super::decisions::{redirect, remember, remember_where, whole};
use super::{Entity, get};
use crate::database::{UserTx, graph, insights};
use crate::domain::entity::{EntityKind, Named, spelling};
use crate::events::EntityUpdate;

/// Changes of an entity; a field that is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub name: Option<String>,
    pub kind: Option<EntityKind>,
}

/// The reason why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The person has nothing with this id.
    #[error("there is no such thing")]
    NotFound,
    /// It has another version than the one that the caller read.
    #[error("it has changed since it was read")]
    Changed,
    /// Another entity of this kind has this name.
    #[error("another entity is called so")]
    Taken(Uuid),
    /// An entity cannot be merged with itself.
    #[error("it is the same")]
    Itself,
    /// No mention of the entity has any of these names.
    #[error("it is never called so")]
    NeverCalled,
    /// The entity would lose all mentions, or its own name.
    #[error("it would lose its name")]
    WouldLoseItsName,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

struct EntityRow {
    kind: String,
    key: String,
    name: String,
    version: i64,
}

/// Changes the name or the kind of an entity. From then on, names that are found with its former or new
/// spelling refer to this entity.
pub async fn edit(tx: &mut UserTx, id: Uuid, version: Option<i64>, edit: &Edit) -> Result<Entity, EditError> {
    graph::lock(tx).await?;
    let before = hold(tx, id, version).await?;
    let after = Named {
        kind: edit.kind.unwrap_or(before.kind),
        key: before.key.clone(),
        name: edit.name.clone().unwrap_or_else(|| before.name.clone()),
    };
    let called = spelling(&after.name);
    for key in [&after.key, &called] {
        if let Some(other) = other_with(tx, id, after.kind, key).await? {
            return Err(EditError::Taken(other));
        }
    }
    redirect(tx, &before, Some(&after)).await?;
    remember(tx, &[whole(after.kind, &after.key, Some(&after))]).await?;
    remember(tx, &[whole(after.kind, &called, Some(&after))]).await?;
    let user = tx.user();
    sqlx::query!(
        "update entities set kind = $3, name = $4,
             aliases = array(select distinct alias from unnest(aliases || name) alias
                             where alias <> $4 order by alias),
             version = version + 1, updated_at = now()
         where user_id = $1 and id = $2",
        user.0,
        id,
        after.kind.as_str(),
        after.name,
    )
    .execute(&mut **tx)
    .await?;
    tx.emit(&EntityUpdate::Edited { id });
    get(tx, id).await?.ok_or(EditError::NotFound)
}

/// Removes an entity, and ignores its names whenever they are found again.
pub async fn forget(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<(), EditError> {
    graph::lock(tx).await?;
    let entity = hold(tx, id, version).await?;
    // All decisions that refer to the entity are changed so that its names are ignored. A decision for the
    // entity's own key is added first, so that it is changed, too.
    remember(tx, &[whole(entity.kind, &entity.key, Some(&entity))]).await?;
    remember_where(tx, id, &entity).await?;
    redirect(tx, &entity, None).await?;
    insights::withdraw_about(tx, id).await?;
    remove(tx, id).await?;
    tx.emit(&EntityUpdate::Forgotten { id });
    Ok(())
}

/// Deletes an entity with all rows that refer to it.
pub(super) async fn remove(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!("delete from entities where user_id = $1 and id = $2", user.0, id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Locks an entity until the end of the transaction.
pub(super) async fn hold(tx: &mut UserTx, id: Uuid, version: Option<i64>) -> Result<Named, EditError> {
    let user = tx.user();
    let row = sqlx::query_as!(
        EntityRow,
        "select kind, key, name, version from entities where user_id = $1 and id = $2 for update",
        user.0,
        id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let row = row.ok_or(EditError::NotFound)?;
    if version.is_some_and(|version| version != row.version) {
        return Err(EditError::Changed);
    }
    let kind = row.kind.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Named { kind, key: row.key, name: row.name })
}

async fn other_with(tx: &mut UserTx, id: Uuid, kind: EntityKind, key: &str) -> sqlx::Result<Option<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select id from entities where user_id = $1 and kind = $2 and key = $3 and id <> $4",
        user.0,
        kind.as_str(),
        key,
        id,
    )
    .fetch_optional(&mut **tx)
    .await
}
