//! Models that other programs serve, on this machine or another, with the protocols of OpenAI.

use std::time::Duration;

use secrecy::SecretString;

use super::reader::Reader;

/// A service with OpenAI's chat completions.
#[derive(Clone, Debug)]
pub struct SummarizerConfig {
    /// `SUMMARIZER_URL`: the URL before `/chat/completions`, such as `http://127.0.0.1:11434/v1`.
    pub url: String,
    /// `SUMMARIZER_MODEL`
    pub model: String,
    /// `SUMMARIZER_API_KEY`, if the service needs one.
    pub api_key: Option<SecretString>,
    /// `SUMMARIZER_SECONDS`: how long one answer may take.
    pub timeout: Duration,
}

/// A service with OpenAI's audio transcriptions.
#[derive(Clone, Debug)]
pub struct TranscriberConfig {
    /// `TRANSCRIBER_URL`: the URL before `/audio/transcriptions`, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// `TRANSCRIBER_MODEL`
    pub model: String,
    /// `TRANSCRIBER_API_KEY`, if the service needs one.
    pub api_key: Option<SecretString>,
    /// `TRANSCRIBER_LANGUAGES`: its languages, as BCP 47 tags; any language when empty.
    pub languages: Vec<String>,
    /// `TRANSCRIBER_SECONDS`: how long the answer to one chunk, of up to 13 s of sound, may take.
    pub timeout: Duration,
    /// `TRANSCRIBER_CONCURRENCY`: chunks that each worker sends at once.
    pub concurrency: usize,
    /// `TRANSCRIBER_FALLBACK`
    pub fallback: Fallback,
}

/// What happens to a recording while the remote transcriber is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Its job waits and is retried.
    Wait,
    /// The model of the worker transcribes it, if it knows the language.
    Local,
}

impl SummarizerConfig {
    /// The URL to which transcripts are sent.
    #[must_use]
    pub fn address(&self) -> String {
        below(&self.url, "chat/completions")
    }

    /// The host to which transcripts are sent.
    #[must_use]
    pub fn host(&self) -> &str {
        host(&self.url)
    }
}

impl TranscriberConfig {
    /// The URL to which sound is sent.
    #[must_use]
    pub fn address(&self) -> String {
        below(&self.url, "audio/transcriptions")
    }

    /// The host to which sound is sent.
    #[must_use]
    pub fn host(&self) -> &str {
        host(&self.url)
    }
}

/// Appends a path to the path of a URL, before its query.
fn below(url: &str, path: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (base, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    format!("{}/{path}{query}", base.trim_end_matches('/'))
}

/// `host[:port]` of a URL, without credentials and path.
fn host(url: &str) -> &str {
    authority(url).rsplit('@').next().unwrap_or_default()
}

/// The authority of a URL, between its scheme and its path (RFC 3986, section 3.2).
fn authority(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind.split(['/', '?', '#']).next().unwrap_or_default()
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) fn summarizer(&mut self) -> Option<SummarizerConfig> {
        let (url, model, api_key) = self.endpoint("SUMMARIZER")?;
        let timeout = Duration::from_secs(self.number("SUMMARIZER_SECONDS", 120).max(1));
        Some(SummarizerConfig { url, model, api_key, timeout })
    }

    pub(super) fn transcriber(&mut self) -> Option<TranscriberConfig> {
        let (url, model, api_key) = self.endpoint("TRANSCRIBER")?;
        Some(TranscriberConfig {
            url,
            model,
            api_key,
            languages: self.languages("TRANSCRIBER_LANGUAGES"),
            timeout: Duration::from_secs(self.number("TRANSCRIBER_SECONDS", 60).max(1)),
            concurrency: self.number("TRANSCRIBER_CONCURRENCY", 2).clamp(1, 64),
            fallback: self
                .one_of("TRANSCRIBER_FALLBACK", &[("wait", Fallback::Wait), ("local", Fallback::Local)]),
        })
    }

    /// Reads the address, model and key of a service, if its address is set.
    fn endpoint(&mut self, name: &str) -> Option<(String, String, Option<SecretString>)> {
        let (of_url, of_model) = (format!("{name}_URL"), format!("{name}_MODEL"));
        let url = self.given(&of_url)?;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            self.mistake(&of_url, format_args!("is `{url}`; it begins with http:// or https://"));
        } else if host(&url).is_empty() {
            self.mistake(&of_url, "names no host");
        }
        let model = self.given(&of_model).unwrap_or_else(|| {
            self.mistake(&of_model, format_args!("is not set, but {of_url} is; name the model to ask for"));
            String::new()
        });
        let of_key = format!("{name}_API_KEY");
        let api_key = self.given(&of_key).map(SecretString::from);
        if api_key.is_some() && authority(&url).contains('@') {
            self.mistake(&of_key, format_args!("is set, and {of_url} has credentials too; keep one of them"));
        }
        Some((url, model, api_key))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigError, WorkerConfig};
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<WorkerConfig, ConfigError> {
        let of = |name: &str| pairs.iter().find(|(known, _)| *known == name);
        WorkerConfig::from_lookup(|name| of(name).map(|(_, value)| (*value).to_owned()))
    }

    fn is_told_of(result: Result<WorkerConfig, ConfigError>, names: &[&str]) {
        let ConfigError(mistakes) = result.unwrap_err();
        assert_eq!(mistakes.len(), names.len(), "{mistakes:?}");
        for name in names {
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name} in {mistakes:?}");
        }
    }

    #[test]
    fn a_summarizer_is_there_when_it_has_an_address_and_needs_a_model_then() {
        assert!(read(&[("SUMMARIZER_MODEL", "small")]).unwrap().summarizer.is_none());
        let pairs = [
            ("SUMMARIZER_URL", "http://localhost:11434/v1"),
            ("SUMMARIZER_MODEL", "small"),
            ("SUMMARIZER_API_KEY", "hunter2"),
        ];
        let found = read(&pairs).unwrap().summarizer.unwrap();
        assert_eq!((found.model.as_str(), found.timeout), ("small", Duration::from_mins(2)));
        assert!(!format!("{found:?}").contains("hunter"));
        is_told_of(read(&[("SUMMARIZER_URL", "localhost")]), &["SUMMARIZER_URL", "SUMMARIZER_MODEL"]);
    }

    #[test]
    fn a_transcriber_waits_and_speaks_everything_unless_something_else_is_said() {
        let least =
            [("TRANSCRIBER_URL", "https://ada:hunter2@speech.example:8443/v1"), ("TRANSCRIBER_MODEL", "w")];
        let found = read(&least).unwrap().transcriber.unwrap();
        assert_eq!((found.languages.len(), found.fallback, found.concurrency), (0, Fallback::Wait, 2));
        assert_eq!(found.host(), "speech.example:8443");
        let more = [("TRANSCRIBER_LANGUAGES", "de, pt-BR"), ("TRANSCRIBER_FALLBACK", "local")];
        let found = read(&[least, more].concat()).unwrap().transcriber.unwrap();
        assert_eq!(
            (&found.languages[..], found.fallback),
            (&["de".to_owned(), "pt-BR".to_owned()][..], Fallback::Local)
        );
        let wrong = [("TRANSCRIBER_LANGUAGES", "de_DE"), ("TRANSCRIBER_FALLBACK", "never")];
        is_told_of(read(&[least, wrong].concat()), &["TRANSCRIBER_LANGUAGES", "TRANSCRIBER_FALLBACK"]);
        let key = ("TRANSCRIBER_API_KEY", "hunter3");
        is_told_of(read(&[&least[..], &[key]].concat()), &["TRANSCRIBER_API_KEY"]);
        is_told_of(read(&[("TRANSCRIBER_URL", "http://"), ("TRANSCRIBER_MODEL", "w")]), &["TRANSCRIBER_URL"]);
    }

    #[test]
    fn a_moonshine_in_a_folder_speaks_english_unless_something_else_is_said() {
        let found = read(&[("MOONSHINE_DIR", "/models/base")]).unwrap().moonshine.unwrap();
        assert_eq!(found.languages, ["en"]);
        let pairs = [("MOONSHINE_DIR", "/models/base-es"), ("MOONSHINE_LANGUAGES", "es")];
        assert_eq!(read(&pairs).unwrap().moonshine.unwrap().languages, ["es"]);
        is_told_of(read(&[("MOONSHINE_LANGUAGES", "es")]), &["MOONSHINE_LANGUAGES"]);
    }

    #[test]
    fn a_path_stands_before_the_query_of_an_address() {
        for (url, expected) in [
            ("http://h/v1", "http://h/v1/chat"),
            ("http://h/v1/", "http://h/v1/chat"),
            ("http://h/v1?api-version=2", "http://h/v1/chat?api-version=2"),
            ("http://h/v1/?a=b#c", "http://h/v1/chat?a=b"),
        ] {
            assert_eq!(below(url, "chat"), expected);
        }
    }
}
