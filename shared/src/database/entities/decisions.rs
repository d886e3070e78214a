//! What a person decided about names, as it is remembered.

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
    /// Something that was decided, and when.
    #[derive(Clone, Debug)]
    pub struct Decided {
        /// Names it.
        pub id: Uuid,
        /// What was found: its kind …
        pub kind: String,
        /// … and what is the same for every spelling of it.
        pub key: String,
        /// Only where it is spelled so; everywhere when absent.
        pub spelling: Option<String>,
        /// The kind of what it is; none for what is passed over, like the two below.
        pub as_kind: Option<String>,
        /// What is the same for every spelling of that.
        pub as_key: Option<String>,
        /// What that was called when it was decided.
        pub as_name: Option<String>,
        /// When it was decided.
        pub decided_at: DateTime<Utc>,
    }
}

/// Everything that the person decided, in a stable order.
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

/// Remembers one more; what was decided about the same before is replaced.
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

/// What led to an entity, which is about to be removed, remembers where that was mentioned.
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

/// Whatever led to one entity leads to another from now on, or to none; its own key, too.
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

/// The decision about everything that is found under a key.
pub(super) fn whole(kind: EntityKind, key: &str, to: Option<&Named>) -> Decision {
    Decision { kind, key: key.to_owned(), spelling: None, becomes: to.cloned() }
}
