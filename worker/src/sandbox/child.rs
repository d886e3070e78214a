//! The decoder's process: gives up what it does not need, decodes, and ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Order, frame};
use crate::stages::decode::{self, DecodeError, Event};

/// The argument that makes the worker's program a decoder.
pub const SUBCOMMAND: &str = "decode";

/// The whole life of the decoder's process: `order` (JSON) says what is allowed, standard input
/// is the recording, standard output takes the frames. Call it first thing in `main`, before any
/// thread or runtime is started.
#[must_use]
pub fn decode(order: &str) -> ExitCode {
    let Ok(order) = serde_json::from_str::<Order>(order) else {
        eprintln!("`{SUBCOMMAND}` is run by the worker itself, with a recording on standard input");
        return ExitCode::FAILURE;
    };
    match confine(&order).and_then(|()| work(&order)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Limits that the process cannot lift again. It needs no file, no child and no thread beyond
/// those it has.
fn confine(order: &Order) -> io::Result<()> {
    let at_most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    let cpu = Rlimit { current: Some(order.cpu_seconds), maximum: Some(order.cpu_seconds + 1) };
    for (resource, limit) in [
        (Resource::As, at_most(order.memory_bytes)),
        (Resource::Cpu, cpu),
        (Resource::Fsize, at_most(0)),
        (Resource::Core, at_most(0)),
        (Resource::Nofile, at_most(8)),
        (Resource::Nproc, at_most(0)),
    ] {
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn work(order: &Order) -> io::Result<()> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut pipe = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let outcome = decode::decode(file, &order.limits, |event| match event {
        Event::Info(info) => frame::write_info(&mut pipe, &info),
        Event::Sound(sound) => frame::write_sound(&mut pipe, sound),
    });
    match outcome {
        Ok(ending) => frame::write_ending(&mut pipe, &ending)?,
        Err(DecodeError::Refused(refusal)) => frame::write_refusal(&mut pipe, &refusal)?,
        Err(DecodeError::Machine(error)) => return Err(error),
    }
    pipe.flush()
}
