//! A service that speaks OpenAI's audio transcriptions, with what it answers in the hands of a test:
//! weights of Whisper cannot be fetched from a package registry.

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

/// The service; it ends with the test.
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
    /// For how many seconds it asks to be left alone.
    retry_after: Option<u32>,
    /// How many more requests are answered like that, before all others are refused as too many.
    patience: Option<usize>,
    asked: Vec<Asked>,
}

/// What it was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The header by which whoever asks says who they are.
    pub authorization: Option<String>,
    /// The fields of the form besides the sound, each with its values.
    pub fields: BTreeMap<String, Vec<String>>,
    /// The sound, as a file.
    pub file: Vec<u8>,
}

impl Transcriptions {
    /// A service that answers with this, once it serves.
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

    /// Serves from now on.
    pub fn serve(&mut self) {
        let route = Route::new()
            .at("/v1/audio/transcriptions", post(transcribe))
            .at("/*any", make_sync(|_| StatusCode::NOT_FOUND))
            .with(AddData::new(Arc::clone(&self.told)));
        let server = Server::new(TcpListener::bind(("127.0.0.1", self.port))).run(route);
        self.serving = Some(tokio::spawn(async { server.await.unwrap() }));
    }

    /// Answers with this from now on.
    pub fn answers(&self, status: u16, says: &Value) {
        let mut told = self.lock();
        told.status = StatusCode::from_u16(status).unwrap();
        told.says = says.to_string();
        told.patience = None;
    }

    /// Refuses to answer, once it has answered so many more requests.
    pub fn tires_after(&self, requests: usize) {
        self.lock().patience = Some(requests);
    }

    /// Asks whoever it refuses to leave it alone for so many seconds.
    pub fn asks_for_a_pause_of(&self, seconds: u32) {
        self.lock().retry_after = Some(seconds);
    }

    /// Where it is, without its path.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What `TRANSCRIBER_URL` is set to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.host())
    }

    /// What it was asked until now.
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
