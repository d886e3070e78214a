//! A server for OpenAI's chat completions, whose answers a test sets: no capable language model is
//! available from a package registry.

use std::sync::{Arc, Mutex, PoisonError};

use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::listener::TcpListener;
use poem::middleware::AddData;
use poem::web::{Data, Json};
use poem::{EndpointExt, Request, Response, Route, Server, handler, post};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::ports;

/// The server; it stops with the test.
#[derive(Debug)]
pub struct Completions {
    port: u16,
    told: Arc<Mutex<Told>>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Told {
    says: String,
    asked: Vec<Asked>,
}

/// A request that it received.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body of the request.
    pub body: Value,
}

impl Completions {
    /// A server that gives this answer; it starts with [`Self::serve`].
    #[must_use]
    pub fn saying(says: &Value) -> Self {
        let told = Told { says: says.to_string(), asked: Vec::new() };
        Self { port: ports::free(), told: Arc::new(Mutex::new(told)), serving: None }
    }

    /// Starts to serve.
    pub fn serve(&mut self) {
        let route = Route::new()
            .at("/v1/chat/completions", post(complete))
            .at("/*any", make_sync(|_| StatusCode::NOT_FOUND))
            .with(AddData::new(Arc::clone(&self.told)));
        let server = Server::new(TcpListener::bind(("127.0.0.1", self.port))).run(route);
        self.serving = Some(tokio::spawn(async { server.await.unwrap() }));
    }

    /// The value for `SUMMARIZER_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The requests so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

#[handler]
fn complete(request: &Request, body: Json<Value>, told: Data<&Arc<Mutex<Told>>>) -> Response {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.asked
        .push(Asked { authorization: request.header("authorization").map(str::to_owned), body: body.0 });
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": told.says}});
    let answer = json!({"object": "chat.completion", "model": "parrot-2026-11", "choices": [choice]});
    Response::builder().content_type("application/json").body(answer.to_string())
}
