//! The summarizer: any service with OpenAI's chat completions, on this machine or elsewhere. There is none
//! unless somebody configures it.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use self_shared::config::SummarizerConfig;
use serde::Deserialize;
use serde_json::json;

/// The longest response that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// The longest time to connect to the service.
const REACH: Duration = Duration::from_secs(5);

/// A configured service.
#[derive(Clone, Debug)]
pub struct Summarizer {
    http: Client,
    url: String,
    model: String,
    api_key: Option<SecretString>,
}

/// The response of a service, and the model that it names.
#[derive(Clone, Debug)]
pub struct ChatCompletion {
    /// The text.
    pub text: String,
    /// The name of the model in the response, usually with its version.
    pub model: String,
}

/// The reason why there is no summary. A retry may help with each of them.
#[derive(Debug, thiserror::Error)]
pub enum SummarizeError {
    /// The service could not be reached, or did not answer in time.
    #[error("the summarizer does not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The service refused the request.
    #[error("the summarizer answered {0}: look at SUMMARIZER_URL, SUMMARIZER_MODEL and SUMMARIZER_API_KEY")]
    Refused(StatusCode),
    /// The response is too long.
    #[error("the summarizer's answer is longer than {LONGEST} bytes")]
    TooLong,
    /// The response is no chat completion.
    #[error("the summarizer's answer is not a chat completion: {0}")]
    NotACompletion(#[from] serde_json::Error),
    /// The response contains no text.
    #[error("the summarizer's answer is empty")]
    Empty,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    model: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

impl Summarizer {
    /// A client of the configured service. It connects at the first request.
    pub fn new(config: &SummarizerConfig) -> reqwest::Result<Self> {
        let http = Client::builder().connect_timeout(REACH).timeout(config.timeout).build()?;
        let url = config.address();
        Ok(Self { http, url, model: config.model.clone(), api_key: config.api_key.clone() })
    }

    /// The model that is requested.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Sends a task and the text that it is about, and returns the completion.
    pub async fn complete(&self, task: &str, material: &str) -> Result<ChatCompletion, SummarizeError> {
        let body = json!({
            "model": self.model,
            "temperature": 0,
            "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": material}],
        });
        let mut request = self.http.post(&self.url).json(&body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        let mut response = request.send().await?;
        if response.status() != StatusCode::OK {
            return Err(SummarizeError::Refused(response.status()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > LONGEST {
                return Err(SummarizeError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let Answer { choices, model } = serde_json::from_slice(&bytes)?;
        let text = choices.into_iter().next().and_then(|choice| choice.message.content);
        let text = text.filter(|text| !text.trim().is_empty()).ok_or(SummarizeError::Empty)?;
        Ok(ChatCompletion { text, model: model.unwrap_or_else(|| self.model.clone()) })
    }
}
