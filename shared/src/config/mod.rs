//! Configuration: all environment variables are read here.
//!
//! All mistakes are reported together, each with the name of its variable and what to do about it. Secrets
//! are never printed.

mod endpoints;
mod reader;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use self::endpoints::{Fallback, SummarizerConfig, TranscriberConfig};
use secrecy::{ExposeSecret as _, SecretString};

use self::reader::Reader;
use crate::domain::job::Lane;

/// The kind of installation; production refuses weak secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// An installation with the data of people.
    Production,
}

/// A user of PostgreSQL.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub password: SecretString,
}

/// The connection to PostgreSQL.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DB_HOST`
    pub host: String,
    /// `DB_PORT`
    pub port: u16,
    /// `DB_USER` and `DB_PASSWORD`: the user that owns the database and migrates it.
    pub owner: Login,
    /// `DB_APP_USER` and `DB_APP_PASSWORD`: the user with which the programs serve. Migrations create it. It
    /// owns nothing. Without it, the programs serve with the owner's login.
    pub app: Option<Login>,
    /// `DB_NAME`
    pub name: String,
    /// `DB_MAX_CONNECTIONS`: per process.
    pub max_connections: u32,
}

/// The object storage.
#[derive(Clone, Debug)]
pub enum ObjectsConfig {
    /// Plain files: the default, for one machine.
    Files {
        /// `OBJECTS_DIR`
        dir: PathBuf,
    },
    /// MinIO or another S3 server, if `MINIO_ENDPOINT` is set.
    S3 {
        /// `MINIO_ENDPOINT`: `host:port` or a URL.
        endpoint: String,
        /// `MINIO_ACCESS_KEY`
        access_key: String,
        /// `MINIO_SECRET_KEY`
        secret_key: SecretString,
        /// `MINIO_BUCKET`
        bucket: String,
        /// `MINIO_REGION`
        region: String,
        /// `MINIO_SECURE`: HTTPS; implied by an `https://` endpoint.
        secure: bool,
    },
}

/// The connection to Qdrant.
#[derive(Clone, Debug)]
pub struct QdrantConfig {
    /// `QDRANT_URL`, with or without a scheme.
    pub url: String,
    /// `QDRANT_API_KEY`, if the server needs one.
    pub api_key: Option<SecretString>,
}

/// The configuration that both programs need.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ENVIRONMENT`
    pub environment: Environment,
    pub database: DatabaseConfig,
    /// `REDIS_URL`, with or without a scheme.
    pub redis_url: String,
    /// `NATS_URL`
    pub nats_url: String,
    /// Qdrant, if it keeps a mirror of the vectors.
    pub qdrant: Option<QdrantConfig>,
    pub objects: ObjectsConfig,
    /// `NAMESPACE`: the prefix of every Redis key, NATS subject and stream, so that several installations
    /// can share servers.
    pub namespace: String,
    /// `LOG_FORMAT`
    pub log_format: LogFormat,
}

/// The format of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object per line.
    Json,
}

/// The configuration of `self-api`.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    pub shared: Config,
    /// `HOST`: the address to listen on.
    pub host: String,
    /// `PORT`
    pub port: u16,
    /// `JWT_SECRET`: signs access tokens.
    pub jwt_secret: SecretString,
    /// `JWT_REFRESH_SECRET`: the key from which successors of refresh tokens are derived.
    pub jwt_refresh_secret: SecretString,
    /// `OPERATOR_TOKEN`: gives access to the operators' API, which is disabled without it.
    pub operator_token: Option<SecretString>,
    /// `UPLOAD_MAX_BYTES`: the largest recording that is accepted.
    pub upload_max_bytes: u64,
    /// `MAX_CONNECTIONS`: the connections that are open at once; fewer if the system allows fewer files.
    pub max_connections: usize,
    /// `ALLOWED_ORIGINS`: the origins whose pages may open a WebSocket, besides this server itself.
    pub allowed_origins: Vec<String>,
}

/// A Moonshine model in a folder.
#[derive(Clone, Debug)]
pub struct MoonshineConfig {
    /// `MOONSHINE_DIR`
    pub dir: PathBuf,
    /// `MOONSHINE_LANGUAGES`: the languages that it was trained for, as BCP 47 tags.
    pub languages: Vec<String>,
}

/// The configuration of `self-worker`.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    pub shared: Config,
    /// `WORKER_HOST`: the address that serves health and metrics.
    pub host: String,
    /// `WORKER_PORT`
    pub port: u16,
    /// `LANES`: `audio=2,text=1`; the lanes served and the jobs that each runs at once.
    pub lanes: BTreeMap<Lane, usize>,
    /// `MODELS_DIR`
    pub models_dir: PathBuf,
    /// `GLINER_DIR`: the files of a GLiNER model, which then finds the names.
    pub gliner_dir: Option<PathBuf>,
    /// A folder with a Moonshine model, which then replaces the transcriber that the set-up downloaded.
    pub moonshine: Option<MoonshineConfig>,
    /// `TRANSCRIBE_THREADS`: single-threaded model sessions shared by all transcriptions.
    pub transcribe_threads: usize,
    /// `UNCERTAIN_BELOW`: segments of less confidence, from 0 to 1, are marked as uncertain.
    pub uncertain_below: f32,
    /// `LEASE_SECONDS`: how long a worker keeps a job without a heartbeat.
    pub lease: Duration,
    /// `DRAIN_SECONDS`: how long a stopping worker may take to reach a checkpoint.
    pub drain: Duration,
    /// `AUDIO_MAX_HOURS`: the longest recording that is transcribed.
    pub audio_max: Duration,
    /// `FFMPEG`: decodes formats that the worker itself cannot decode.
    pub ffmpeg: Option<PathBuf>,
    /// `EVENTS_KEEP_DAYS`: how long an app may be disconnected and still get all events that it missed.
    pub events_keep: Duration,
    /// The remote transcriber, if `TRANSCRIBER_URL` is set.
    pub transcriber: Option<TranscriberConfig>,
    /// The summarizer, if `SUMMARIZER_URL` is set.
    pub summarizer: Option<SummarizerConfig>,
}

/// All mistakes in the environment.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .0.iter().map(|mistake| format!("  - {mistake}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the configuration of both programs from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Reader::new(env).read(shared)
    }
}

impl ApiConfig {
    /// Reads the configuration of `self-api` from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(env)
    }

    /// Reads the configuration from any source of variables.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Reader::new(lookup).read(|r| {
            let shared = shared(r);
            let production = shared.environment == Environment::Production;
            let jwt_secret = r.signing_secret("JWT_SECRET", production);
            let jwt_refresh_secret = r.signing_secret("JWT_REFRESH_SECRET", production);
            if production && jwt_secret.expose_secret() == jwt_refresh_secret.expose_secret() {
                r.mistake("JWT_REFRESH_SECRET", "must differ from JWT_SECRET");
            }
            Self {
                shared,
                host: r.text("HOST", "127.0.0.1"),
                port: r.number("PORT", 8000),
                jwt_secret,
                jwt_refresh_secret,
                operator_token: r.operator_token("OPERATOR_TOKEN", production),
                upload_max_bytes: r.number("UPLOAD_MAX_BYTES", 4 * 1024 * 1024 * 1024),
                max_connections: r.number("MAX_CONNECTIONS", 16_384).max(2),
                allowed_origins: r.list("ALLOWED_ORIGINS"),
            }
        })
    }
}

impl WorkerConfig {
    /// Reads the configuration of `self-worker` from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(env)
    }

    /// Reads the configuration from any source of variables.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Reader::new(lookup).read(|r| Self {
            shared: shared(r),
            summarizer: r.summarizer(),
            host: r.text("WORKER_HOST", "127.0.0.1"),
            port: r.number("WORKER_PORT", 8001),
            lanes: r.lanes("LANES", "audio=2,text=2,files=1,insights=1,summaries=1,maintenance=1,exports=1"),
            models_dir: r.text("MODELS_DIR", ".self/models").into(),
            gliner_dir: r.given("GLINER_DIR").map(PathBuf::from),
            moonshine: r.moonshine(),
            transcriber: r.transcriber(),
            transcribe_threads: r.number("TRANSCRIBE_THREADS", cores).max(1),
            uncertain_below: r.number("UNCERTAIN_BELOW", 0.5_f32).clamp(0.0, 1.0),
            lease: Duration::from_secs(r.number("LEASE_SECONDS", 30).max(1)),
            drain: Duration::from_secs(r.number("DRAIN_SECONDS", 30)),
            ffmpeg: r.program("FFMPEG", "ffmpeg"),
            audio_max: Duration::from_secs(3600 * r.number("AUDIO_MAX_HOURS", 24)),
            events_keep: Duration::from_secs(86_400 * r.number("EVENTS_KEEP_DAYS", 30).clamp(1, 36_500)),
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
            owner: Login {
                user: r.text("DB_USER", "postgres"),
                password: SecretString::from(r.text("DB_PASSWORD", "")),
            },
            app: r.app_login(),
            name: r.text("DB_NAME", "self"),
            max_connections: r.number("DB_MAX_CONNECTIONS", 16),
        },
        redis_url: with_scheme("redis", r.text("REDIS_URL", "127.0.0.1:6379")),
        nats_url: with_scheme("nats", r.text("NATS_URL", "127.0.0.1:4222")),
        qdrant: r.given("QDRANT_URL").map(|url| QdrantConfig {
            url: with_scheme("http", url),
            api_key: r.given("QDRANT_API_KEY").map(SecretString::from),
        }),
        objects: r.objects(),
        namespace: r.namespace("NAMESPACE", "self"),
        log_format: r.one_of("LOG_FORMAT", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
    }
}

fn with_scheme(scheme: &str, url: String) -> String {
    if url.contains("://") { url } else { format!("{scheme}://{url}") }
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
            ("DB_APP_USER", "self_app"),
        ]);
        let ConfigError(mistakes) = ApiConfig::from_lookup(wrong).unwrap_err();
        for name in
            ["PORT", "ENVIRONMENT", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "NAMESPACE", "DB_APP_PASSWORD"]
        {
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
