//! A running program that a test can kill, freeze, thaw and terminate, by its own process id.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{environment, eventually};

/// A running program of the product. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    record: PathBuf,
}

impl Process {
    /// Starts a program with exactly these variables, and the few that every program needs of the machine.
    /// `folder` gets its log, and a record with which the next run finds and kills the processes that a
    /// killed run left.
    pub fn start<V: AsRef<OsStr>>(
        name: &str,
        command: (&Path, &[&str]),
        variables: impl IntoIterator<Item = (String, V)>,
        folder: &Path,
    ) -> Self {
        Self::start_reading(Stdio::null(), name, command, variables, folder)
    }

    /// The same, with this standard input.
    pub fn start_reading<V: AsRef<OsStr>>(
        stdin: Stdio,
        name: &str,
        command: (&Path, &[&str]),
        variables: impl IntoIterator<Item = (String, V)>,
        folder: &Path,
    ) -> Self {
        let (log, record) = (folder.join(format!("{name}.log")), folder.join(format!("pids/{name}.json")));
        fs::create_dir_all(folder.join("pids")).unwrap();
        let out = fs::File::options().create(true).append(true).open(&log).unwrap();
        let (program, arguments) = command;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment::of_the_machine())
            .envs(variables)
            .current_dir(folder)
            .stdin(stdin)
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        fs::write(&record, identity(child.id()).to_string()).unwrap();
        Self { name: name.to_owned(), child, log, record }
    }

    /// The name in logs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process, as a crash of the machine would, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.record);
    }

    /// Sends SIGTERM.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Stops the process (SIGSTOP) until it is thawed.
    pub fn freeze(&mut self) {
        self.signal(Signal::STOP);
    }

    /// Continues the process (SIGCONT).
    pub fn thaw(&mut self) {
        self.signal(Signal::CONT);
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until the process has ended by itself.
    pub async fn end(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        eventually(&what, async || self.ended()).await
    }

    /// Its whole log.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    fn signal(&mut self, signal: Signal) {
        // The process was not reaped yet, so its id cannot belong to another one.
        if self.ended().is_none() {
            let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
            kill_process(pid, signal).unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.char_indices().rev().nth(8_000).map_or(0, |(at, _)| at);
            eprintln!("--- the end of the log of {}\n{}---", self.name, &log[from..]);
        }
    }
}

/// Distinguishes a process from a later one with the same id, as `ops/stack/process.py` reads it.
fn identity(pid: u32) -> serde_json::Value {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let started =
        stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(19)?.parse::<u64>().ok());
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    json!({"pid": pid, "started": started, "boot": boot.trim()})
}
