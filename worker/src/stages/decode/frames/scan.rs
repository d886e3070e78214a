//! Frames, tags and damage in a stream, one after another.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::super::peek::Peek;
use super::header::{Header, Kind, LONGEST_HEADER, table};

/// A stream that has not begun here is none, in bytes behind its tags.
const DEPTH: u64 = 1 << 20;
/// Frames behind a frame that prove it to be one. Noise comes to one in a few thousand places, and
/// to this many in none.
const PROOF: u32 = 3;
/// What proves that a file is a stream that does not begin as one. Containers that are not known here
/// may hold a few frames in a row.
const STRONG_PROOF: u32 = 16;
/// Frames whose mean length tells how many have filled a damaged stretch.
const RECENT: usize = 256;
/// What other containers begin with, whatever looks like a frame further on.
const OTHERS: [&[u8]; 8] =
    [b"RIFF", b"RF64", b"BW64", b"riff", b"fLaC", b"OggS", b"FORM", b"\x1a\x45\xdf\xa3"];

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Found {
    Frame(Header, Vec<u8>),
    /// Bytes that are no frames, and the samples that frames in their place would have held.
    Damage {
        samples: u64,
    },
    /// The end, behind a whole frame.
    End,
    /// The end, in the middle of a frame.
    CutShort,
}

pub(super) struct Scan {
    peek: Peek,
    at: u64,
    recent: VecDeque<Header>,
    bytes: usize,
}

impl Scan {
    pub(super) fn new(file: &Arc<File>) -> io::Result<Self> {
        Ok(Self { peek: Peek::new(file)?, at: 0, recent: VecDeque::new(), bytes: 0 })
    }

    pub(super) fn length(&self) -> u64 {
        self.peek.length()
    }

    /// Finds the first frame. `None` where there is no stream.
    pub(super) fn begin(&mut self) -> io::Result<Option<Kind>> {
        self.skip_tags()?;
        let start = self.peek.bytes(self.at, 8)?;
        if OTHERS.iter().any(|other| start.starts_with(other)) || start.get(4..8) == Some(b"ftyp") {
            return Ok(None);
        }
        if let Some(header) = self.header(self.at)?
            && self.is_proven(self.at, &header, PROOF)?
        {
            return Ok(Some(header.kind));
        }
        let Some((at, header)) = self.sync(self.at, self.at + DEPTH, STRONG_PROOF)? else { return Ok(None) };
        self.at = at;
        Ok(Some(header.kind))
    }

    /// The length of the stream, where it is plain: all of its first frames have one bitrate.
    pub(super) fn seconds(&mut self) -> io::Result<Option<f64>> {
        let (mut at, mut bytes, mut samples) = (self.at, 0, 0);
        let mut bounds: Option<(usize, usize)> = None;
        for _ in 0..100 {
            let Some(header) = self.header(at)? else { break };
            let tables = table(self.peek.bytes(at, header.length)?, &header).is_some();
            at += header.length as u64;
            if tables {
                continue;
            }
            let (least, most) = bounds.unwrap_or((header.length, header.length));
            bounds = Some((least.min(header.length), most.max(header.length)));
            bytes += header.length;
            samples += u64::from(header.samples);
        }
        let Some((least, most)) = bounds else { return Ok(None) };
        let Some(header) = self.header(self.at)? else { return Ok(None) };
        let rest = self.peek.length() - self.at;
        let seconds = samples as f64 / f64::from(header.kind.rate);
        Ok((most - least <= 1).then(|| seconds * rest as f64 / bytes as f64))
    }

    pub(super) fn next(&mut self) -> io::Result<Found> {
        self.skip_tags()?;
        let end = self.peek.length();
        if self.at >= end {
            return Ok(Found::End);
        }
        if let Some(header) = self.header(self.at)? {
            if self.at + header.length as u64 > end {
                self.at = end;
                return Ok(Found::CutShort);
            }
            if self.follows(self.at, &header)? {
                return self.take(header);
            }
        }
        self.lost()
    }

    fn take(&mut self, header: Header) -> io::Result<Found> {
        if self.recent.back().is_some_and(|last| last.kind != header.kind) {
            self.recent.clear();
            self.bytes = 0;
        }
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.bytes -= oldest.length;
        }
        self.bytes += header.length;
        self.recent.push_back(header);
        let data = self.peek.bytes(self.at, header.length)?.to_vec();
        self.at += header.length as u64;
        Ok(Found::Frame(header, data))
    }

    /// Goes on to the next frame, and tells how much was lost on the way.
    fn lost(&mut self) -> io::Result<Found> {
        let (from, end) = (self.at, self.peek.length());
        let found = self.sync(from, end, PROOF)?;
        let to = found.map_or(end, |(at, _)| at);
        if found.is_none() {
            // The last frame has nothing behind it that would confirm it.
            if let Some(header) = self.header(from)?
                && self.recent.back().is_some_and(|last| last.kind == header.kind)
                && from + header.length as u64 <= end
            {
                return self.take(header);
            }
            // Room that a recorder reserved and did not use.
            if self.is_empty(from)? {
                self.at = end;
                return Ok(Found::End);
            }
        }
        self.at = to;
        let Some(last) = self.recent.back() else { return self.next() };
        // Whole frames: the error does not grow with the number of damaged stretches.
        let mean = self.bytes as f64 / self.recent.len() as f64;
        let frames = ((to - from) as f64 / mean).round() as u64;
        match frames * u64::from(last.samples) {
            0 if found.is_none() => Ok(Found::End),
            0 => self.next(),
            samples => Ok(Found::Damage { samples }),
        }
    }

    fn is_empty(&mut self, from: u64) -> io::Result<bool> {
        let mut at = from;
        loop {
            let bytes = self.peek.bytes(at, 1 << 16)?;
            match bytes {
                [] => return Ok(true),
                bytes if bytes.iter().any(|&byte| byte != 0) => return Ok(false),
                bytes => at += bytes.len() as u64,
            }
        }
    }

    /// The first place from `from` on where frames stand in a row.
    fn sync(&mut self, from: u64, to: u64, proof: u32) -> io::Result<Option<(u64, Header)>> {
        let mut at = from;
        while at < to {
            let bytes = self.peek.bytes(at, 1 << 12)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            match bytes.iter().position(|&byte| byte == 0xff) {
                None => at += bytes.len() as u64,
                Some(skip) => {
                    at += skip as u64;
                    if let Some(header) = self.header(at)?
                        && self.is_proven(at, &header, proof)?
                    {
                        return Ok(Some((at, header)));
                    }
                    at += 1;
                }
            }
        }
        Ok(None)
    }

    /// Whether frames of the same kind follow, as many as are proof, or up to the end or a tag.
    fn is_proven(&mut self, at: u64, header: &Header, proof: u32) -> io::Result<bool> {
        let (mut at, mut length) = (at, header.length);
        for seen in 0..proof {
            at += length as u64;
            if at >= self.peek.length() || (seen > 0 && self.tag(at)?.is_some()) {
                return Ok(seen > 0);
            }
            match self.header(at)? {
                Some(next) if next.kind == header.kind => length = next.length,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether something that is known stands behind the frame.
    fn follows(&mut self, at: u64, header: &Header) -> io::Result<bool> {
        let behind = at + header.length as u64;
        if behind >= self.peek.length() || self.tag(behind)?.is_some() {
            return Ok(true);
        }
        match self.header(behind)? {
            Some(next) if next.kind == header.kind => Ok(true),
            Some(next) => self.is_proven(behind, &next, PROOF),
            None => Ok(false),
        }
    }

    fn header(&mut self, at: u64) -> io::Result<Option<Header>> {
        Ok(Header::read(self.peek.bytes(at, LONGEST_HEADER)?))
    }

    fn skip_tags(&mut self) -> io::Result<()> {
        while let Some(length) = self.tag(self.at)? {
            self.at = self.at.saturating_add(length);
        }
        Ok(())
    }

    /// The length of the tag at this place: ID3v2 (id3.org, section 3.1), ID3v1, APE or Lyrics3.
    fn tag(&mut self, at: u64) -> io::Result<Option<u64>> {
        let end = self.peek.length();
        let bytes = self.peek.bytes(at, 32)?;
        if bytes.starts_with(b"TAG") && end - at == 128 {
            return Ok(Some(128));
        }
        if bytes.starts_with(b"ID3") && bytes.len() >= 10 && bytes[6..10].iter().all(|byte| byte & 0x80 == 0)
        {
            let size = bytes[6..10].iter().fold(0, |size, &byte| (size << 7) | u64::from(byte));
            let footer = if bytes[5] & 0x10 != 0 { 10 } else { 0 };
            return Ok(Some(10 + size + footer));
        }
        if bytes.starts_with(b"APETAGEX") && bytes.len() == 32 {
            let size = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
            // The size counts the footer; a header in front of it is not counted, and a footer alone
            // has nothing behind it.
            let has_header = bytes[23] & 0x20 != 0;
            return Ok(Some(if has_header { 32 + u64::from(size) } else { 32 }));
        }
        if bytes.starts_with(b"LYRICSBEGIN") {
            let words = self.peek.bytes(at, 1 << 16)?;
            let stop = words.windows(9).position(|nine| nine == b"LYRICS200" || nine == b"LYRICSEND");
            return Ok(stop.map(|stop| stop as u64 + 9));
        }
        // An ID3v1 tag in the middle comes from files that were put end to end.
        if bytes.starts_with(b"TAG") && at + 128 < end {
            let behind = self.peek.bytes(at + 128, LONGEST_HEADER)?;
            let goes_on = Header::read(behind).is_some() || behind.starts_with(b"ID3");
            return Ok(goes_on.then_some(128));
        }
        Ok(None)
    }
}
