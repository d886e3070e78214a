//! Request and reply between the API and the workers: the vector of a query.

use std::time::Duration;

use async_nats::RequestErrorKind;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Bus, BusError};

/// The vector of a query, with the model that computed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryEmbedding {
    /// The model's name. Only vectors of the same model can be compared.
    pub model: String,
    pub model_version: String,
    pub embedding: Vec<f32>,
}

/// The reason why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// No worker listens, or NATS is away.
    #[error("no worker is there to answer")]
    NoWorker,
    /// A worker listens but did not answer in time.
    #[error("no worker answered in time")]
    TooSlow,
    /// A worker answered with an error.
    #[error("the worker could not: {0}")]
    Refused(String),
}

impl Bus {
    /// Requests the vector of a query from the workers.
    ///
    /// # Errors
    /// When there is no answer within `deadline`.
    pub async fn embed_query(&self, text: &str, deadline: Duration) -> Result<QueryEmbedding, EmbedError> {
        if !self.is_connected() {
            return Err(EmbedError::NoWorker);
        }
        let request = self.client.request(self.embed_subject(), text.as_bytes().to_vec().into());
        let reply = match tokio::time::timeout(deadline, request).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) if error.kind() == RequestErrorKind::TimedOut => return Err(EmbedError::TooSlow),
            Ok(Err(_)) => return Err(EmbedError::NoWorker),
            Err(_) => return Err(EmbedError::TooSlow),
        };
        match serde_json::from_slice(&reply.payload) {
            Ok(Ok(embedding)) => Ok(embedding),
            Ok(Err(reason)) => Err(EmbedError::Refused(reason)),
            Err(error) => Err(EmbedError::Refused(error.to_string())),
        }
    }

    /// Answers requests with `embed` until stopped, one at a time. Each takes milliseconds, and NATS
    /// distributes the requests among the workers.
    pub async fn serve_embedding<F, Answer>(&self, stop: CancellationToken, embed: F)
    where
        F: Fn(String) -> Answer + Send + Sync,
        Answer: Future<Output = Result<QueryEmbedding, String>> + Send,
    {
        let serve = async {
            loop {
                if let Err(error) = self.answer(&embed).await {
                    tracing::debug!(%error, "not answering queries; will try again");
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        stop.run_until_cancelled(serve).await;
    }

    async fn answer<F, Answer>(&self, embed: &F) -> Result<(), BusError>
    where
        F: Fn(String) -> Answer + Send + Sync,
        Answer: Future<Output = Result<QueryEmbedding, String>> + Send,
    {
        let queue = self.embed_subject();
        let mut requests = self.client.queue_subscribe(queue.clone(), queue).await.map_err(BusError::new)?;
        while let Some(request) = requests.next().await {
            let Some(reply_to) = request.reply else { continue };
            let answer = match String::from_utf8(request.payload.into()) {
                Ok(text) => embed(text).await,
                Err(_) => Err("the query is not UTF-8".to_owned()),
            };
            let payload = serde_json::to_vec(&answer).expect("an answer is made of strings and numbers");
            self.client.publish(reply_to, payload.into()).await.map_err(BusError::new)?;
        }
        Ok(())
    }

    fn embed_subject(&self) -> String {
        format!("{}.embed", self.namespace)
    }
}
