//! Qdrant for a test: a real server if `SELF_TEST_QDRANT_URL` names one; otherwise Qdrant's own engine
//! behind a server of this project (`ops/qdrant.py`), which a test may stop and start.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::at_the_end;
use crate::person::client;
use crate::stack::Setup;
use crate::{Process, Stack, environment, eventually, ports};

/// A vector store. Removed when dropped.
#[derive(Debug)]
pub struct Qdrant {
    url: String,
    api_key: String,
    /// The prefix of its collections.
    namespace: String,
    own: Option<Own>,
}

/// A server that belongs to one test.
#[derive(Debug)]
struct Own {
    folder: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Qdrant {
    /// Starts a server and waits until it answers, or uses the given one.
    pub async fn start() -> Self {
        if let Some(url) = environment::perhaps("QDRANT_URL") {
            let api_key = environment::perhaps("QDRANT_API_KEY").unwrap_or_default();
            return Self { url, api_key, namespace: String::new(), own: None };
        }
        let folder = environment::run().join(format!("qdrant-{}", Uuid::now_v7().simple()));
        let port = ports::free();
        let mut qdrant = Self {
            url: format!("http://127.0.0.1:{port}"),
            api_key: format!("key-{}", Uuid::new_v4().simple()),
            namespace: String::new(),
            own: Some(Own { folder, port, process: None }),
        };
        qdrant.start_again().await;
        qdrant
    }

    /// Whether a test may stop it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Kills the test's own server.
    pub fn stop(&mut self) {
        self.own.as_mut().unwrap().process = None;
    }

    /// Starts the test's own server again, at the same port and with its data.
    pub async fn start_again(&mut self) {
        let own = self.own.as_mut().unwrap();
        fs::create_dir_all(&own.folder).unwrap();
        let script = environment::sources().join("ops/qdrant.py").display().to_string();
        let (port, data) = (own.port.to_string(), own.folder.join("data").display().to_string());
        let arguments = [script.as_str(), &port, &data, &self.api_key];
        let variables = [("PYTHONPATH".to_owned(), environment::given("QDRANT"))];
        own.process = Some(Process::start(
            "qdrant",
            (Path::new("/usr/bin/env"), &["python3"].into_iter().chain(arguments).collect::<Vec<_>>()),
            variables,
            &own.folder,
        ));
        eventually("Qdrant to answer", async || {
            self.ask(Method::GET, "any", "/exists", None).await.map(|_| ())
        })
        .await;
    }

    /// The setup of a stack that uses it.
    pub fn setup(&self) -> Setup {
        Stack::setup().with("QDRANT_URL", &self.url).with("QDRANT_API_KEY", &self.api_key)
    }

    /// Starts a stack that uses it, and waits until the mirror is filled.
    pub async fn stack(&mut self) -> Stack {
        let stack = self.setup().start().await;
        self.namespace.clone_from(&stack.namespace);
        filled(&stack).await;
        stack
    }

    /// The number of vectors of a person; none if it does not answer or has no collection.
    pub async fn holds(&self, stack: &Stack, person: Uuid) -> Option<u64> {
        let filter = json!({"filter": {"must": [{"key": "user_id", "match": {"value": person}}]}});
        let collection = format!("{}-passages", stack.namespace);
        let counted = self.ask(Method::POST, &collection, "/points/count", Some(filter)).await?;
        counted["result"]["count"].as_u64()
    }

    /// Deletes all vectors without the product.
    pub async fn lose(&self, stack: &Stack) {
        let collection = format!("{}-passages", stack.namespace);
        self.ask(Method::DELETE, &collection, "", None).await.unwrap();
    }

    async fn ask(&self, method: Method, collection: &str, path: &str, body: Option<Value>) -> Option<Value> {
        let address = format!("{}/collections/{collection}{path}", self.url.trim_end_matches('/'));
        let mut request = client().request(method, address).header("api-key", &self.api_key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.ok()?.json().await.ok()
    }
}

/// Waits until all changes are in the mirror, if the stack has one.
pub async fn carried(stack: &Stack) {
    eventually("vectors to be carried", async || {
        (stack.database.count("from vector_changes").await == 0).then_some(())
    })
    .await;
}

/// Waits until a stack uses its mirror for searches.
pub async fn filled(stack: &Stack) {
    eventually("the mirror to be filled", async || {
        (stack.database.count("from vector_mirror where filled_at is not null").await == 1).then_some(())
    })
    .await;
}

impl Drop for Qdrant {
    fn drop(&mut self) {
        match &mut self.own {
            Some(own) => {
                own.process = None;
                let _ = fs::remove_dir_all(&own.folder);
            }
            None if !self.namespace.is_empty() => {
                let collection = format!("{}-passages", self.namespace);
                at_the_end(async {
                    self.ask(Method::DELETE, &collection, "", None).await;
                });
            }
            None => {}
        }
    }
}
