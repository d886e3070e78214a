//! The remote transcriber: any service with OpenAI's audio transcriptions (`POST /audio/transcriptions`,
//! answered as `verbose_json`), on this machine or another one. There is none unless somebody configures
//! it.

mod answer;
mod json;
mod languages;
mod note;
mod part;
mod refusals;
mod token;
mod wave;
mod word_times;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use self_shared::config::{Fallback, TranscriberConfig};
use self_shared::domain::language;
use self_shared::domain::model::{ModelDescription, ModelId};
use tokio::sync::{Semaphore, SemaphorePermit};

use self::refusals::Refusals;
use super::transcriber::Utterance;
use crate::models::SAMPLE_RATE;

/// The longest response that is read, in bytes. A chunk of 13 s with times of words takes 20 KiB.
const LONGEST: usize = 256 * 1024;
/// The longest time to connect to the service.
const REACH: Duration = Duration::from_secs(5);
/// The tag of an unknown language (RFC 5646, section 4.1).
pub const UNDETERMINED: &str = "und";
/// The time without requests after the service was away, if the model of this worker can replace it.
const PAUSE: Duration = Duration::from_secs(20);
/// The longest time without requests because the service asks for it (`Retry-After`).
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// A configured service. All recordings of a worker share it.
#[derive(Debug)]
pub struct RemoteTranscriber {
    http: Client,
    url: String,
    host: String,
    model: String,
    api_key: Option<SecretString>,
    languages: Vec<String>,
    fallback: Fallback,
    slots: Semaphore,
    away_until: Mutex<Option<Instant>>,
    /// The time before which the service asked for no more requests.
    busy_until: Mutex<Option<Instant>>,
    refusals: Refusals,
}

/// The right to send one chunk: few are sent at once.
#[derive(Debug)]
pub struct Turn<'a> {
    remote: &'a RemoteTranscriber,
    _slot: SemaphorePermit<'a>,
}

/// The reason why there is no transcription. A retry may help with each of them but [`Self::Chunk`].
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The service could not be reached, did not answer in time, or is overloaded.
    #[error("The transcriber at {host} does not answer at the moment ({reason}).")]
    Away { host: String, reason: String },
    /// The service refuses the request, and will do so until somebody changes the settings.
    #[error(
        "The transcriber at {host} refuses what it is sent (status {status}). Whoever runs this server looks at \
         {}.",
        settings(*.status)
    )]
    Refused { host: String, status: StatusCode },
    /// The response is no transcription.
    #[error(
        "The transcriber at {host} answers something that is no transcription ({reason}). Whoever runs this \
         server looks at TRANSCRIBER_URL."
    )]
    Unusable { host: String, reason: String },
    /// The service has refused this chunk several times, while it accepts others.
    #[error("The transcriber at {host} refuses a part of this recording ({reason}).")]
    Chunk { host: String, reason: String },
    /// The person has forbidden that their sound leaves, and no model of this worker speaks the language.
    #[error("The sound of this recording may not be sent to {host} any more.")]
    Forbidden { host: String },
}

impl RemoteError {
    /// Whether the reason may be the chunk and not the service.
    fn is_about_the_chunk(&self) -> bool {
        const OF_THE_CHUNK: [StatusCode; 4] = [
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        match self {
            Self::Refused { status, .. } => OF_THE_CHUNK.contains(status),
            Self::Unusable { .. } => true,
            Self::Away { .. } | Self::Chunk { .. } | Self::Forbidden { .. } => false,
        }
    }
}

/// The settings that a refusal may be about.
fn settings(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "TRANSCRIBER_API_KEY",
        StatusCode::NOT_FOUND => "TRANSCRIBER_URL and TRANSCRIBER_MODEL",
        _ => "TRANSCRIBER_URL, TRANSCRIBER_MODEL and TRANSCRIBER_API_KEY",
    }
}

impl RemoteTranscriber {
    /// A client of the configured service. It connects at the first request.
    pub fn new(config: &TranscriberConfig) -> reqwest::Result<Self> {
        // Sound goes to the configured host only, never to the target of a redirect.
        let http = Client::builder()
            .connect_timeout(REACH)
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            url: config.address(),
            host: config.host().to_owned(),
            model: config.model.clone(),
            api_key: config.api_key.clone(),
            languages: config.languages.clone(),
            fallback: config.fallback,
            slots: Semaphore::new(config.concurrency),
            away_until: Mutex::new(None),
            busy_until: Mutex::new(None),
            refusals: Refusals::default(),
        })
    }

    /// The model that is requested. The protocol has no version of it.
    #[must_use]
    pub fn id(&self) -> ModelId {
        ModelId { name: self.model.clone().into(), version: "unknown".into() }
    }

    /// The public description of the model.
    #[must_use]
    pub fn description(&self) -> ModelDescription {
        ModelDescription { languages: self.languages.clone(), ..ModelDescription::default() }
    }

    /// `host[:port]`, which receives the sound.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How recordings are transcribed while the service is away.
    #[must_use]
    pub fn fallback(&self) -> Fallback {
        self.fallback
    }

    /// Whether the service speaks a language.
    #[must_use]
    pub fn speaks(&self, tag: &str) -> bool {
        language::speaks(&self.languages, tag)
    }

    /// Whether the service was away a moment ago: another request would only take time.
    #[must_use]
    pub fn is_away(&self) -> bool {
        is_ahead(&self.away_until) || is_ahead(&self.busy_until)
    }

    /// Waits while the allowed number of requests is running.
    ///
    /// # Errors
    /// [`RemoteError::Away`] while the service wants no requests.
    pub async fn turn(&self) -> Result<Turn<'_>, RemoteError> {
        let slot = self.slots.acquire().await.map_err(|_| self.away("it is shut down"))?;
        if is_ahead(&self.busy_until) {
            return Err(self.away("it asked to be left alone for a while"));
        }
        Ok(Turn { remote: self, _slot: slot })
    }

    /// The error of a chunk that was refused: the service's fault, unless it is the fault of this chunk.
    async fn refused(&self, samples: &[f32], tag: Option<&str>, error: RemoteError) -> RemoteError {
        if !self.refusals.add(samples) {
            return error;
        }
        // The silence has nothing of the person, and is asked for only once the service has refused the
        // chunk several times and has answered nothing else since.
        let silence = vec![0.0; SAMPLE_RATE as usize];
        let is_well = self.refusals.others_succeed(samples)
            || self.ask(&silence, tag, &AtomicBool::new(false)).await.is_ok();
        if !is_well {
            return error;
        }
        RemoteError::Chunk { host: self.host.clone(), reason: error.to_string() }
    }

    async fn ask(
        &self,
        samples: &[f32],
        tag: Option<&str>,
        sent: &AtomicBool,
    ) -> Result<Utterance, RemoteError> {
        let file = Part::bytes(wave::file(samples)).file_name("chunk.wav").mime_str("audio/wav");
        let mut form = Form::new()
            .part("file", file.map_err(|error| self.unusable(&error))?)
            .text("model", self.model.clone())
            .text("response_format", "verbose_json")
            .text("temperature", "0")
            .text("timestamp_granularities[]", "word")
            .text("timestamp_granularities[]", "segment");
        if let Some(tag) = tag {
            form = form.text("language", language::primary(tag).to_ascii_lowercase());
        }
        let mut request = self.http.post(&self.url).multipart(form);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = request.send().await;
        // Without a connection no sound was sent.
        if !response.as_ref().is_err_and(reqwest::Error::is_connect) {
            sent.store(true, Ordering::Relaxed);
        }
        let response = response.map_err(|error| self.unreachable(error))?;
        let bytes = self.read(response).await?;
        let length_ms = samples.len() as u64 * 1000 / u64::from(SAMPLE_RATE);
        let mut heard = answer::utterance(&bytes, length_ms).map_err(|error| self.unusable(&error))?;
        // The service may know several languages, so the result always names one, or that it is unknown.
        let only = || match &self.languages[..] {
            [only] => only.clone(),
            _ => UNDETERMINED.to_owned(),
        };
        heard.language = heard.language.or_else(|| tag.map(str::to_owned)).or_else(|| Some(only()));
        Ok(heard)
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, RemoteError> {
        let status = response.status();
        if status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
                .contains(&status)
        {
            if let Some(pause) = pause(&response) {
                *self.busy_until.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Instant::now() + pause);
            }
            return Err(self.away(&format!("status {status}")));
        }
        if status != StatusCode::OK {
            return Err(RemoteError::Refused { host: self.host.clone(), status });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if bytes.len() + chunk.len() > LONGEST {
                return Err(self.unusable(&format_args!("it is longer than {LONGEST} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn away(&self, reason: &str) -> RemoteError {
        RemoteError::Away { host: self.host.clone(), reason: reason.to_owned() }
    }

    fn unreachable(&self, error: reqwest::Error) -> RemoteError {
        let reason = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else {
            "the connection broke off"
        };
        tracing::debug!(error = %error.without_url(), host = self.host, "the remote transcriber does not answer");
        self.away(reason)
    }

    fn unusable(&self, reason: &dyn fmt::Display) -> RemoteError {
        RemoteError::Unusable { host: self.host.clone(), reason: reason.to_string() }
    }
}

impl Turn<'_> {
    /// Transcribes a chunk of mono sound at 16 kHz, and returns its language if that is known. `sent`
    /// becomes true once sound may have left.
    ///
    /// # Errors
    /// [`RemoteError::Chunk`] when it is useless to send this chunk again.
    pub async fn transcribe(
        self,
        samples: &[f32],
        tag: Option<&str>,
        sent: &AtomicBool,
    ) -> Result<Utterance, RemoteError> {
        let remote = self.remote;
        let answer = remote.ask(samples, tag, sent).await;
        let away = matches!(answer, Err(RemoteError::Away { .. })).then(|| Instant::now() + PAUSE);
        *remote.away_until.lock().unwrap_or_else(PoisonError::into_inner) = away;
        match answer {
            Ok(utterance) => {
                remote.refusals.succeeded(samples);
                Ok(utterance)
            }
            Err(error) if error.is_about_the_chunk() => Err(remote.refused(samples, tag, error).await),
            Err(error) => Err(error),
        }
    }
}

fn is_ahead(time: &Mutex<Option<Instant>>) -> bool {
    let time = *time.lock().unwrap_or_else(PoisonError::into_inner);
    time.is_some_and(|time| Instant::now() < time)
}

/// The time without requests that the service asks for, in seconds (RFC 9110, section 10.2.3). The form
/// with a date is not read, since clocks differ.
fn pause(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}
