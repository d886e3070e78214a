//! Going on behind a damaged stretch.
//!
//! Demuxers give up where the structure of a file is damaged. Matroska has places at which one can
//! start anew, with times that count from the start of the recording: its clusters (RFC 9559, section
//! 5.1.3). Behind the header of the file, from such a place on, it is a file again. The header of
//! another file that was put behind the first one is such a place, too.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::peek::Peek;
use super::source::Pieces;

/// How far a demuxer reads ahead of what it gives, in bytes, at most.
const AHEAD: u64 = 1 << 18;
/// Bytes that are looked through at once, and what of them is looked through again with the next.
const STEP: usize = 1 << 16;
const SEAM: usize = 32;

const EBML: &[u8] = b"\x1a\x45\xdf\xa3";
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";

/// The places of a file from which it can be read again.
#[derive(Debug)]
pub(super) struct Landmarks {
    file: Arc<File>,
    peek: Peek,
    /// Where the present file starts, and the part of it that is being read.
    start: u64,
    part: u64,
    /// The length of the header that is shown in front of that part.
    head: u64,
    read: Arc<AtomicU64>,
}

/// What is to be read next.
pub(super) struct Again {
    pub(super) source: Pieces,
    /// It is another file, with times of its own.
    pub(super) is_another: bool,
}

impl Landmarks {
    pub(super) fn of(file: &Arc<File>) -> io::Result<Self> {
        let peek = Peek::new(file)?;
        let file = Arc::clone(file);
        Ok(Self { file, peek, start: 0, part: 0, head: 0, read: Arc::default() })
    }

    /// The whole file, and the count of what is read of it.
    pub(super) fn whole(&self) -> Pieces {
        Pieces::default().part(&self.file, 0..self.peek.length()).counted(&self.read)
    }

    /// Whether the file was read to its end.
    pub(super) fn are_behind(&self) -> bool {
        self.position() >= self.peek.length()
    }

    fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed).saturating_sub(self.head) + self.part
    }

    /// The file from the next place on. `None` where there is none. Behind an end that is none by
    /// `broken`, only another file is looked for.
    pub(super) fn next(&mut self, broken: bool) -> io::Result<Option<Again>> {
        let end = self.peek.length();
        let from = self.position().saturating_sub(AHEAD).max(self.part + 1);
        let Some((at, is_another)) = self.find(from, broken)? else { return Ok(None) };
        self.part = at;
        let mut source = Pieces::default();
        if is_another {
            (self.start, self.head) = (at, 0);
        } else {
            let head = self.find(self.start + 1, true)?.map_or(self.start, |(first, _)| first.min(at));
            self.head = head - self.start;
            source = source.part(&self.file, self.start..head);
        }
        self.read.store(0, Ordering::Relaxed);
        let source = source.part(&self.file, at..end).counted(&self.read);
        Ok(Some(Again { source, is_another }))
    }

    /// The first place from `from` on, and whether another file begins there.
    fn find(&mut self, mut from: u64, broken: bool) -> io::Result<Option<(u64, bool)>> {
        loop {
            let bytes = self.peek.bytes(from, STEP)?;
            for at in 0..bytes.len().saturating_sub(SEAM) {
                let is_another = is_header(&bytes[at..]);
                if is_another || (broken && is_place(&bytes[at..])) {
                    return Ok(Some((from + at as u64, is_another)));
                }
            }
            if bytes.len() < STEP {
                return Ok(None);
            }
            from += (STEP - SEAM) as u64;
        }
    }
}

/// A header, with the first of the fields that it may begin with.
fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(EBML) && field(bytes) == Some(0x42)
}

/// A cluster, with its time, a checksum or room as its first field.
fn is_place(bytes: &[u8]) -> bool {
    bytes.starts_with(CLUSTER) && matches!(field(bytes), Some(0xe7 | 0xbf | 0xec))
}

/// The first byte behind an element's name of four bytes and its size.
fn field(bytes: &[u8]) -> Option<u8> {
    let size = bytes.get(4)?.leading_zeros() as usize + 1;
    bytes.get(4 + size).copied()
}
