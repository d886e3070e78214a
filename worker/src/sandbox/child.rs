//! The sandbox process: it limits itself, decodes or reads, and ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, setrlimit};

use serde::Deserialize;

use super::{DecodeRequest, convert as converter, ipc_frame, reading};
use crate::stages::decode::{self, DecodeError, Event};
use crate::stages::read;

/// The argument that makes the worker's program a decoder.
pub const DECODE: &str = "decode";
/// The argument that makes the worker's program a reader.
pub const READ: &str = "read";
/// The argument that makes the worker's program an `ffmpeg`.
pub const CONVERT: &str = "convert";

/// The beginning of the last message of a process that could not become an `ffmpeg`.
pub(super) const NOT_STARTED: &str = "ffmpeg cannot be started";

/// Runs the decoder's process. `request` (JSON) contains the limits, standard input is the recording,
/// standard output receives the frames. Call it first in `main`, before any thread or runtime is started.
#[must_use]
pub fn decode(request: &str) -> ExitCode {
    run::<DecodeRequest>(DECODE, request, |request| {
        confine(request.memory_bytes, request.cpu_seconds)?;
        confine_to_itself()?;
        decode_request(request)
    })
}

/// Runs the reader's process. `request` (JSON) contains the kind of content and the limits, standard input is
/// the file, standard output receives the text or the reason why there is none (JSON).
#[must_use]
pub fn read(request: &str) -> ExitCode {
    run::<reading::ReadRequest>(READ, request, |request| {
        confine(request.memory_bytes, request.cpu_seconds)?;
        confine_to_itself()?;
        let outcome = read::read(&mut io::stdin().lock(), request.kind, request.longest)?;
        let mut pipe = BufWriter::new(io::stdout().lock());
        serde_json::to_writer(&mut pipe, &outcome)?;
        pipe.flush()
    })
}

/// Runs the converter's process: it limits itself and then becomes `ffmpeg`. `request` (JSON) contains the
/// limits, standard input is the recording, standard output receives its sound.
#[must_use]
pub fn convert(request: &str) -> ExitCode {
    run::<converter::ConvertRequest>(CONVERT, request, |request| {
        confine(request.memory_bytes, request.cpu_seconds)?;
        let error = Command::new(&request.program).args(&request.arguments).exec();
        Err(io::Error::other(format!("{NOT_STARTED}: {error}")))
    })
}

fn run<O: for<'de> Deserialize<'de>>(
    subcommand: &str,
    request: &str,
    work: impl FnOnce(&O) -> io::Result<()>,
) -> ExitCode {
    let Ok(request) = serde_json::from_str::<O>(request) else {
        eprintln!("`{subcommand}` is run by the worker itself, with a file on standard input");
        return ExitCode::FAILURE;
    };
    match work(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Sets limits that the process cannot lift again: it writes no file and opens few.
fn confine(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    let at_most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    let cpu = Rlimit { current: Some(cpu_seconds), maximum: Some(cpu_seconds + 1) };
    for (resource, limit) in [
        (Resource::As, at_most(memory_bytes)),
        (Resource::Cpu, cpu),
        (Resource::Fsize, at_most(0)),
        (Resource::Core, at_most(0)),
        (Resource::Nofile, at_most(8)),
    ] {
        setrlimit(resource, limit)?;
    }
    Ok(())
}

/// Forbids child processes and more threads. `ffmpeg` does not get this limit, since it runs in several
/// threads.
fn confine_to_itself() -> io::Result<()> {
    setrlimit(Resource::Nproc, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

fn decode_request(request: &DecodeRequest) -> io::Result<()> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut pipe = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let outcome = decode::decode(file, &request.limits, |event| match event {
        Event::Info(info) => ipc_frame::write_info(&mut pipe, &info),
        Event::Sound(sound) => ipc_frame::write_sound(&mut pipe, sound),
        Event::Loss(loss) => ipc_frame::write_loss(&mut pipe, &loss),
    });
    match outcome {
        Ok(ending) => ipc_frame::write_ending(&mut pipe, &ending)?,
        Err(DecodeError::Refused(refusal)) => ipc_frame::write_refusal(&mut pipe, &refusal)?,
        Err(DecodeError::Machine(error)) => return Err(error),
    }
    pipe.flush()
}
