//! The summarizer: any service that speaks OpenAI's chat completions, on this machine or elsewhere.
//! There is none unless somebody configures it.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use self_shared::config::{Secret, SummarizerConfig};
use serde::Deserialize;
use serde_json::json;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// How long a service may take to be reached.
const REACH: Duration = Duration::from_secs(5);

/// A configured service.
#[derive(Clone, Debug)]
pub struct Summarizer {
    http: Client,
    url: String,
    model: String,
    api_key: Option<Secret>,
}

/// What a service answered, and what it says it is.
#[derive(Clone, Debug)]
pub struct ChatCompletion {
    /// The text.
    pub text: String,
    /// The model as the service names it: with its version, as a rule.
    pub model: String,
}

/// Why there is no answer. All of it may be well again later.
#[derive(Debug, thiserror::Error)]
pub enum SummarizeError {
    /// It could not be reached, or did not answer in time.
    #[error("the summarizer does not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// It refused.
    #[error("the summarizer answered {0}: look at SUMMARIZER_URL, SUMMARIZER_MODEL and SUMMARIZER_API_KEY")]
    Refused(StatusCode),
    /// It talks and talks.
    #[error("the summarizer's answer is longer than {LONGEST} bytes")]
    TooLong,
    /// It answered something else than a completion.
    #[error("the summarizer's answer is not a chat completion: {0}")]
    NotACompletion(#[from] serde_json::Error),
    /// It answered nothing.
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
    /// A service that is asked when it is needed.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &SummarizerConfig) -> reqwest::Result<Self> {
        let http = Client::builder().connect_timeout(REACH).timeout(config.timeout).build()?;
        let url = config.address();
        Ok(Self { http, url, model: config.model.clone(), api_key: config.api_key.clone() })
    }

    /// The model that is asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Asks: what is to be done, and with what.
    ///
    /// # Errors
    /// [`SummarizeError`].
    pub async fn complete(&self, task: &str, material: &str) -> Result<ChatCompletion, SummarizeError> {
        let body = json!({
            "model": self.model,
            "temperature": 0,
            "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": material}],
        });
        let mut request = self.http.post(&self.url).json(&body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose());
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
