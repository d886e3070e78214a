//! `self-worker`: the worker's program. It only connects parts; the work is in the library.

use std::path::Path;
use std::process::ExitCode;

use self_shared::config::WorkerConfig;
use self_shared::telemetry;
use self_worker::{evaluation, program, sandbox};

const HELP: &str = "\
self-worker: turns recordings into searchable conversations

Usage: self-worker [COMMAND]

Commands:
  run                                 serve the lanes named by LANES until stopped (the default)
  eval word-times RECORDINGS          measure the times of words on recordings whose words are known
  eval speech RECORDING TEXT …        measure how well recordings are heard, as they are and in noise
  help                                print this

SIGTERM or Ctrl-C hands running jobs back within DRAIN_SECONDS; a second one aborts.
Configuration is read from the environment; the README lists the variables.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        // A sandbox process starts nothing else: it opens a file of unknown origin.
        [sandbox::DECODE, order] => return sandbox::decode(order),
        [sandbox::READ, order] => return sandbox::read(order),
        [sandbox::CONVERT, order] => return sandbox::convert(order),
        [] | ["run"] => run(),
        ["eval", "word-times", recordings] => evaluate_word_times(recordings),
        ["eval", "speech", ref files @ ..] => evaluate_speech(files),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("self-worker: there is no command `{}`\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("self-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn evaluate_word_times(recordings: &str) -> anyhow::Result<()> {
    evaluation::evaluate_word_times(&WorkerConfig::from_env()?, Path::new(recordings))
}

fn evaluate_speech(files: &[&str]) -> anyhow::Result<()> {
    evaluation::evaluate_speech(&WorkerConfig::from_env()?, files)
}

fn run() -> anyhow::Result<()> {
    let config = WorkerConfig::from_env()?;
    telemetry::init_logs(config.shared.log_format);
    program::run(config)
}
