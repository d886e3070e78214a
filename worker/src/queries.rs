//! Answers the API's queries to the workers: the vector of a sentence.

use std::sync::{Arc, Mutex, PoisonError};

use self_shared::bus::{Bus, QueryEmbedding};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use self_language::models::{EmbedError, Embedder};

/// Answers queries until stopped. The embedder serves queries only, since a person waits for the answer.
pub async fn answer(bus: Bus, embedder: Arc<Mutex<dyn Embedder + Send>>, stop: CancellationToken) {
    bus.serve_embedding(stop, move |text| {
        let embedder = Arc::clone(&embedder);
        async move {
            let embedded = spawn_blocking(move || embed(&embedder, &text)).await;
            match embedded {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the embedder broke off".to_owned()),
            }
        }
    })
    .await;
}

fn embed(embedder: &Mutex<dyn Embedder + Send>, text: &str) -> Result<QueryEmbedding, EmbedError> {
    let mut embedder = embedder.lock().unwrap_or_else(PoisonError::into_inner);
    let model = embedder.id();
    let embedding = embedder.embed(&[text])?.pop().unwrap_or_default();
    Ok(QueryEmbedding {
        model: model.name.into_owned(),
        model_version: model.version.into_owned(),
        embedding,
    })
}
