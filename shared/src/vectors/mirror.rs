//! Copies changes of vectors to Qdrant. Every worker runs this, and a lock lets one work at a time, so that
//! changes are applied in order.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Vectors;
use super::qdrant::{Qdrant, QdrantError};
use crate::database::SystemTx;
use crate::database::mirror::{self as mirror_queue, Mirror};
use crate::domain::UserId;

/// Passages that are copied together: about 2 MB as JSON.
const BATCH: i64 = 500;
/// The interval at which it looks for new changes. A search does not wait for them: passages that are not
/// copied yet are compared in PostgreSQL.
const TICK: Duration = Duration::from_secs(1);
/// The waits after failures: the first and the longest.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

impl Vectors {
    /// Keeps the mirror up to date until stopped. Without Qdrant, it ensures that no changes are queued.
    pub async fn run(&self, stop: CancellationToken) {
        let mut pause = PAUSES[0];
        loop {
            let step = async {
                match &self.qdrant {
                    Some(qdrant) => self.update(qdrant).await,
                    None => self.switch_off().await,
                }
            };
            let Some(did) = stop.run_until_cancelled(step).await else { return };
            let wait = match did {
                Ok(MirrorStep::More) => Duration::ZERO,
                Ok(MirrorStep::Nothing) => TICK,
                Ok(MirrorStep::Over) => return,
                Err(error) => {
                    metrics::counter!("self_vector_mirror_failures_total").increment(1);
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "changes of vectors could not be copied to Qdrant; will try again"
                    );
                    pause = (pause * 2).min(PAUSES[1]);
                    pause
                }
            };
            if wait <= TICK {
                pause = PAUSES[0];
            }
            if stop.run_until_cancelled(sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    async fn switch_off(&self) -> anyhow::Result<MirrorStep> {
        let mut tx = self.database.as_system().await?;
        let state = mirror_queue::state(&mut tx).await?;
        drop(tx);
        if state != Mirror::Off {
            mirror_queue::switch_off(&self.database).await?;
            tracing::info!("vectors are not mirrored any more; the collection in Qdrant can be deleted");
        }
        Ok(MirrorStep::Over)
    }

    async fn update(&self, qdrant: &Qdrant) -> anyhow::Result<MirrorStep> {
        let mut tx = self.database.as_system().await?;
        mirror_queue::lock(&mut tx).await?;
        let step = match mirror_queue::state(&mut tx).await? {
            Mirror::Off => {
                mirror_queue::switch_on(&self.database).await?;
                return Ok(MirrorStep::More);
            }
            Mirror::Empty => {
                // The former collection may contain vectors of people who were erased.
                qdrant.create().await?;
                mirror_queue::fill(&self.database, &mut tx).await?;
                tracing::info!("the mirror of the vectors is being filled");
                MirrorStep::More
            }
            Mirror::Filling => {
                if !mirror_queue::fill(&self.database, &mut tx).await? {
                    tracing::info!("all vectors are queued for the mirror");
                }
                MirrorStep::More
            }
            Mirror::Filled => {
                let changes = mirror_queue::pending(&mut tx, BATCH).await?;
                let Some(first) = changes.first() else {
                    // Checks that the copied vectors are still there.
                    if qdrant.exists().await? {
                        return Ok(MirrorStep::Nothing);
                    }
                    return self.refill(tx).await;
                };
                let user = UserId(first.user_id);
                let passages: BTreeSet<Uuid> = changes.iter().map(|change| change.passage_id).collect();
                match self.copy_changes(qdrant, user, passages).await {
                    Ok(()) => mirror_queue::mark_mirrored(&mut tx, &changes).await?,
                    Err(MirrorError::Qdrant(QdrantError::Lost)) => return self.refill(tx).await,
                    Err(error) => return Err(error.into()),
                }
                metrics::counter!("self_vectors_mirrored_total").increment(changes.len() as u64);
                MirrorStep::More
            }
        };
        tx.commit().await?;
        Ok(step)
    }

    async fn copy_changes(
        &self,
        qdrant: &Qdrant,
        user: UserId,
        passages: BTreeSet<Uuid>,
    ) -> Result<(), MirrorError> {
        let mut gone = passages;
        let wanted: Vec<Uuid> = gone.iter().copied().collect();
        let mut own = self.database.as_user(user).await?;
        let vectors = mirror_queue::vectors(&mut own, &wanted).await?;
        drop(own);
        for vector in &vectors {
            gone.remove(&vector.id);
        }
        qdrant.upsert(user, &vectors).await?;
        qdrant.delete(&gone.into_iter().collect::<Vec<_>>()).await?;
        Ok(())
    }

    async fn refill(&self, mut tx: SystemTx) -> anyhow::Result<MirrorStep> {
        mirror_queue::refill(&mut tx).await?;
        tx.commit().await?;
        tracing::warn!("Qdrant has lost the vectors; they are copied there again");
        Ok(MirrorStep::More)
    }
}

/// The result of one step.
enum MirrorStep {
    /// There may be more to do at once.
    More,
    /// There was nothing to do.
    Nothing,
    /// There will never be anything to do.
    Over,
}

/// The errors of a step.
#[derive(Debug, thiserror::Error)]
enum MirrorError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Qdrant(#[from] QdrantError),
}
