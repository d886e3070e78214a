//! Reuses known vectors: when a transcript was corrected or a file was changed, only the changed texts are
//! embedded.

use std::collections::HashMap;

use self_language::models::{EmbedError, Embedder};
use self_shared::database::embeddings::{self, Embedded};
use self_shared::domain::job::JobError;
use self_shared::domain::model::ModelId;
use uuid::Uuid;

use super::super::JobContext;
use super::super::transcript::Transcript;
use crate::engine::RunningJob;

/// The stored vectors of the texts of a transcript or a file.
#[derive(Default)]
pub(in crate::jobs) struct EmbeddingCache(Vec<Embedded>);

impl EmbeddingCache {
    pub(super) async fn load(
        context: &JobContext,
        running_job: &RunningJob,
        transcript: &Transcript,
    ) -> Result<Self, JobError> {
        let mut tx = context.database.as_user(running_job.user()?).await?;
        Ok(Self(embeddings::of_transcription(&mut tx, transcript.id).await?))
    }

    pub(in crate::jobs) async fn of_file(
        context: &JobContext,
        running_job: &RunningJob,
        file: Uuid,
    ) -> Result<Self, JobError> {
        let mut tx = context.database.as_user(running_job.user()?).await?;
        Ok(Self(embeddings::of_file(&mut tx, file).await?))
    }

    /// An embedder that computes only the vectors that are not stored.
    pub(in crate::jobs) fn before(self, embedder: &mut dyn Embedder) -> impl Embedder {
        let ModelId { name, version } = embedder.id();
        let same = self.0.into_iter().filter(|one| one.model == name && one.model_version == version);
        CachedEmbedder { known: same.map(|one| (one.text, one.embedding)).collect(), embedder }
    }
}

struct CachedEmbedder<'a> {
    known: HashMap<String, Vec<f32>>,
    embedder: &'a mut dyn Embedder,
}

impl Embedder for CachedEmbedder<'_> {
    fn id(&self) -> ModelId {
        self.embedder.id()
    }

    fn dimensions(&self) -> usize {
        self.embedder.dimensions()
    }

    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let unknown: Vec<&str> =
            texts.iter().copied().filter(|text| !self.known.contains_key(*text)).collect();
        let mut fresh = self.embedder.embed(&unknown)?.into_iter();
        let vectors = texts.iter().map(|text| match self.known.get(*text) {
            Some(vector) => vector.clone(),
            None => fresh.next().unwrap_or_default(),
        });
        Ok(vectors.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records the texts that it is asked for; its vectors are their lengths.
    struct Asked(Vec<String>);

    impl Embedder for Asked {
        fn id(&self) -> ModelId {
            ModelId::known("lengths", "1")
        }

        fn dimensions(&self) -> usize {
            1
        }

        fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
            self.0.extend(texts.iter().map(|text| (*text).to_owned()));
            Ok(texts.iter().map(|text| vec![text.len() as f32]).collect())
        }
    }

    #[test]
    fn only_what_is_not_known_is_embedded_and_all_stay_in_order() {
        let row = |text: &str, version: &str| Embedded {
            text: text.to_owned(),
            embedding: vec![-1.0],
            model: "lengths".to_owned(),
            model_version: version.to_owned(),
        };
        let known = EmbeddingCache(vec![row("old", "1"), row("new", "0")]);
        let mut asked = Asked(Vec::new());
        let vectors = known.before(&mut asked).embed(&["newer", "old", "new"]).unwrap();
        assert_eq!(vectors, [[5.0], [-1.0], [3.0]]);
        assert_eq!(asked.0, ["newer", "new"]);
    }
}
