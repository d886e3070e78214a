//! Qdrant, by its REST API (1.11 or later): the part of it that is needed, and nothing else of the
//! product knows of it.
//!
//! One collection holds everybody's vectors; a point has the id of its passage, and the person and
//! the model as payload: no text, no time, nothing of what was said. Questions are answered exactly,
//! among the points of one person, so no graph is built.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::QdrantConfig;
use crate::database::mirror::Vector;
use crate::domain::UserId;

/// How long a search waits before PostgreSQL does it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a change may take: less than a transaction may wait.
const PATIENCE_WITH_CHANGES: Duration = Duration::from_secs(6);
/// The numbers of a vector, as the tables have them.
const DIMENSIONS: usize = 384;

/// What went wrong between here and Qdrant. Its address and key are not told.
#[derive(Debug, thiserror::Error)]
pub enum QdrantError {
    /// `QDRANT_URL` is no address.
    #[error("QDRANT_URL is no address: it looks like http://127.0.0.1:6333")]
    Address,
    /// It does not answer, or breaks off.
    #[error("Qdrant does not answer: {0}")]
    Unreachable(reqwest::Error),
    /// There is no collection of ours.
    #[error("Qdrant has lost the collection")]
    Lost,
    /// It answers something else than was asked for.
    #[error("Qdrant refuses: {0} {1}")]
    Refused(u16, String),
}

/// A collection in Qdrant. Cheap to clone.
#[derive(Clone)]
pub(super) struct Qdrant {
    http: Client,
    base: Url,
    api_key: Option<crate::config::Secret>,
    collection: String,
}

impl std::fmt::Debug for Qdrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Qdrant").field("collection", &self.collection).finish_non_exhaustive()
    }
}

/// What Qdrant answers to everything.
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

    /// Whether it answers.
    pub(super) async fn probe(&self) -> Result<(), QdrantError> {
        self.exists().await.map(|_| ())
    }

    /// Whether the collection is there.
    pub(super) async fn exists(&self) -> Result<bool, QdrantError> {
        let asked = self.ask(Method::GET, "/exists", None, PATIENCE).await?;
        Ok(read::<Exists>(asked).await?.exists)
    }

    /// An empty collection in the place of whatever was there.
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
        // Everybody's points lie together, and are read without those of others.
        let index = json!({ "field_name": "user_id", "field_schema": { "type": "uuid", "is_tenant": true } });
        self.ask(Method::PUT, "/index?wait=true", Some(index), PATIENCE_WITH_CHANGES).await.map(|_| ())
    }

    /// Writes a person's points down, in place of those with the same ids.
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

    /// Removes points; those that are not there are removed already.
    pub(super) async fn delete(&self, ids: &[Uuid]) -> Result<(), QdrantError> {
        if ids.is_empty() {
            return Ok(());
        }
        let points = json!({ "points": ids });
        self.ask(Method::POST, "/points/delete?wait=true", Some(points), PATIENCE_WITH_CHANGES)
            .await
            .map(|_| ())
    }

    /// Removes all points of a person. Where there is no collection, there are none.
    pub(super) async fn forget(&self, user: UserId) -> Result<(), QdrantError> {
        let points = json!({ "filter": { "must": [matches("user_id", &json!(user.0))] } });
        let asked =
            self.ask(Method::POST, "/points/delete?wait=true", Some(points), PATIENCE_WITH_CHANGES).await;
        match asked {
            Ok(_) | Err(QdrantError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The points of a person that are most similar to a question, best first, with their similarity.
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
            request = request.header("api-key", key.expose());
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

/// An error that does not tell the address.
fn unreachable(error: reqwest::Error) -> QdrantError {
    QdrantError::Unreachable(error.without_url())
}
