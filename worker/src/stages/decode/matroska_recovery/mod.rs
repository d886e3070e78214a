//! Continues to read after a damaged stretch.
//!
//! Demuxers stop where the structure of a file is damaged. The clusters of Matroska are positions at which
//! reading can start anew, with times that count from the start of the recording (RFC 9559, section 5.1.3).
//! The header of the file, followed by the bytes from such a position on, is a valid file again. The header
//! of another file that was appended to the first one is also such a position.
//!
//! The position of a packet in the file is not known exactly. So reading starts a little before it, and the
//! caller leaves out the packets that it has already.

mod element;

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::ReadOnlySource;

use self::element::{cluster_time, default_track, header_end, is_garbage_behind};
use super::peek::Peek;
use super::source::{ConcatenatedSource, SourceRegion};

/// The most bytes that a demuxer reads ahead of its packets.
const AHEAD: u64 = 1 << 18;
/// Bytes that are searched at once, and bytes at their end that are searched again with the next ones.
const STEP: usize = 1 << 16;
const SEAM: usize = 32;
/// The most positions in a row that give no sound after an apparent end. Then it is the end; before that, a
/// film may continue without sound.
const FRUITLESS: u32 = 16;

const EBML: &[u8] = b"\x1a\x45\xdf\xa3";
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";
/// An unknown size.
const OPEN: &[u8] = b"\x01\xff\xff\xff\xff\xff\xff\xff";

/// Finds the positions of a file at which reading can start again.
#[derive(Debug)]
pub(super) struct MatroskaRecovery {
    file: Arc<File>,
    peek: Peek,
    /// The start of the present file, and of the part that is being read.
    start: u64,
    part: u64,
    /// The length of the header that is put before that part.
    head: u64,
    read: Arc<AtomicU64>,
    /// The position at the last decoded sound, and the number of tries since.
    last_sound: u64,
    fruitless: u32,
    /// The last cluster that was found.
    last: u64,
}

/// The reason why the demuxer returns no more packets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    /// It found damage, or the file is cut short.
    Broken,
    /// It considers the file complete. An element with a wrong size hides others: a cluster with a later
    /// time than this, in ticks, follows.
    Later(u64),
}

/// The number of the default track with sound of a Matroska file, if its header can be read. An absent flag
/// counts as set, which symphonia does not consider.
pub(super) fn matroska_default_track(file: &Arc<File>) -> Option<u64> {
    Peek::new(file).and_then(|mut peek| default_track(&mut peek)).ok().flatten()
}

impl MatroskaRecovery {
    pub(super) fn of(file: &Arc<File>) -> io::Result<Self> {
        let peek = Peek::new(file)?;
        let file = Arc::clone(file);
        Ok(Self {
            file,
            peek,
            start: 0,
            part: 0,
            head: 0,
            read: Arc::default(),
            last_sound: 0,
            fruitless: 0,
            last: 0,
        })
    }

    /// The whole file as a source that records its read position.
    pub(super) fn whole(&self) -> ConcatenatedSource {
        ConcatenatedSource::default().part(&self.file, 0..self.peek.length()).counted(&self.read)
    }

    /// Whether the file was read to its end.
    pub(super) fn is_at_end(&self) -> bool {
        self.position() >= self.peek.length()
    }

    /// Records that sound was decoded.
    pub(super) fn record_sound(&mut self) {
        self.last_sound = self.position();
        self.fruitless = 0;
    }

    /// Whether only damage follows the decoded sound.
    pub(super) fn ends_in_garbage(&mut self) -> bool {
        self.last > self.start && is_garbage_behind(&mut self.peek, self.start, self.last).unwrap_or(false)
    }

    fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed).saturating_sub(self.head) + self.part
    }

    /// The file from the next position on. `None` if there is none.
    pub(super) fn next(&mut self, stop: Stop) -> io::Result<Option<SourceRegion>> {
        let end = self.peek.length();
        let from = self.last_sound.min(self.position()).saturating_sub(AHEAD).max(self.part + 1);
        self.fruitless += 1;
        let Some((at, is_another)) = self.find(from, stop)? else { return Ok(None) };
        self.part = at;
        let mut source = ConcatenatedSource::default();
        let mut body = at;
        if is_another {
            (self.start, self.head, self.last, self.fruitless) = (at, 0, at, 0);
        } else {
            let head = header_end(&mut self.peek, self.start)?.unwrap_or(self.start).min(at);
            source = source.part(&self.file, self.start..head);
            // The cluster is passed on without a size, since its own may be wrong.
            let size =
                self.peek.bytes(at + 4, 1)?.first().map_or(1, |byte| u64::from(byte.leading_zeros()) + 1);
            body = at + 4 + size;
            source = source.own([CLUSTER, OPEN].concat());
            self.head = head - self.start + 8 - size;
        }
        self.last_sound = at;
        self.read.store(0, Ordering::Relaxed);
        let source = source.part(&self.file, body.min(end)..end).counted(&self.read);
        // The source is not seekable: the positions in its index are no longer right.
        Ok(Some(SourceRegion { source: Box::new(ReadOnlySource::new(source)), is_another, seconds: None }))
    }

    /// The first position at or after `from`, and whether another file begins there.
    fn find(&mut self, mut from: u64, stop: Stop) -> io::Result<Option<(u64, bool)>> {
        loop {
            let bytes = self.peek.bytes(from, STEP)?;
            let length = bytes.len();
            let places: Vec<(u64, bool)> = (0..length.saturating_sub(SEAM))
                .filter(|&at| is_header(&bytes[at..]) || is_place(&bytes[at..]))
                .map(|at| (from + at as u64, is_header(&bytes[at..])))
                .collect();
            for (at, is_another) in places {
                if !is_another {
                    self.last = at;
                }
                if is_another || self.is_unheard(at, stop)? {
                    return Ok(Some((at, is_another)));
                }
            }
            if length < STEP {
                return Ok(None);
            }
            from += (STEP - SEAM) as u64;
        }
    }

    fn is_unheard(&mut self, cluster: u64, stop: Stop) -> io::Result<bool> {
        Ok(match stop {
            Stop::Broken => true,
            Stop::Later(_) if self.fruitless > FRUITLESS => false,
            Stop::Later(ticks) => cluster_time(&mut self.peek, cluster)?.is_some_and(|time| time > ticks),
        })
    }
}

/// A header, with the first of the fields that it may begin with.
fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(EBML) && field(bytes) == Some(0x42)
}

/// A cluster, with a time, a checksum or padding as its first field.
fn is_place(bytes: &[u8]) -> bool {
    bytes.starts_with(CLUSTER) && matches!(field(bytes), Some(0xe7 | 0xbf | 0xec))
}

/// The first byte after an element's id of four bytes and its size.
fn field(bytes: &[u8]) -> Option<u8> {
    let size = bytes.get(4)?.leading_zeros() as usize + 1;
    bytes.get(4 + size).copied()
}
