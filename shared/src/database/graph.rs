//! A person's graph of entities and connections, as far as it has to stay whole when something that
//! spoke for it goes: an entity is there while it is mentioned, a connection while it has evidence.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::UserTx;

/// What was spoken for until [`forget`].
#[derive(Clone, Debug, Default)]
pub struct Former {
    /// The entities that were mentioned.
    pub entities: BTreeSet<Uuid>,
    /// The connections that had evidence.
    pub connections: BTreeSet<Uuid>,
}

/// Waits until nobody else changes the person's graph, until the transaction ends. To be called
/// before anything else in it is locked.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut UserTx) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('graph ' || $1::text, 0))")
        .bind(user.0)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Removes everything that these transcripts mean: mentions, evidence, vectors. [`settle`] has to
/// follow, once what they mean now is written, if anything.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tx: &mut PgConnection, transcriptions: &[Uuid]) -> sqlx::Result<Former> {
    let entities: Vec<Uuid> =
        sqlx::query_scalar("delete from mentions where transcription_id = any ($1) returning entity_id")
            .bind(transcriptions)
            .fetch_all(&mut *tx)
            .await?;
    let connections: Vec<Uuid> = sqlx::query_scalar(
        "delete from connection_evidence where transcription_id = any ($1) returning connection_id",
    )
    .bind(transcriptions)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query("delete from conversation_embeddings where transcription_id = any ($1)")
        .bind(transcriptions)
        .execute(tx)
        .await?;
    Ok(Former { entities: entities.into_iter().collect(), connections: connections.into_iter().collect() })
}

/// Brings what was touched into line with what speaks for it now: a connection is as strong as its
/// evidence and gone without any, an entity is gone when nothing mentions it.
///
/// # Errors
/// When the database refuses.
pub async fn settle(tx: &mut PgConnection, touched: &Former) -> sqlx::Result<()> {
    let connections: Vec<Uuid> = touched.connections.iter().copied().collect();
    sqlx::query(
        "delete from connections where id = any ($1)
         and not exists (select from connection_evidence where connection_id = connections.id)",
    )
    .bind(&connections)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update connections set strength =
             (select sum(weight) from connection_evidence where connection_id = connections.id)
         where id = any ($1)",
    )
    .bind(&connections)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "delete from entities where id = any ($1)
         and not exists (select from mentions where entity_id = entities.id)",
    )
    .bind(touched.entities.iter().copied().collect::<Vec<_>>())
    .execute(tx)
    .await
    .map(|_| ())
}
