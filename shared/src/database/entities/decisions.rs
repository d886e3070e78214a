//! The stored decisions of a person about names.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{UserTx, row};
use crate::domain::entity::{Decision, EntityKind, Named};
use crate::domain::new_id;

/// The columns of a [`Decided`].
macro_rules! columns {
    () => {
        "id, kind, key, nullif(spelling, '') as spelling, as_kind, as_key, as_name, decided_at"
    };
}
pub(super) use columns;

row! {
    /// A stored decision.
    #[derive(Clone, Debug)]
    pub struct Decided {
        pub id: Uuid,
        /// The kind of the name that was found …
        pub kind: String,
        /// … and its key, which is the same for every spelling.
        pub key: String,
        /// The decision applies to this spelling only; to all spellings if `None`.
        pub spelling: Option<String>,
        /// The kind of the entity that the name refers to. This and the next two fields are `None` if the
        /// name is ignored.
        pub as_kind: Option<String>,
        /// The key of that entity.
        pub as_key: Option<String>,
        /// The name of that entity at the time of the decision.
        pub as_name: Option<String>,
        pub decided_at: DateTime<Utc>,
    }
}

/// Lists all decisions of the person, in a stable order.
pub async fn decisions(tx: &mut UserTx) -> sqlx::Result<Vec<Decision>> {
    let user = tx.user();
    let rows: Vec<Decided> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from entity_decisions where user_id = $1 order by kind, key, spelling"
    ))
    .bind(user.0)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Decided::into_decision).collect()
}

impl Decided {
    fn into_decision(self) -> sqlx::Result<Decision> {
        let kind = |word: String| word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)));
        let becomes = match (self.as_kind, self.as_key, self.as_name) {
            (Some(as_kind), Some(key), Some(name)) => Some(Named { kind: kind(as_kind)?, key, name }),
            _ => None,
        };
        Ok(Decision { kind: kind(self.kind)?, key: self.key, spelling: self.spelling, becomes })
    }
}

/// Stores a decision. It replaces an earlier decision about the same name.
pub(super) async fn remember(tx: &mut UserTx, decision: &Decision) -> sqlx::Result<()> {
    let user = tx.user();
    let becomes = decision.becomes.as_ref();
    sqlx::query(
        "insert into entity_decisions (id, user_id, kind, key, spelling, as_kind, as_key, as_name)
         values ($8, $1, $2, $3, $4, $5, $6, $7)
         on conflict (user_id, kind, key, spelling) do update set
             as_kind = excluded.as_kind, as_key = excluded.as_key, as_name = excluded.as_name,
             decided_at = now()",
    )
    .bind(user.0)
    .bind(decision.kind.as_str())
    .bind(&decision.key)
    .bind(decision.spelling.as_deref().unwrap_or_default())
    .bind(becomes.map(|named| named.kind.as_str()))
    .bind(becomes.map(|named| &named.key))
    .bind(becomes.map(|named| &named.name))
    .bind(new_id())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Stores in which transcripts an entity is mentioned, in the decisions that refer to it. To be called
/// before the entity is removed.
pub(super) async fn remember_where(tx: &mut UserTx, entity: Uuid, named: &Named) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "update entity_decisions set transcription_ids = array(
             select distinct transcription_id from mentions where user_id = $1 and entity_id = $2)
         where user_id = $1 and as_kind = $3 and as_key = $4",
    )
    .bind(user.0)
    .bind(entity)
    .bind(named.kind.as_str())
    .bind(&named.key)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Changes all decisions that refer to one entity, so that they refer to another, or to none. The entity's
/// own key is included.
pub(super) async fn redirect(tx: &mut UserTx, from: &Named, to: Option<&Named>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "update entity_decisions set as_kind = $4, as_key = $5, as_name = $6, decided_at = now()
         where user_id = $1 and as_kind = $2 and as_key = $3",
    )
    .bind(user.0)
    .bind(from.kind.as_str())
    .bind(&from.key)
    .bind(to.map(|named| named.kind.as_str()))
    .bind(to.map(|named| &named.key))
    .bind(to.map(|named| &named.name))
    .execute(&mut **tx)
    .await?;
    remember(tx, &whole(from.kind, &from.key, to)).await
}

/// The decision for all spellings of a key.
pub(super) fn whole(kind: EntityKind, key: &str, to: Option<&Named>) -> Decision {
    Decision { kind, key: key.to_owned(), spelling: None, becomes: to.cloned() }
}
