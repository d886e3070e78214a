//! The stored decisions of a person about names.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::UserTx;
use crate::domain::entity::{Decision, EntityKind, Named};
use crate::domain::new_id;

/// Reads the person's [`Decided`]s: the further conditions and the order, the parameters.
macro_rules! query_decided {
    ($after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Decided,
            "select id, kind, key, nullif(spelling, '') as spelling, as_kind, as_key, as_name, decided_at
             from entity_decisions where user_id = $1 "
                + $after,
            $($parameter),+
        )
    };
}
pub(super) use query_decided;

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

/// Lists all decisions of the person, in a stable order.
pub async fn decisions(tx: &mut UserTx) -> sqlx::Result<Vec<Decision>> {
    let user = tx.user();
    let rows = query_decided!("order by kind, key, spelling", user.0).fetch_all(&mut **tx).await?;
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

/// Stores decisions, each about another name. They replace earlier decisions about the same names.
pub(super) async fn remember(tx: &mut UserTx, decisions: &[Decision]) -> sqlx::Result<()> {
    let user = tx.user();
    let becomes = || decisions.iter().map(|decision| decision.becomes.as_ref());
    sqlx::query!(
        "insert into entity_decisions (id, user_id, kind, key, spelling, as_kind, as_key, as_name)
         select id, $1, kind, key, spelling, as_kind, as_key, as_name
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
              as fresh (id, kind, key, spelling, as_kind, as_key, as_name)
         on conflict (user_id, kind, key, spelling) do update set
             as_kind = excluded.as_kind, as_key = excluded.as_key, as_name = excluded.as_name,
             decided_at = now()",
        user.0,
        &decisions.iter().map(|_| new_id()).collect::<Vec<_>>(),
        &decisions.iter().map(|decision| decision.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &decisions.iter().map(|decision| decision.key.as_str()).collect::<Vec<_>>() as &[&str],
        &decisions.iter().map(|decision| decision.spelling.as_deref().unwrap_or_default()).collect::<Vec<_>>()
            as &[&str],
        &becomes().map(|named| named.map(|named| named.kind.as_str())).collect::<Vec<_>>()
            as &[Option<&str>],
        &becomes().map(|named| named.map(|named| named.key.as_str())).collect::<Vec<_>>()
            as &[Option<&str>],
        &becomes().map(|named| named.map(|named| named.name.as_str())).collect::<Vec<_>>()
            as &[Option<&str>],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Stores in which transcripts an entity is mentioned, in the decisions that refer to it. To be called
/// before the entity is removed.
pub(super) async fn remember_where(tx: &mut UserTx, entity: Uuid, named: &Named) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update entity_decisions set transcription_ids = array(
             select distinct transcription_id from mentions where user_id = $1 and entity_id = $2)
         where user_id = $1 and as_kind = $3 and as_key = $4",
        user.0,
        entity,
        named.kind.as_str(),
        named.key,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Changes all decisions that refer to one entity, so that they refer to another, or to none. The entity's
/// own key is included.
pub(super) async fn redirect(tx: &mut UserTx, from: &Named, to: Option<&Named>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update entity_decisions set as_kind = $4, as_key = $5, as_name = $6, decided_at = now()
         where user_id = $1 and as_kind = $2 and as_key = $3",
        user.0,
        from.kind.as_str(),
        from.key,
        to.map(|named| named.kind.as_str()),
        to.map(|named| named.key.as_str()),
        to.map(|named| named.name.as_str()),
    )
    .execute(&mut **tx)
    .await?;
    remember(tx, &[whole(from.kind, &from.key, to)]).await
}

/// The decision for all spellings of a key.
pub(super) fn whole(kind: EntityKind, key: &str, to: Option<&Named>) -> Decision {
    Decision { kind, key: key.to_owned(), spelling: None, becomes: to.cloned() }
}
