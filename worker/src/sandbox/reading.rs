//! Extracts the text of a file of unknown origin.

use std::fs::File;
use std::time::Duration;

use self_shared::domain::file::ContentKind;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::{ChildExit, READ, Sandbox, child_exit};
use crate::stages::read::{ExtractedText, ReadResult, Unreadable};

/// The processor time for any file, and the time that each MiB adds: a hundred times the usual time.
const CPU: Duration = Duration::from_secs(10);
const CPU_PER_MIB: Duration = Duration::from_secs(2);
/// The most text that is read from a file, in bytes: a book of 170,000 words.
const LONGEST: usize = 1 << 20;

/// The parent's request to a reader.
#[derive(Serialize, Deserialize)]
pub(super) struct ReadRequest {
    pub(super) kind: ContentKind,
    pub(super) longest: usize,
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
}

/// The reason why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read; a retry does not help.
    #[error(transparent)]
    Refused(#[from] Unreadable),
    /// The machine could not run the reader; a retry may help.
    #[error("the reader cannot work: {0}")]
    Machine(#[from] std::io::Error),
}

impl Sandbox {
    /// Extracts the text of an opened file, or its beginning if the text is very long.
    ///
    /// # Errors
    /// [`ReadError::Refused`] for a file that cannot be read, [`ReadError::Machine`] when no process can be
    /// started.
    pub async fn read(&self, file: File, kind: ContentKind) -> Result<ExtractedText, ReadError> {
        let mib = file.metadata()?.len() as f64 / f64::from(1 << 20);
        let cpu = CPU + CPU_PER_MIB.mul_f64(mib);
        let request = ReadRequest {
            kind,
            longest: LONGEST,
            memory_bytes: self.memory_bytes,
            cpu_seconds: cpu.as_secs(),
        };
        let mut child = self.spawn(READ, &request, file)?;
        // Every character may be written as an escape of six; a correct reader writes no more.
        let most = 6 * LONGEST as u64 + 1024;
        let pipe = child.stdout.take().expect("standard output is a pipe");
        let mut output = Vec::new();
        // A busy machine is assumed to give the reader at least a tenth of its time.
        match timeout(cpu * 10, pipe.take(most).read_to_end(&mut output)).await {
            Err(_) => return Err(Unreadable::TimedOut.into()),
            Ok(read) => read?,
        };
        if let Ok(outcome) = serde_json::from_slice::<ReadResult>(&output) {
            return Ok(outcome?);
        }
        Err(match child_exit(&mut child, self.patience).await {
            ChildExit::TimedOut => Unreadable::TimedOut.into(),
            ChildExit::OutOfMemory => Unreadable::OutOfMemory.into(),
            ChildExit::Crashed => Unreadable::Damaged.into(),
            ChildExit::Machine(error) => error.into(),
        })
    }
}
