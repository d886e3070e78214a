//! The servers of a stack: those of the run, or separate ones that a test may stop.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use uuid::Uuid;

use crate::database::Postgres;
use crate::environment;

/// A kind of server that a test can have separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// NATS.
    Nats,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Nats => "nats",
        }
    }
}

/// The addresses of PostgreSQL, Redis and NATS.
#[derive(Debug)]
pub struct Servers {
    /// PostgreSQL.
    pub postgres: Postgres,
    /// Redis.
    pub redis_url: String,
    /// NATS.
    pub nats_url: String,
    own: Option<Own>,
}

/// Servers of one test, in a folder of their own.
#[derive(Debug)]
struct Own {
    home: PathBuf,
    kinds: Vec<Kind>,
}

impl Servers {
    /// The servers of the run, shared by all its tests.
    #[must_use]
    pub fn shared() -> Self {
        let variables = |name: &str| environment::given(name);
        Self::read(&variables, &variables, &variables, None)
    }

    /// A NATS client with the credentials of the address, which the client library itself ignores.
    pub async fn nats(&self) -> Result<async_nats::Client, async_nats::ConnectError> {
        let address: async_nats::ServerAddr = self.nats_url.parse()?;
        let (user, password) = (address.username(), address.password());
        let options = async_nats::ConnectOptions::with_user_and_password(
            user.unwrap_or_default().to_owned(),
            password.unwrap_or_default().to_owned(),
        );
        options.connect(address).await
    }

    /// Starts separate servers of some kinds for this test; the others are those of the run.
    #[must_use]
    pub fn own(kinds: &[Kind]) -> Self {
        let own = Own {
            home: environment::run().join(format!("servers-{}", Uuid::now_v7().simple())),
            kinds: kinds.to_vec(),
        };
        own.ops("up", &["--servers-only", "--no-fsync"], kinds);
        let ours = own.variables();
        let of_the_run = |name: &str| environment::given(name);
        let of_our_own = |name: &str| ours[name].clone();
        let choose = |kind| -> &dyn Fn(&str) -> String {
            if kinds.contains(&kind) { &of_our_own } else { &of_the_run }
        };
        Self::read(choose(Kind::Postgres), choose(Kind::Redis), choose(Kind::Nats), Some(own))
    }

    fn read(
        postgres: &dyn Fn(&str) -> String,
        redis: &dyn Fn(&str) -> String,
        nats: &dyn Fn(&str) -> String,
        own: Option<Own>,
    ) -> Self {
        Self {
            postgres: Postgres {
                host: postgres("DB_HOST"),
                port: postgres("DB_PORT"),
                user: postgres("DB_USER"),
                password: postgres("DB_PASSWORD"),
                app_user: postgres("DB_APP_USER"),
                app_password: postgres("DB_APP_PASSWORD"),
            },
            redis_url: redis("REDIS_URL"),
            nats_url: nats("NATS_URL"),
            own,
        }
    }

    /// Whether this test has a separate server of a kind.
    #[must_use]
    pub fn owns(&self, kind: Kind) -> bool {
        self.own.as_ref().is_some_and(|own| own.kinds.contains(&kind))
    }

    /// Stops one of the test's own servers gracefully.
    pub fn stop(&self, kind: Kind) {
        self.mine(kind).ops("down", &[], &[kind]);
    }

    /// Kills one of the test's own servers.
    pub fn kill(&self, kind: Kind) {
        self.mine(kind).ops("down", &["--kill"], &[kind]);
    }

    /// Stops the process of one of the test's own servers until it is thawed; its connections stay open.
    pub fn freeze(&self, kind: Kind) {
        self.signal(kind, Signal::STOP);
    }

    /// Continues a frozen server.
    pub fn thaw(&self, kind: Kind) {
        self.signal(kind, Signal::CONT);
    }

    fn signal(&self, kind: Kind, signal: Signal) {
        let record = self.mine(kind).home.join(format!("pids/{}.json", kind.name()));
        let record: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(record).unwrap()).unwrap();
        let pid = record["pid"].as_i64().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Starts one of the test's own servers again, with its data.
    pub fn start(&self, kind: Kind) {
        self.mine(kind).ops("up", &["--servers-only"], &[kind]);
    }

    /// Deletes the data of one of the test's own servers, which must be stopped.
    pub fn forget(&self, kind: Kind) {
        std::fs::remove_dir_all(self.mine(kind).home.join("data").join(kind.name())).unwrap();
    }

    fn mine(&self, kind: Kind) -> &Own {
        assert!(self.owns(kind), "{kind:?} is shared with other tests");
        self.own.as_ref().unwrap()
    }
}

impl Own {
    /// Runs a command of `ops`, which the demo uses too.
    fn ops(&self, command: &str, options: &[&str], kinds: &[Kind]) -> String {
        let ran = Command::new("python3")
            .args(["-m", "ops", command, "--home"])
            .arg(&self.home)
            .args(options)
            .args(kinds.iter().map(|kind| kind.name()))
            .current_dir(environment::sources())
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "ops {command}: {}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap()
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let printed = self.ops("env", &[], &[]);
        let pairs = printed.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::panic::catch_unwind(|| self.ops("reset", &[], &[]));
        } else {
            self.ops("reset", &[], &[]);
        }
    }
}
