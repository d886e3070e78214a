//! A source for demuxers: parts of a file, and other bytes between them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::MediaSource;

/// A sequence of pieces. Reads use positions of the file and do not move its own position.
#[derive(Debug, Default)]
pub(super) struct ConcatenatedSource {
    pieces: Vec<SourcePiece>,
    at: u64,
    /// The position up to which it was read, shared with the owner.
    count: Arc<AtomicU64>,
}

/// A part of a recording that gets a demuxer of its own.
pub(super) struct SourceRegion {
    pub(super) source: Box<dyn MediaSource>,
    /// Whether it is another file, with times of its own; otherwise the times of the previous part
    /// continue.
    pub(super) is_another: bool,
    /// The length of its sound in seconds, if it is known before the part is decoded.
    pub(super) seconds: Option<f64>,
}

impl SourceRegion {
    /// Another file.
    pub(super) fn another(pieces: ConcatenatedSource) -> Self {
        Self { source: Box::new(pieces), is_another: true, seconds: None }
    }
}

#[derive(Debug)]
enum SourcePiece {
    Own(Vec<u8>),
    Part(Arc<File>, Range<u64>),
}

impl SourcePiece {
    fn length(&self) -> u64 {
        match self {
            Self::Own(bytes) => bytes.len() as u64,
            Self::Part(_, range) => range.end - range.start,
        }
    }

    /// Reads from `skip` bytes after its start.
    fn read(&self, skip: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Own(bytes) => (&bytes[usize::try_from(skip).unwrap_or(bytes.len())..]).read(into),
            Self::Part(file, range) => {
                let rest = usize::try_from(range.end - range.start - skip).unwrap_or(usize::MAX);
                let most = into.len().min(rest);
                file.read_at(&mut into[..most], range.start + skip)
            }
        }
    }
}

impl ConcatenatedSource {
    pub(super) fn own(mut self, bytes: Vec<u8>) -> Self {
        self.pieces.push(SourcePiece::Own(bytes));
        self
    }

    pub(super) fn part(mut self, file: &Arc<File>, range: Range<u64>) -> Self {
        self.pieces.push(SourcePiece::Part(Arc::clone(file), range));
        self
    }

    /// Stores the read position in `count`.
    pub(super) fn counted(mut self, count: &Arc<AtomicU64>) -> Self {
        self.count = Arc::clone(count);
        self
    }

    fn length(&self) -> u64 {
        self.pieces.iter().map(SourcePiece::length).sum()
    }
}

impl Read for ConcatenatedSource {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut skip = self.at;
        for piece in &self.pieces {
            if skip < piece.length() {
                let read = piece.read(skip, into)?;
                self.at += read as u64;
                self.count.store(self.at, Ordering::Relaxed);
                return Ok(read);
            }
            skip -= piece.length();
        }
        Ok(0)
    }
}

impl Seek for ConcatenatedSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl MediaSource for ConcatenatedSource {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn pieces_read_as_one_from_wherever_one_seeks() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let file = Arc::new(file);
        let mut pieces =
            ConcatenatedSource::default().own(b"head".to_vec()).part(&file, 2..4).part(&file, 8..10);
        let mut all = String::new();
        pieces.read_to_string(&mut all).unwrap();
        assert_eq!(all, "head2389");
        pieces.seek(SeekFrom::End(-3)).unwrap();
        all.clear();
        pieces.read_to_string(&mut all).unwrap();
        assert_eq!(all, "389");
        assert!(pieces.seek(SeekFrom::Current(-100)).is_err());
    }
}
