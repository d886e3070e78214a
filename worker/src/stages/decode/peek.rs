//! Buffered reads at any position of a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

const BUFFER: usize = 1 << 17;

/// Reads small pieces of a file, mostly in ascending order.
#[derive(Debug)]
pub(super) struct Peek {
    file: Arc<File>,
    length: u64,
    buffer: Vec<u8>,
    start: u64,
}

impl Peek {
    pub(super) fn new(file: &Arc<File>) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::clone(file), length, buffer: Vec::new(), start: 0 })
    }

    /// The length of the file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// At most `most` bytes from `at` on; fewer at the end of the file.
    pub(super) fn bytes(&mut self, at: u64, most: usize) -> io::Result<&[u8]> {
        let most = most.min(usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX));
        let inside = at >= self.start && at + most as u64 <= self.start + self.buffer.len() as u64;
        if !inside {
            self.fill(at, most.max(BUFFER))?;
        }
        let from =
            usize::try_from(at - self.start).map_or(self.buffer.len(), |from| from.min(self.buffer.len()));
        Ok(&self.buffer[from..self.buffer.len().min(from + most)])
    }

    fn fill(&mut self, at: u64, size: usize) -> io::Result<()> {
        self.buffer.resize(size, 0);
        self.start = at;
        let mut filled = 0;
        while filled < size {
            match self.file.read_at(&mut self.buffer[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.clear();
                    return Err(error);
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}
