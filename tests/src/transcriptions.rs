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
    /// Whether the sound of the first request is always refused with 400.
    refuses_first: bool,
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
    /// The status of the answer.
    pub status: u16,
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
            refuses_first: false,
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

    /// Refuses the sound of the first request whenever it is sent; every other sound is answered.
    pub fn refuses_the_first_sound(&self) {
        self.lock().refuses_first = true;
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
    let is_first = told.asked.first().is_none_or(|first| first.file == asked.file);
    let status = if told.patience == Some(0) {
        StatusCode::TOO_MANY_REQUESTS
    } else if told.refuses_first && is_first {
        StatusCode::BAD_REQUEST
    } else {
        told.status
    };
    told.asked.push(Asked { status: status.as_u16(), ..asked });
    told.patience = told.patience.map(|requests| requests.saturating_sub(1));
    let answer = Response::builder().status(status).content_type("application/json");
    match told.retry_after.filter(|_| status == StatusCode::TOO_MANY_REQUESTS) {
        Some(seconds) => answer.header("retry-after", seconds).body(told.says.clone()),
        None => answer.body(told.says.clone()),
    }
}
