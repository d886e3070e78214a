//! A server for OpenAI's audio transcriptions, whose answers a test sets: the weights of Whisper are not
//! available from a package registry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::listener::TcpListener;
use poem::middleware::AddData;
use poem::web::{Data, Multipart};
use poem::{EndpointExt, Request, Response, Route, Server, handler, post};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::ports;

/// The server; it stops with the test.
#[derive(Debug)]
pub struct Transcriptions {
    port: u16,
    told: Arc<Mutex<Told>>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Told {
    status: StatusCode,
    says: String,
    /// The seconds in `Retry-After` of its refusals.
    retry_after: Option<u32>,
    /// How many more requests are answered normally; later ones are refused with 429.
    patience: Option<usize>,
    asked: Vec<Asked>,
}

/// A request that it received.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The fields of the form besides the sound, each with its values.
    pub fields: BTreeMap<String, Vec<String>>,
    /// The sound, as a file.
    pub file: Vec<u8>,
}

impl Transcriptions {
    /// A server that gives this answer; it starts with [`Self::serve`].
    #[must_use]
    pub fn answering(says: &Value) -> Self {
        let told = Told {
            status: StatusCode::OK,
            says: says.to_string(),
            retry_after: None,
            patience: None,
            asked: Vec::new(),
        };
        Self { port: ports::free(), told: Arc::new(Mutex::new(told)), serving: None }
    }

    /// Starts to serve.
    pub fn serve(&mut self) {
        let route = Route::new()
            .at("/v1/audio/transcriptions", post(transcribe))
            .at("/*any", make_sync(|_| StatusCode::NOT_FOUND))
            .with(AddData::new(Arc::clone(&self.told)));
        let server = Server::new(TcpListener::bind(("127.0.0.1", self.port))).run(route);
        self.serving = Some(tokio::spawn(async { server.await.unwrap() }));
    }

    /// Sets the answer from now on.
    pub fn answers(&self, status: u16, says: &Value) {
        let mut told = self.lock();
        told.status = StatusCode::from_u16(status).unwrap();
        told.says = says.to_string();
        told.patience = None;
    }

    /// Refuses requests after this many more.
    pub fn tires_after(&self, requests: usize) {
        self.lock().patience = Some(requests);
    }

    /// Sends this `Retry-After` with every refusal.
    pub fn asks_for_a_pause_of(&self, seconds: u32) {
        self.lock().retry_after = Some(seconds);
    }

    /// The address, without a path.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The value for `TRANSCRIBER_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.host())
    }

    /// The requests so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Transcriptions {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

#[handler]
async fn transcribe(request: &Request, mut form: Multipart, told: Data<&Arc<Mutex<Told>>>) -> Response {
    let authorization = request.header("authorization").map(str::to_owned);
    let mut asked = Asked { authorization, ..Asked::default() };
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.unwrap_or_default();
        if name == "file" {
            asked.file = value;
        } else {
            asked.fields.entry(name).or_default().push(String::from_utf8(value).unwrap());
        }
    }
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.asked.push(asked);
    if told.patience == Some(0) {
        let refusal = Response::builder().status(StatusCode::TOO_MANY_REQUESTS);
        return match told.retry_after {
            Some(seconds) => refusal.header("retry-after", seconds).finish(),
            None => refusal.finish(),
        };
    }
    told.patience = told.patience.map(|requests| requests - 1);
    Response::builder().status(told.status).content_type("application/json").body(told.says.clone())
}
