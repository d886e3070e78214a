//! Configuration: environment variables, read here and nowhere else.
//!
//! All mistakes are reported together, each with the name of its variable and what to do about it.
//! Secrets print as `[redacted]`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::job::Lane;

/// A value that never shows in logs or errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What kind of place this runs in: production refuses weak secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Somebody's machine, while building.
    Development,
    /// Where people's memories are.
    Production,
}

/// Where PostgreSQL is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DB_HOST`
    pub host: String,
    /// `DB_PORT`
    pub port: u16,
    /// `DB_USER`: owns the database, migrates it, and takes lesser roles for everything else.
    pub user: String,
    /// `DB_PASSWORD`
    pub password: Secret,
    /// `DB_NAME`
    pub name: String,
    /// `DB_MAX_CONNECTIONS`: per process.
    pub max_connections: u32,
}

/// Where recordings are kept.
#[derive(Clone, Debug)]
pub enum ObjectsConfig {
    /// Plain files: the default for one machine.
    Files {
        /// `OBJECTS_DIR`
        dir: PathBuf,
    },
    /// MinIO or any S3, as soon as `MINIO_ENDPOINT` is set.
    S3 {
        /// `MINIO_ENDPOINT`: `host:port` or a URL.
        endpoint: String,
        /// `MINIO_ACCESS_KEY`
        access_key: String,
        /// `MINIO_SECRET_KEY`
        secret_key: Secret,
        /// `MINIO_BUCKET`
        bucket: String,
        /// `MINIO_REGION`
        region: String,
        /// `MINIO_SECURE`: HTTPS; implied by an `https://` endpoint.
        secure: bool,
    },
}

/// What both programs need.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ENVIRONMENT`
    pub environment: Environment,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// `REDIS_URL`, with or without a scheme.
    pub redis_url: String,
    /// `NATS_URL`
    pub nats_url: String,
    /// `QDRANT_URL`, if vectors are to be searched there.
    pub qdrant_url: Option<String>,
    /// Object storage.
    pub objects: ObjectsConfig,
    /// `NAMESPACE`: begins every Redis key, NATS subject and stream, so that several installations
    /// can share servers.
    pub namespace: String,
    /// `LOG_FORMAT`
    pub log_format: LogFormat,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What `self-api` needs.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// What both programs need.
    pub shared: Config,
    /// `HOST`: the address to listen on.
    pub host: String,
    /// `PORT`
    pub port: u16,
    /// `JWT_SECRET`: signs access tokens.
    pub jwt_secret: Secret,
    /// `JWT_REFRESH_SECRET`: derives the successors of refresh tokens.
    pub jwt_refresh_secret: Secret,
    /// `UPLOAD_MAX_BYTES`: the largest recording that is accepted.
    pub upload_max_bytes: u64,
    /// `ALLOWED_ORIGINS`: where browsers may open a WebSocket from, besides this server itself.
    pub allowed_origins: Vec<String>,
}

/// What `self-worker` needs.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// What both programs need.
    pub shared: Config,
    /// `WORKER_HOST`: the address of health and metrics.
    pub host: String,
    /// `WORKER_PORT`
    pub port: u16,
    /// `LANES`: `audio=2,text=1`; the lanes served and the jobs that each runs at once.
    pub lanes: BTreeMap<Lane, usize>,
    /// `MODELS_DIR`
    pub models_dir: PathBuf,
    /// `TRANSCRIBE_THREADS`: single-threaded model sessions shared by all transcriptions.
    pub transcribe_threads: usize,
    /// `LEASE_SECONDS`: how long a silent worker keeps a job.
    pub lease: Duration,
    /// `DRAIN_SECONDS`: how long a stopping worker may take to reach a checkpoint.
    pub drain: Duration,
    /// `AUDIO_MAX_HOURS`: the longest recording that is transcribed.
    pub audio_max: Duration,
}

/// Everything that is wrong with the environment.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .0.iter().map(|mistake| format!("  - {mistake}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads what both programs need from the process's environment.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Reader::new(env).read(shared)
    }
}

impl ApiConfig {
    /// Reads the environment of `self-api`.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(env)
    }

    /// Reads from any source of variables.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Reader::new(lookup).read(|r| {
            let shared = shared(r);
            let production = shared.environment == Environment::Production;
            let jwt_secret = r.signing_secret("JWT_SECRET", production);
            let jwt_refresh_secret = r.signing_secret("JWT_REFRESH_SECRET", production);
            if production && jwt_secret == jwt_refresh_secret {
                r.mistake("JWT_REFRESH_SECRET", "must differ from JWT_SECRET");
            }
            Self {
                shared,
                host: r.text("HOST", "127.0.0.1"),
                port: r.number("PORT", 8000),
                jwt_secret,
                jwt_refresh_secret,
                upload_max_bytes: r.number("UPLOAD_MAX_BYTES", 4 * 1024 * 1024 * 1024),
                allowed_origins: r.list("ALLOWED_ORIGINS"),
            }
        })
    }
}

impl WorkerConfig {
    /// Reads the environment of `self-worker`.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(env)
    }

    /// Reads from any source of variables.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Reader::new(lookup).read(|r| Self {
            shared: shared(r),
            host: r.text("WORKER_HOST", "127.0.0.1"),
            port: r.number("WORKER_PORT", 8001),
            lanes: r.lanes("LANES", "audio=2,text=2,maintenance=1"),
            models_dir: r.text("MODELS_DIR", ".self/models").into(),
            transcribe_threads: r.number("TRANSCRIBE_THREADS", cores).max(1),
            lease: Duration::from_secs(r.number("LEASE_SECONDS", 30).max(1)),
            drain: Duration::from_secs(r.number("DRAIN_SECONDS", 30)),
            audio_max: Duration::from_secs(3600 * r.number("AUDIO_MAX_HOURS", 24)),
        })
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn shared(r: &mut Reader<impl Fn(&str) -> Option<String>>) -> Config {
    Config {
        environment: r.one_of(
            "ENVIRONMENT",
            &[("development", Environment::Development), ("production", Environment::Production)],
        ),
        database: DatabaseConfig {
            host: r.text("DB_HOST", "127.0.0.1"),
            port: r.number("DB_PORT", 5432),
            user: r.text("DB_USER", "postgres"),
            password: Secret::new(r.text("DB_PASSWORD", "")),
            name: r.text("DB_NAME", "self"),
            max_connections: r.number("DB_MAX_CONNECTIONS", 16),
        },
        redis_url: with_scheme("redis", r.text("REDIS_URL", "127.0.0.1:6379")),
        nats_url: with_scheme("nats", r.text("NATS_URL", "127.0.0.1:4222")),
        qdrant_url: r.given("QDRANT_URL"),
        objects: r.objects(),
        namespace: r.namespace("NAMESPACE", "self"),
        log_format: r.one_of("LOG_FORMAT", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
    }
}

fn with_scheme(scheme: &str, url: String) -> String {
    if url.contains("://") { url } else { format!("{scheme}://{url}") }
}

/// Reads variables and collects what is wrong with them.
struct Reader<L> {
    lookup: L,
    mistakes: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn new(lookup: L) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, ConfigError> {
        let value = read(&mut self);
        if self.mistakes.is_empty() { Ok(value) } else { Err(ConfigError(self.mistakes)) }
    }

    fn mistake(&mut self, name: &str, what: impl fmt::Display) {
        self.mistakes.push(format!("{name} {what}"));
    }

    /// A variable that is set to something; an empty one counts as not set.
    fn given(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.given(name).unwrap_or_else(|| default.to_owned())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let given = self.given(name).unwrap_or_default();
        given.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn number<T: FromStr + Copy>(&mut self, name: &str, default: T) -> T {
        let Some(given) = self.given(name) else { return default };
        given.parse().unwrap_or_else(|_| {
            self.mistake(name, format_args!("is `{given}`, which is not a usable number"));
            default
        })
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.given(name).map(|given| given.to_lowercase()).as_deref() {
            None => default,
            Some("1" | "true" | "yes" | "on") => true,
            Some("0" | "false" | "no" | "off") => false,
            Some(other) => {
                let what = format!("is `{other}`; say `true` or `false`");
                self.mistake(name, what);
                default
            }
        }
    }

    /// One of several words; the first is the default.
    fn one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> T {
        let Some(given) = self.given(name) else { return known[0].1 };
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == given) {
            return *value;
        }
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        self.mistake(name, format_args!("is `{given}`; it can be {}", words.join(" or ")));
        known[0].1
    }

    /// A secret that signs. Without one, development gets a well-known value; production refuses
    /// that, and anything short.
    fn signing_secret(&mut self, name: &str, production: bool) -> Secret {
        const SHORTEST: usize = 32;
        let development_only = format!("development-only-{name}-do-not-use-for-real");
        let Some(given) = self.given(name) else {
            if production {
                self.mistake(name, "is not set; make one with `openssl rand -base64 48`");
            }
            return Secret::new(development_only);
        };
        if production && (given == development_only || given.len() < SHORTEST) {
            self.mistake(
                name,
                format_args!(
                    "is too weak for production: it needs {SHORTEST} characters or more that nobody can guess; make one with `openssl rand -base64 48`"
                ),
            );
        }
        Secret::new(given)
    }

    fn objects(&mut self) -> ObjectsConfig {
        let Some(endpoint) = self.given("MINIO_ENDPOINT") else {
            return ObjectsConfig::Files { dir: self.text("OBJECTS_DIR", ".self/objects").into() };
        };
        let mut needed = |name: &str| {
            self.given(name).unwrap_or_else(|| {
                self.mistake(
                    name,
                    "is not set, but MINIO_ENDPOINT is; set both, or neither to keep plain files",
                );
                String::new()
            })
        };
        let access_key = needed("MINIO_ACCESS_KEY");
        let secret_key = Secret::new(needed("MINIO_SECRET_KEY"));
        ObjectsConfig::S3 {
            secure: self.flag("MINIO_SECURE", endpoint.starts_with("https://")),
            endpoint,
            access_key,
            secret_key,
            bucket: self.text("MINIO_BUCKET", "self"),
            region: self.text("MINIO_REGION", "us-east-1"),
        }
    }

    fn namespace(&mut self, name: &str, default: &str) -> String {
        let given = self.text(name, default);
        if !given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            self.mistake(name, format_args!("is `{given}`; use letters, digits, `-` and `_` only"));
        }
        given
    }

    fn lanes(&mut self, name: &str, default: &str) -> BTreeMap<Lane, usize> {
        let given = self.text(name, default);
        let mut lanes = BTreeMap::new();
        for item in given.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (lane, concurrency) = item.split_once('=').unwrap_or((item, "1"));
            match (lane.parse::<Lane>(), concurrency.parse::<usize>()) {
                (Ok(lane), Ok(concurrency)) => {
                    lanes.insert(lane, concurrency);
                }
                (Err(unknown), _) => self.mistake(name, format_args!("names a lane that is none: {unknown}")),
                (_, Err(_)) => self.mistake(name, format_args!("says `{item}`; write it as `audio=2`")),
            }
        }
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn an_empty_environment_is_a_usable_development_setup() {
        let config = ApiConfig::from_lookup(from(&[])).unwrap();
        assert_eq!(config.shared.redis_url, "redis://127.0.0.1:6379");
        assert!(matches!(config.shared.objects, ObjectsConfig::Files { .. }));
    }

    #[test]
    fn all_mistakes_are_reported_together_with_their_variables() {
        let wrong = from(&[
            ("PORT", "eighty"),
            ("ENVIRONMENT", "prod"),
            ("MINIO_ENDPOINT", "localhost:9000"),
            ("NAMESPACE", "a b"),
        ]);
        let ConfigError(mistakes) = ApiConfig::from_lookup(wrong).unwrap_err();
        for name in ["PORT", "ENVIRONMENT", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "NAMESPACE"] {
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name} in {mistakes:?}");
        }
    }

    #[test]
    fn production_refuses_missing_default_short_and_equal_secrets() {
        let refused = |pairs| ApiConfig::from_lookup(from(pairs)).unwrap_err().0.len();
        assert_eq!(refused(&[("ENVIRONMENT", "production")]), 2);
        assert_eq!(
            refused(&[
                ("ENVIRONMENT", "production"),
                ("JWT_SECRET", "short"),
                ("JWT_REFRESH_SECRET", "tiny")
            ]),
            2
        );
        assert_eq!(
            refused(&[
                ("ENVIRONMENT", "production"),
                ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
                ("JWT_REFRESH_SECRET", "0123456789abcdef0123456789abcdef"),
            ]),
            1
        );
    }

    #[test]
    fn secrets_do_not_print() {
        let config =
            ApiConfig::from_lookup(from(&[("DB_PASSWORD", "hunter2"), ("JWT_SECRET", "hunter3")])).unwrap();
        assert!(!format!("{config:?}").contains("hunter"));
    }

    #[test]
    fn lanes_are_read_with_their_concurrency() {
        let config = WorkerConfig::from_lookup(from(&[("LANES", "audio=4, text")])).unwrap();
        assert_eq!(config.lanes, BTreeMap::from([(Lane::Audio, 4), (Lane::Text, 1)]));
    }
}
