//! The port behind which vectors are compared, and its two adapters.
//!
//! Vectors are rows, and PostgreSQL compares all of one person's: exact, and fast enough up to some
//! ten thousands. Where [`QdrantConfig`] says so, Qdrant holds a mirror of them and names candidates
//! among which PostgreSQL then finds the best, so that the answer is the same, to the digit:
//!
//! - Passages that the mirror may not hold yet are candidates, too, also a millisecond after they
//!   were written: what changes is noted in the transaction that changes it, and taken off the list
//!   once it was carried.
//! - Whatever the mirror still holds of passages that are gone, or of somebody else's, is no row of
//!   the person's and is not found.
//! - Where candidates might not be enough (filters leave few of them), where the mirror is still
//!   being filled, and where Qdrant does not answer, PostgreSQL compares everything.

mod mirror;
mod qdrant;

use std::collections::BTreeSet;

use uuid::Uuid;

use self::qdrant::Qdrant;
pub use self::qdrant::QdrantError;
use crate::config::{Config, QdrantConfig};
use crate::database::search::Candidates;
use crate::database::{Database, mirror as noted};
use crate::domain::UserId;

/// With more of a person's passages than this on their way to the mirror, it is not asked.
const MOST_MISSING: i64 = 1_000;
/// How much the similarity that Qdrant computes may differ from PostgreSQL's, whose vectors are
/// rounded otherwise: both keep 11 bits of each number.
const ROUNDING: f64 = 0.004;

/// The port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vectors {
    database: Database,
    qdrant: Option<Qdrant>,
}

impl Vectors {
    /// Reads the configuration; touches no network.
    ///
    /// # Errors
    /// When `QDRANT_URL` cannot be an address.
    pub fn new(config: &Config, database: Database) -> Result<Self, QdrantError> {
        let connect = |qdrant: &QdrantConfig| Qdrant::new(qdrant, &config.namespace);
        Ok(Self { database, qdrant: config.qdrant.as_ref().map(connect).transpose()? })
    }

    /// What to compare with a question, so that the best `limit` are among it.
    pub async fn candidates(
        &self,
        user: UserId,
        question: &[f32],
        model: &str,
        limit: usize,
    ) -> sqlx::Result<Candidates> {
        let candidates = self.named(user, question, model, limit).await?;
        let by = if candidates == Candidates::All { "postgres" } else { "qdrant" };
        metrics::counter!("self_vector_searches_total", "by" => by).increment(1);
        Ok(candidates)
    }

    async fn named(
        &self,
        user: UserId,
        question: &[f32],
        model: &str,
        limit: usize,
    ) -> sqlx::Result<Candidates> {
        let Some(qdrant) = &self.qdrant else { return Ok(Candidates::All) };
        // Before Qdrant is asked: what is carried in between is a candidate either way. And in a
        // transaction of its own: none waits for another server.
        let mut tx = self.database.as_user(user).await?;
        let missing = noted::missing(&mut tx, MOST_MISSING).await?;
        drop(tx);
        let Some(missing) = missing else { return Ok(Candidates::All) };
        let near = match qdrant.nearest(user, model, question, limit).await {
            Ok(near) => near,
            Err(error) => {
                tracing::warn!(%error, "Qdrant did not answer, PostgreSQL compares");
                return Ok(Candidates::All);
            }
        };
        let others = (near.len() >= limit).then(|| near.last().map(|(_, similarity)| similarity + ROUNDING));
        let ids: BTreeSet<Uuid> = near.into_iter().map(|(id, _)| id).chain(missing).collect();
        Ok(Candidates::Among { ids: ids.into_iter().collect(), others: others.flatten() })
    }

    /// Removes all vectors of a person, whose rows are gone, from the mirror. Nothing brings them back.
    ///
    /// # Errors
    /// When Qdrant or the database does not answer: to be called again.
    pub async fn forget(&self, user: UserId) -> anyhow::Result<()> {
        let Some(qdrant) = &self.qdrant else { return Ok(()) };
        let mut tx = self.database.as_system().await?;
        noted::lock(&mut tx).await?;
        qdrant.forget(user).await?;
        noted::forget(&mut tx, user).await?;
        Ok(tx.commit().await?)
    }

    /// Whether Qdrant answers, where there is one.
    pub async fn probe(&self) -> Option<Result<(), QdrantError>> {
        Some(self.qdrant.as_ref()?.probe().await)
    }
}
