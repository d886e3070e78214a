//! The port for the comparison of vectors, and its two adapters.
//!
//! Vectors are rows, and PostgreSQL compares all vectors of a person. That is exact, and fast enough up to
//! some tens of thousands of passages. With [`QdrantConfig`], Qdrant has a mirror of the vectors and finds
//! candidates, among which PostgreSQL then finds the best. The answer is identical, to the digit, for these
//! reasons:
//!
//! - Passages that the mirror may not have yet are also candidates, even a millisecond after they were
//!   written. A change is queued in the transaction that makes it, and taken from the queue after it was
//!   copied to Qdrant.
//! - If the mirror still has deleted passages, or passages of other people, these are not rows of the person
//!   and are not found.
//! - PostgreSQL compares everything if the candidates may not be enough (because filters exclude most of
//!   them), while the mirror is being filled, and when Qdrant does not answer.

mod mirror;
mod qdrant;

use std::collections::BTreeSet;

use uuid::Uuid;

use self::qdrant::Qdrant;
pub use self::qdrant::QdrantError;
use crate::config::{Config, QdrantConfig};
use crate::database::search::Candidates;
use crate::database::{Database, mirror as mirror_queue};
use crate::domain::UserId;

/// If more of a person's passages than this wait to be copied, the mirror is not used.
const MOST_MISSING: i64 = 1_000;
/// The largest difference between the similarity of Qdrant and that of PostgreSQL, which rounds vectors
/// differently: both keep 11 bits of each number.
const ROUNDING: f64 = 0.004;

/// The port for the comparison of vectors. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vectors {
    database: Database,
    qdrant: Option<Qdrant>,
}

impl Vectors {
    /// Reads the configuration, without access to the network.
    ///
    /// # Errors
    /// When `QDRANT_URL` is invalid.
    pub fn new(config: &Config, database: Database) -> Result<Self, QdrantError> {
        let connect = |qdrant: &QdrantConfig| Qdrant::new(qdrant, &config.namespace);
        Ok(Self { database, qdrant: config.qdrant.as_ref().map(connect).transpose()? })
    }

    /// Finds candidates for a query that contain the best `limit` passages.
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
        // Read before the request to Qdrant: passages that are copied in between are candidates in both
        // cases. The transaction ends before the request, so that no transaction waits for another server.
        let mut tx = self.database.as_user(user).await?;
        let missing = mirror_queue::missing(&mut tx, MOST_MISSING).await?;
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

    /// Deletes all vectors of a person from the mirror, after the rows were deleted.
    ///
    /// # Errors
    /// When Qdrant or the database does not answer; the caller calls again.
    pub async fn forget(&self, user: UserId) -> anyhow::Result<()> {
        let Some(qdrant) = &self.qdrant else { return Ok(()) };
        let mut tx = self.database.as_system().await?;
        mirror_queue::lock(&mut tx).await?;
        qdrant.forget(user).await?;
        mirror_queue::forget(&mut tx, user).await?;
        Ok(tx.commit().await?)
    }

    /// Checks that Qdrant answers; `None` if it is not used.
    pub async fn probe(&self) -> Option<Result<(), QdrantError>> {
        Some(self.qdrant.as_ref()?.probe().await)
    }
}
