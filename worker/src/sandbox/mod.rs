//! Opens files of unknown origin in a child process with limits, so that a hostile file causes only one
//! typed failure.
//!
//! The worker runs its own program again (`self-worker decode` for a recording, `self-worker read` for a
//! file with text), with an empty environment and the opened file as its standard input. The child limits
//! its own memory, processor time, files and processes before it reads the first byte. Every fault of a
//! decoder becomes a [`Refusal`], every fault of a reader an [`Unreadable`](reading): a panic or a crash,
//! an endless loop (processor time, or silence on the pipe), too much memory.

mod child;
mod convert;
mod ipc_frame;
mod reading;

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use self::convert::Converter;
use self::ipc_frame::IpcFrame;
use crate::stages::SAMPLE_RATE;
use crate::stages::decode::{BLOCK, DecodeError, DecodeSummary, Info, Limits, Loss, Losses, Refusal};

pub use self::child::{CONVERT, DECODE, READ, convert, decode, read};
pub use self::convert::Ffmpeg;
pub use self::reading::ReadError;

/// The settings and limits of sandbox processes.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The worker's own program.
    pub program: PathBuf,
    /// The limits of a recording.
    pub limits: Limits,
    /// Decodes formats that the decoder does not know.
    pub ffmpeg: Option<Ffmpeg>,
    /// The limit of the address space in bytes, including the program itself.
    pub memory_bytes: u64,
    /// The processor time of a decoder for any recording, and the time that each MiB adds.
    pub cpu: Duration,
    pub cpu_per_mib: Duration,
    /// The longest time that a decoder may take for the next half second of sound.
    pub patience: Duration,
}

impl Default for Sandbox {
    /// A MiB contains at most 23 minutes of sound (speech in Opus at 6 kbit/s). Decoding these takes an
    /// estimated fifth of this time: ten minutes of stereo Opus at 48 kbit/s took 1.9 s.
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            limits: Limits::default(),
            ffmpeg: None,
            memory_bytes: 512 << 20,
            cpu: Duration::from_secs(10),
            cpu_per_mib: Duration::from_secs(20),
            patience: Duration::from_secs(60),
        }
    }
}

/// The parent's request to a decoder.
#[derive(Serialize, Deserialize)]
struct DecodeRequest {
    limits: Limits,
    memory_bytes: u64,
    cpu_seconds: u64,
}

/// How a child ended without its last frame.
#[derive(Debug)]
enum ChildExit {
    /// It used up its processor time.
    TimedOut,
    /// It used up its memory.
    OutOfMemory,
    /// Its code panicked or crashed.
    Crashed,
    /// The reason is neither its limits nor its code: the machine or its operator ended it, or it could not
    /// start.
    Machine(std::io::Error),
}

/// A recording that is being decoded. Dropping it kills the decoder.
#[derive(Debug)]
pub struct Decoding {
    info: Info,
    child: Child,
    converter: Option<Converter>,
    pipe: BufReader<ChildStdout>,
    patience: Duration,
    longest: u64,
    given: u64,
    losses: Losses,
    ending: Option<DecodeSummary>,
}

impl Sandbox {
    /// Decodes a recording of `bytes` bytes, directly from its file or from a converter's output.
    async fn decode_from(
        &self,
        input: impl Into<Stdio>,
        bytes: u64,
        converter: Option<Converter>,
    ) -> Result<Decoding, DecodeError> {
        let request = DecodeRequest {
            limits: self.limits.clone(),
            memory_bytes: self.memory_bytes,
            cpu_seconds: self.cpu_seconds(bytes),
        };
        let mut child = self.spawn(DECODE, &request, input)?;
        let pipe = child.stdout.take().expect("standard output is a pipe");
        let mut decoding = Decoding {
            info: Info::default(),
            child,
            converter,
            pipe: BufReader::with_capacity(1 << 16, pipe),
            patience: self.patience,
            longest: u64::from(self.limits.seconds) * u64::from(SAMPLE_RATE) + BLOCK as u64,
            given: 0,
            losses: Losses::default(),
            ending: None,
        };
        match decoding.frame().await? {
            IpcFrame::Info(info) => {
                decoding.info = match &decoding.converter {
                    Some(converter) => converter.correct(info),
                    None => info,
                };
            }
            _ => return Err(Refusal::DecoderCrashed.into()),
        }
        Ok(decoding)
    }

    fn spawn(
        &self,
        subcommand: &str,
        request: &impl Serialize,
        input: impl Into<Stdio>,
    ) -> std::io::Result<Child> {
        Command::new(&self.program)
            .arg(subcommand)
            .arg(serde_json::to_string(request)?)
            .env_clear()
            .current_dir("/")
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }

    fn cpu_seconds(&self, file_bytes: u64) -> u64 {
        let mib = file_bytes as f64 / f64::from(1 << 20);
        (self.cpu + self.cpu_per_mib.mul_f64(mib)).as_secs().max(1)
    }
}

impl Decoding {
    /// The format of the recording.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The process id of the decoder, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// The process id of the converter, while it runs.
    #[must_use]
    pub fn converter(&self) -> Option<u32> {
        self.converter.as_ref().and_then(Converter::process)
    }

    /// How the decoding ended; known once [`Self::next`] has returned `None`.
    #[must_use]
    pub fn ending(&self) -> Option<&DecodeSummary> {
        self.ending.as_ref()
    }

    /// The losses so far. All losses that start before the end of the returned sound are included.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        self.losses.spans()
    }

    /// The next block of mono sound at 16 kHz, or `None` at the end. The decoder is ahead of the reader by
    /// the content of the pipe and the buffers at its two ends: 3 s of sound.
    ///
    /// # Errors
    /// As [`Sandbox::decode`]; the sound returned so far is then not the whole recording.
    pub async fn next(&mut self) -> Result<Option<Vec<f32>>, DecodeError> {
        if self.ending.is_some() {
            return Ok(None);
        }
        loop {
            match self.frame().await? {
                IpcFrame::Sound(sound) => {
                    self.given += sound.len() as u64;
                    if self.given > self.longest {
                        return Err(Refusal::DecoderCrashed.into());
                    }
                    return Ok(Some(sound));
                }
                IpcFrame::Loss(loss) if loss.end() <= self.longest => self.losses.add(loss),
                IpcFrame::DecodeSummary(ending) if ending.samples == self.given => {
                    self.ending = Some(match self.converter.take() {
                        Some(converter) => converter.end(self.patience, ending).await?,
                        None => ending,
                    });
                    return Ok(None);
                }
                _ => return Err(Refusal::DecoderCrashed.into()),
            }
        }
    }

    async fn frame(&mut self) -> Result<IpcFrame, DecodeError> {
        match timeout(self.patience, ipc_frame::read(&mut self.pipe)).await {
            Err(_) => Err(Refusal::DecoderTimedOut.into()),
            Ok(Some(IpcFrame::Refusal(refusal))) => Err(self.refused(refusal).await),
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(self.failure().await),
        }
    }

    /// The error for a decoder without usable input; its converter knows the reason.
    async fn refused(&mut self, refusal: Refusal) -> DecodeError {
        let nothing = matches!(refusal, Refusal::NotAudio | Refusal::Damaged | Refusal::NoSound);
        match self.converter.take().filter(|_| nothing) {
            Some(converter) => converter.failure(self.patience).await,
            None => refusal.into(),
        }
    }

    /// The reason why a decoder's pipe ended without a last frame.
    async fn failure(&mut self) -> DecodeError {
        match child_exit(&mut self.child, self.patience).await {
            ChildExit::TimedOut => Refusal::DecoderTimedOut.into(),
            ChildExit::OutOfMemory => Refusal::DecoderOutOfMemory.into(),
            ChildExit::Crashed => Refusal::DecoderCrashed.into(),
            ChildExit::Machine(error) => error.into(),
        }
    }
}

async fn child_exit(child: &mut Child, patience: Duration) -> ChildExit {
    let mut message = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // Reads its last message, if any; a process that still runs and writes nothing is killed below.
        let _ = timeout(patience, stderr.take(4096).read_to_end(&mut message)).await;
    }
    let _ = child.start_kill();
    match child.wait().await {
        Ok(status) => exit_cause(status, &String::from_utf8_lossy(&message)),
        Err(error) => ChildExit::Machine(error),
    }
}

fn exit_cause(status: ExitStatus, message: &str) -> ChildExit {
    tracing::warn!(%status, message, "a sandbox process ended abnormally");
    let is = |signal: Signal| status.signal() == Some(signal.as_raw());
    if is(Signal::XCPU) {
        ChildExit::TimedOut
    } else if message.contains("memory allocation of") {
        ChildExit::OutOfMemory
    } else if is(Signal::KILL) || status.code() == Some(1) {
        ChildExit::Machine(std::io::Error::other(format!("the child ended with {status}: {message}")))
    } else {
        ChildExit::Crashed
    }
}
