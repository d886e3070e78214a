//! The whole product, started for one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use uuid::Uuid;

use crate::database::{Database, at_the_end};
use crate::person::client;
use crate::servers::{Kind, Servers};
use crate::{Process, environment, eventually, ports};

/// The secret that signs the tokens of every stack; tests forge tokens with others.
pub const JWT_SECRET: &str = "a-secret-of-the-tests-that-is-long-enough";
const JWT_REFRESH_SECRET: &str = "another-secret-of-the-tests-as-long-as-it";

/// `self-api`, some `self-worker`s, and their data. Removed when dropped.
#[derive(Debug)]
pub struct Stack {
    /// The API; none while a test has stopped it.
    pub api: Option<Process>,
    /// The workers, in the order of their start.
    pub workers: Vec<Process>,
    /// The database.
    pub database: Database,
    /// The prefix of its Redis keys, NATS subjects and streams.
    pub namespace: String,
    /// The servers that it uses.
    pub servers: Servers,
    others: Vec<Process>,
    folder: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
}

/// The setup of a stack.
#[derive(Debug, Default)]
pub struct Setup {
    workers: usize,
    own: Vec<Kind>,
    settings: Vec<(String, String)>,
}

impl Setup {
    /// Sets the number of workers; the default is one.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Sets a variable of all processes.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Uses separate servers of these kinds, so that the test may stop and empty them.
    #[must_use]
    pub fn own(mut self, kinds: &[Kind]) -> Self {
        self.own.extend_from_slice(kinds);
        self
    }

    /// Starts all processes and waits until they are ready.
    pub async fn start(self) -> Stack {
        let servers = if self.own.is_empty() { Servers::shared() } else { Servers::own(&self.own) };
        let database = Database::migrated(&servers.postgres, !servers.owns(Kind::Postgres)).await;
        let namespace = format!("t{}", Uuid::now_v7().simple());
        let folder = environment::run().join(&namespace);
        fs::create_dir_all(&folder).unwrap();
        let mut stack = Stack {
            api: None,
            workers: Vec::new(),
            database,
            namespace,
            servers,
            others: Vec::new(),
            folder,
            port: ports::free(),
            settings: self.settings,
        };
        stack.start_api();
        for _ in 0..self.workers {
            stack.start_worker();
        }
        stack.ready().await;
        stack
    }
}

impl Stack {
    /// The default stack: one API, one worker.
    pub async fn start() -> Self {
        Self::setup().start().await
    }

    /// A stack without workers: accepted jobs stay queued.
    pub async fn without_worker() -> Self {
        Self::setup().workers(0).start().await
    }

    /// The setup of a stack with other options.
    #[must_use]
    pub fn setup() -> Setup {
        Setup { workers: 1, ..Setup::default() }
    }

    /// The address of the API.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of a worker's health endpoint.
    #[must_use]
    pub fn worker_address(&self, which: usize) -> String {
        format!("http://127.0.0.1:{}", port_of(&self.workers[which]))
    }

    /// Starts the API at the same port as before.
    pub fn start_api(&mut self) {
        let variables = self.variables([("PORT", self.port.to_string())]);
        let program = environment::program("self-api");
        self.api = Some(Process::start("api", (&program, &["serve"]), variables, &self.folder));
    }

    /// Starts an API at the stack's port by a line of shell, in which `$0` is the program.
    #[must_use]
    pub fn start_api_by(&self, shell: &str, stdin: Stdio) -> Process {
        let variables = self.variables([("PORT", self.port.to_string())]);
        let program = environment::program("self-api").display().to_string();
        let command = (Path::new("/bin/sh"), &["-c", shell, &program][..]);
        Process::start_reading(
            stdin,
            &format!("api-{}", Uuid::now_v7().simple()),
            command,
            variables,
            &self.folder,
        )
    }

    /// Starts a second API, waits until it is ready, and returns its address.
    pub async fn start_another_api(&mut self) -> String {
        let port = ports::free();
        let variables = self.variables([("PORT", port.to_string())]);
        let program = environment::program("self-api");
        let name = format!("api-{port}");
        self.others.push(Process::start(&name, (&program, &["serve"]), variables, &self.folder));
        self.ready().await;
        format!("http://127.0.0.1:{port}")
    }

    /// Starts another worker and returns its index.
    pub fn start_worker(&mut self) -> usize {
        let port = ports::free();
        let variables = self.variables([("WORKER_PORT", port.to_string())]);
        let name = format!("worker-{}-{port}", self.workers.len());
        let program = environment::program("self-worker");
        self.workers.push(Process::start(&name, (&program, &["run"]), variables, &self.folder));
        self.workers.len() - 1
    }

    /// Waits until every running process reports that it is ready.
    pub async fn ready(&mut self) {
        let http = client();
        let api = self.api.iter_mut().map(|api| (self.port, api));
        let others = self.workers.iter_mut().chain(&mut self.others);
        for (port, process) in api.chain(others.map(|process| (port_of(process), process))) {
            let what = format!("{} to be ready", process.name());
            let address = format!("http://127.0.0.1:{port}/health/ready");
            eventually(&what, async || {
                if let Some(status) = process.ended() {
                    // A process that the test has stopped is not waited for.
                    assert!(status.code().is_none_or(|code| code == 0), "{} ended: {status}", process.name());
                    return Some(());
                }
                http.get(&address).send().await.ok()?.status().is_success().then_some(())
            })
            .await;
        }
    }

    /// All variables of a process.
    fn variables<const N: usize>(&self, its_own: [(&str, String); N]) -> Vec<(String, String)> {
        let given = [
            ("ENVIRONMENT", "development".to_owned()),
            ("REDIS_URL", self.servers.redis_url.clone()),
            ("NATS_URL", self.servers.nats_url.clone()),
            ("NAMESPACE", self.namespace.clone()),
            ("OBJECTS_DIR", self.objects().display().to_string()),
            ("MODELS_DIR", environment::given("MODELS")),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("JWT_REFRESH_SECRET", JWT_REFRESH_SECRET.to_owned()),
            // An installed `ffmpeg` must not change the results.
            ("FFMPEG", "off".to_owned()),
            // Two tests run at the same time on the smallest machine, which has two cores.
            ("TRANSCRIBE_THREADS", "1".to_owned()),
            ("DB_MAX_CONNECTIONS", "8".to_owned()),
        ];
        let given = given.into_iter().chain(its_own).map(|(name, value)| (name.to_owned(), value));
        given.chain(self.database.variables()).chain(self.settings.iter().cloned()).collect()
    }

    /// The folder of the objects, if they are plain files.
    #[must_use]
    pub fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    async fn clear(&self) {
        if !self.servers.owns(Kind::Nats) {
            let _ = self.clear_nats().await;
        }
        if !self.servers.owns(Kind::Redis) {
            let _ = self.clear_redis().await;
        }
    }

    async fn clear_nats(&self) -> Option<()> {
        let client = self.servers.nats().await.ok()?;
        let jetstream = async_nats::jetstream::new(client);
        let mut names = jetstream.stream_names();
        while let Some(Ok(name)) = futures_util::StreamExt::next(&mut names).await {
            if name.starts_with(&self.namespace) {
                let _ = jetstream.delete_stream(name).await;
            }
        }
        Some(())
    }

    async fn clear_redis(&self) -> redis::RedisResult<()> {
        let client = redis::Client::open(self.servers.redis_url.as_str())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let pattern = format!("*{}*", self.namespace);
        let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await?;
        if !keys.is_empty() {
            let _: () = redis::cmd("UNLINK").arg(keys).query_async(&mut connection).await?;
        }
        Ok(())
    }
}

/// The port of a process, which is the end of its name.
fn port_of(process: &Process) -> u16 {
    process.name().rsplit('-').next().and_then(|port| port.parse().ok()).unwrap()
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.workers.clear();
        self.others.clear();
        self.api = None;
        at_the_end(self.clear());
        let _ = fs::remove_dir_all(&self.folder);
    }
}
