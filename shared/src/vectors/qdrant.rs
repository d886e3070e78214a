//! The REST API of Qdrant (1.11 or later), as far as the product uses it.
//!
//! One collection has the vectors of all people. A point has the id of its passage, and as payload the
//! person and the model, but no text and no times. Queries compare exactly, among the points of one person,
//! so no graph is built.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::QdrantConfig;
use crate::database::mirror::Vector;
use crate::domain::UserId;

/// The time limit of a search, after which PostgreSQL searches instead.
const PATIENCE: Duration = Duration::from_secs(2);
/// The time limit of a change: shorter than the limit of an idle transaction.
const PATIENCE_WITH_CHANGES: Duration = Duration::from_secs(6);
/// The dimensions of the vectors in the tables.
const DIMENSIONS: usize = 384;

/// The errors of Qdrant, without its address and key.
#[derive(Debug, thiserror::Error)]
pub enum QdrantError {
    /// `QDRANT_URL` is invalid.
    #[error("QDRANT_URL is no address: it looks like http://127.0.0.1:6333")]
    Address,
    /// It does not answer, or the answer is incomplete.
    #[error("Qdrant does not answer: {0}")]
    Unreachable(reqwest::Error),
    /// The collection does not exist.
    #[error("Qdrant has lost the collection")]
    Lost,
    /// It returned an error status.
    #[error("Qdrant refuses: {0} {1}")]
    Refused(u16, String),
}

/// A collection in Qdrant. Cheap to clone.
#[derive(Clone)]
pub(super) struct Qdrant {
    http: Client,
    base: Url,
    api_key: Option<SecretString>,
    collection: String,
}

impl std::fmt::Debug for Qdrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Qdrant").field("collection", &self.collection).finish_non_exhaustive()
    }
}

/// The common shape of Qdrant's answers.
#[derive(Deserialize)]
struct Answered<T> {
    result: T,
}

#[derive(Deserialize)]
struct Exists {
    exists: bool,
}

#[derive(Deserialize)]
struct ScoredPoint {
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    id: Uuid,
    score: f64,
}

impl Qdrant {
    pub(super) fn new(config: &QdrantConfig, namespace: &str) -> Result<Self, QdrantError> {
        let base = Url::parse(&config.url).map_err(|_| QdrantError::Address)?;
        if base.cannot_be_a_base() || !["http", "https"].contains(&base.scheme()) {
            return Err(QdrantError::Address);
        }
        let http = Client::builder().connect_timeout(PATIENCE).build().map_err(QdrantError::Unreachable)?;
        Ok(Self { http, base, api_key: config.api_key.clone(), collection: format!("{namespace}-passages") })
    }

    /// Checks that it answers.
    pub(super) async fn probe(&self) -> Result<(), QdrantError> {
        self.exists().await.map(|_| ())
    }

    /// Whether the collection exists.
    pub(super) async fn exists(&self) -> Result<bool, QdrantError> {
        let asked = self.ask(Method::GET, "/exists", None, PATIENCE).await?;
        Ok(read::<Exists>(asked).await?.exists)
    }

    /// Creates an empty collection, and deletes the former one.
    pub(super) async fn create(&self) -> Result<(), QdrantError> {
        match self.ask(Method::DELETE, "", None, PATIENCE_WITH_CHANGES).await {
            Ok(_) | Err(QdrantError::Lost) => {}
            Err(error) => return Err(error),
        }
        let collection = json!({
            "vectors": { "size": DIMENSIONS, "distance": "Cosine", "datatype": "float16" },
            "hnsw_config": { "m": 0 },
        });
        self.ask(Method::PUT, "", Some(collection), PATIENCE_WITH_CHANGES).await?;
        // The points of all people are stored together; this index lets those of one person be read without
        // the others.
        let index = json!({ "field_name": "user_id", "field_schema": { "type": "uuid", "is_tenant": true } });
        self.ask(Method::PUT, "/index?wait=true", Some(index), PATIENCE_WITH_CHANGES).await.map(|_| ())
    }

    /// Inserts or replaces points of a person.
    pub(super) async fn upsert(&self, user: UserId, vectors: &[Vector]) -> Result<(), QdrantError> {
        if vectors.is_empty() {
            return Ok(());
        }
        let point = |vector: &Vector| {
            json!({
                "id": vector.id,
                "vector": vector.embedding,
                "payload": { "user_id": user.0, "model": vector.model },
            })
        };
        let points = json!({ "points": vectors.iter().map(point).collect::<Vec<_>>() });
        self.ask(Method::PUT, "/points?wait=true", Some(points), PATIENCE_WITH_CHANGES).await.map(|_| ())
    }

    /// Deletes points. It is no error if they do not exist.
    pub(super) async fn delete(&self, ids: &[Uuid]) -> Result<(), QdrantError> {
        if ids.is_empty() {
            return Ok(());
        }
        let points = json!({ "points": ids });
        self.ask(Method::POST, "/points/delete?wait=true", Some(points), PATIENCE_WITH_CHANGES)
            .await
            .map(|_| ())
    }

    /// Deletes all points of a person. It is no error if there is no collection.
    pub(super) async fn forget(&self, user: UserId) -> Result<(), QdrantError> {
        let points = json!({ "filter": { "must": [matches("user_id", &json!(user.0))] } });
        let asked =
            self.ask(Method::POST, "/points/delete?wait=true", Some(points), PATIENCE_WITH_CHANGES).await;
        match asked {
            Ok(_) | Err(QdrantError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Finds the points of a person that are most similar to a vector, best first, with their similarity.
    pub(super) async fn nearest(
        &self,
        user: UserId,
        model: &str,
        question: &[f32],
        limit: usize,
    ) -> Result<Vec<(Uuid, f64)>, QdrantError> {
        let query = json!({
            "query": question,
            "filter": { "must": [matches("user_id", &json!(user.0)), matches("model", &json!(model))] },
            "params": { "exact": true },
            "limit": limit,
        });
        let asked = self.ask(Method::POST, "/points/query", Some(query), PATIENCE).await?;
        let found: ScoredPoint = read(asked).await?;
        Ok(found.points.into_iter().map(|point| (point.id, point.score)).collect())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        patience: Duration,
    ) -> Result<reqwest::Response, QdrantError> {
        let base = self.base.as_str().trim_end_matches('/');
        let address = format!("{base}/collections/{}{path}", self.collection);
        let mut request = self.http.request(method, address).timeout(patience);
        if let Some(key) = &self.api_key {
            request = request.header("api-key", key.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(unreachable)?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND => Err(QdrantError::Lost),
            status => {
                let mut said = response.text().await.unwrap_or_default();
                said.truncate(said.char_indices().nth(300).map_or(said.len(), |(at, _)| at));
                Err(QdrantError::Refused(status.as_u16(), said))
            }
        }
    }
}

fn matches(key: &str, value: &Value) -> Value {
    json!({ "key": key, "match": { "value": value } })
}

async fn read<T: for<'de> Deserialize<'de>>(response: reqwest::Response) -> Result<T, QdrantError> {
    let answered: Answered<T> = response.json().await.map_err(unreachable)?;
    Ok(answered.result)
}

/// Removes the address from an error.
fn unreachable(error: reqwest::Error) -> QdrantError {
    QdrantError::Unreachable(error.without_url())
}
