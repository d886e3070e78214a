//! The chunks of a wave file, with sizes that are checked against its bytes.

use std::io;
use std::ops::Range;

use super::super::peek::Peek;

/// The most chunks that are read. A file has about a dozen.
const MOST: u32 = 10_000;
/// The number of chunks in a row that prove the end of the sound.
const ENOUGH: u32 = 100;
/// The range in bytes after a chunk without an end in which the sound is searched.
const SEARCH: usize = 1 << 16;
/// Sizes that mean "not known yet": all bits set, or the largest positive numbers.
const OPEN: [Range<u64>; 2] = [0x7fff_0000..0x8000_1000, 0xffff_0000..0x1_0000_0000];

/// The same in eight bytes.
const OPEN_LONG: u64 = i64::MAX as u64 - 0x1_0000;

/// The first letters of files, and the possible chunks after them.
const FILES: [&[u8; 4]; 3] = [b"RIFF", b"RF64", b"BW64"];
const FIRST: [&[u8; 4]; 6] = [b"fmt ", b"ds64", b"LIST", b"bext", b"JUNK", b"fact"];
/// Chunks that writers put after the sound.
const BEHIND: [&[u8; 4]; 8] = [b"LIST", b"bext", b"id3 ", b"ID3 ", b"iXML", b"cue ", b"smpl", b"_PMX"];

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) id: [u8; 4],
    /// The range of its contents.
    pub(super) body: Range<u64>,
    /// Whether the file ends before the chunk does, by its header.
    pub(super) cut_short: bool,
}

impl Chunk {
    pub(super) fn length(&self) -> u64 {
        self.body.end - self.body.start
    }

    /// Whether another file begins here.
    pub(super) fn is_file(&self) -> bool {
        FILES.contains(&&self.id)
    }
}

/// The layout of chunks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// Four letters and a size in four bytes, padded to two.
    Riff,
    /// A GUID that begins with four letters, and a size in eight bytes that includes this header, padded to
    /// eight.
    Wave64,
}

#[derive(Debug)]
pub(super) struct Chunks {
    layout: Layout,
    at: u64,
    /// The size of the sound by the chunk `ds64`.
    long: Option<u64>,
    has_sound: bool,
    left: u32,
}

/// The header of a chunk, unchecked.
struct Header {
    id: [u8; 4],
    body: u64,
    size: u64,
}

impl Chunks {
    /// `None` for a file that does not begin as a wave file.
    pub(super) fn of(peek: &mut Peek) -> io::Result<Option<Self>> {
        let start = peek.bytes(0, 40)?;
        let id = |at: usize| start.get(at..at + 4).unwrap_or_default();
        let (layout, at) = match (id(0), id(8), id(24)) {
            (b"RIFF" | b"RF64" | b"BW64", b"WAVE", _) => (Layout::Riff, 12),
            (b"riff", _, b"wave") => (Layout::Wave64, 40),
            _ => return Ok(None),
        };
        Ok(Some(Self { layout, at, long: None, has_sound: false, left: MOST }))
    }

    /// The next chunk.
    pub(super) fn next(&mut self, peek: &mut Peek) -> io::Result<Option<Chunk>> {
        let end = peek.length();
        let header = match self.header(peek, self.at)? {
            Some(header) => header,
            // The size of the previous chunk is wrong.
            None if !self.has_sound => match self.find_sound(peek, self.at)? {
                Some((header, at)) => {
                    self.at = at;
                    header
                }
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Ok(None);
        }
        if FILES.contains(&&header.id) {
            self.long = None;
            self.at = header.body + 4;
            return Ok(Some(Chunk { id: header.id, body: header.body..self.at.min(end), cut_short: false }));
        }
        if header.id == *b"ds64" {
            let fields = peek.bytes(header.body, 16)?;
            self.long = fields.get(8..16).and_then(|size| size.try_into().ok()).map(u64::from_le_bytes);
        }
        if header.id == *b"data" {
            return self.sound(peek, &header).map(Some);
        }
        let fits = header.size <= end - header.body;
        if fits {
            self.at = self.behind(peek, header.body + header.size)?;
            let body = header.body..header.body + header.size;
            return Ok(Some(Chunk { id: header.id, body, cut_short: false }));
        }
        // Its size is wrong, or the file is cut off in it.
        self.at = self.find_sound(peek, header.body)?.map_or(end, |(_, at)| at);
        Ok(Some(Chunk { id: header.id, body: header.body..self.at, cut_short: self.at == end }))
    }

    /// The chunk with the sound shortly after this position, and its position.
    fn find_sound(&self, peek: &mut Peek, from: u64) -> io::Result<Option<(Header, u64)>> {
        let near = peek.bytes(from, SEARCH)?.windows(4).enumerate();
        let places: Vec<u64> =
            near.filter(|(_, four)| four == b"data").map(|(at, _)| from + at as u64).collect();
        // The word may also be in a text: the chunk is the first one that other chunks or the end follow.
        let mut first = None;
        for at in places {
            let Some(header) = self.header(peek, at)? else { continue };
            if (1..=peek.length() - header.body).contains(&header.size) {
                let behind = self.behind(peek, header.body + header.size)?;
                if self.ends_in_chunks(peek, behind)? {
                    return Ok(Some((header, at)));
                }
            }
            first = first.or(Some((header, at)));
        }
        Ok(first)
    }

    /// The sound: of the length in its header if another chunk or the end follows, else up to the end.
    fn sound(&mut self, peek: &mut Peek, header: &Header) -> io::Result<Chunk> {
        self.has_sound = true;
        let end = peek.length();
        let rest = end - header.body;
        let size = match self.long {
            Some(long) if header.size >= OPEN[1].start => long,
            _ => header.size,
        };
        let open = size == 0
            || OPEN.iter().any(|range| range.contains(&size))
            || (self.layout == Layout::Wave64 && size >= OPEN_LONG);
        let fits = size <= rest;
        let next = if fits { self.behind(peek, header.body + size)? } else { end };
        let is_right = fits && self.ends_in_chunks(peek, next)?;
        let stop = if is_right { header.body + size } else { self.end_of_sound(peek, header.body)? };
        self.at = if is_right { next } else { stop };
        Ok(Chunk { id: header.id, body: header.body..stop, cut_short: !fits && !open })
    }

    /// The end of sound whose header does not state it: before another file, before chunks that extend to
    /// the end, or at the end.
    fn end_of_sound(&self, peek: &mut Peek, start: u64) -> io::Result<u64> {
        let mut from = start;
        if self.layout == Layout::Wave64 {
            return Ok(peek.length());
        }
        loop {
            let bytes = peek.bytes(from, SEARCH)?;
            let length = bytes.len();
            let places: Vec<usize> = bytes.windows(16).enumerate().filter_map(is_seam).collect();
            for at in places.into_iter().map(|at| from + at as u64) {
                if self.ends_in_chunks(peek, at)? {
                    return Ok(at);
                }
            }
            if length < SEARCH {
                return Ok(peek.length());
            }
            from += (SEARCH - 15) as u64;
        }
    }

    /// Whether only chunks follow, up to the end of the file.
    fn ends_in_chunks(&self, peek: &mut Peek, mut at: u64) -> io::Result<bool> {
        for _ in 0..ENOUGH {
            // Less than a chunk's header is padding, and no sound.
            if peek.length() - at < 8 {
                return Ok(true);
            }
            match self.header(peek, at)? {
                // Another file was appended; its own chunks are checked separately.
                Some(header) if FILES.contains(&&header.id) => {
                    return Ok(peek.bytes(header.body, 4)? == b"WAVE");
                }
                Some(header) if header.size <= peek.length() - header.body => {
                    at = self.behind(peek, header.body + header.size)?;
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn header(&self, peek: &mut Peek, at: u64) -> io::Result<Option<Header>> {
        let length = if self.layout == Layout::Riff { 8 } else { 24 };
        let bytes = peek.bytes(at, length)?;
        if bytes.len() < length || !bytes[..4].iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok(None);
        }
        let id = [bytes[0], bytes[1], bytes[2], bytes[3]];
        let body = at + length as u64;
        let size = match self.layout {
            Layout::Riff => u64::from(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]])),
            Layout::Wave64 => {
                let size = u64::from_le_bytes(bytes[16..24].try_into().unwrap_or_default());
                size.saturating_sub(24)
            }
        };
        Ok(Some(Header { id, body, size }))
    }

    /// The start of the chunk after `end`: after the padding, which some writers forget.
    fn behind(&self, peek: &mut Peek, end: u64) -> io::Result<u64> {
        let padded = match self.layout {
            Layout::Wave64 => end.saturating_add(7) & !7,
            Layout::Riff if end.is_multiple_of(2) => end,
            Layout::Riff => {
                let forgotten = peek.bytes(end, 4)?.first().is_some_and(|&byte| byte != 0)
                    && self.header(peek, end)?.is_some()
                    && self
                        .header(peek, end + 1)?
                        .is_none_or(|header| header.size > peek.length() - header.body);
                if forgotten { end } else { end + 1 }
            }
        };
        Ok(padded.min(peek.length()))
    }
}

/// Whether a file or a chunk after the sound can begin with these bytes.
fn is_seam((at, bytes): (usize, &[u8])) -> Option<usize> {
    let is = |from: usize, ids: &[&[u8; 4]]| ids.iter().any(|id| bytes[from..].starts_with(&id[..]));
    let is_file = is(0, &FILES) && is(8, &[b"WAVE"]) && is(12, &FIRST);
    (is_file || is(0, &BEHIND)).then_some(at)
}
