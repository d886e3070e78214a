//! Frames, tags and damage in a stream, one after another.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use self_shared::domain::container::Container;
use self_shared::domain::container::frame::{Header, Kind};

use super::super::peek::Peek;
use super::table::table;
use super::tags::{tag, tag_before};

/// The number of frames after a frame that prove it. Noise looks like one following frame at one in a few
/// thousand positions, and like this many at none.
const PROOF: u32 = 3;
/// The same number where other data may look like frames: before a stream, or in a tag.
const STRONG_PROOF: u32 = Header::PROOF_BEHIND_JUNK;
/// The number of recent frames whose mean length gives the number of frames in a damaged stretch.
const RECENT: usize = 256;
/// The first bytes of other containers. Such a file is not a stream of frames, even if later bytes look
/// like one.
const OTHERS: [&[u8]; 8] =
    [b"RIFF", b"RF64", b"BW64", b"riff", b"fLaC", b"OggS", b"FORM", b"\x1a\x45\xdf\xa3"];

/// The content at a position.
#[derive(Debug)]
pub(super) enum ScanResult {
    Frame(Header, Vec<u8>),
    /// Bytes that are not frames, and the number of samples that frames in their place would contain.
    Damage {
        samples: u64,
    },
    /// The end, after a complete frame.
    End,
    /// The end, within a frame.
    CutShort,
}

pub(super) struct Scan {
    peek: Peek,
    at: u64,
    recent: VecDeque<Header>,
    bytes: usize,
    /// Samples lost by damage at the start.
    lost_start: u64,
    /// The end of the last tag that was found.
    tagged: u64,
}

impl Scan {
    pub(super) fn new(file: &Arc<File>) -> io::Result<Self> {
        Ok(Self {
            peek: Peek::new(file)?,
            at: 0,
            recent: VecDeque::new(),
            bytes: 0,
            lost_start: 0,
            tagged: 0,
        })
    }

    pub(super) fn length(&self) -> u64 {
        self.peek.length()
    }

    /// Finds the first frame. `None` if there is no stream.
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
        let Some((at, header)) = self.sync(self.at, self.at + Container::DEPTH as u64, STRONG_PROOF)? else {
            return Ok(None);
        };
        self.lost_start = self.lost_before(at)?;
        self.at = at;
        Ok(Some(header.kind))
    }

    /// The samples of the frames before the first complete one. Bytes that do not begin with a frame are
    /// not a part of the stream.
    fn lost_before(&mut self, first: u64) -> io::Result<u64> {
        let Some(header) = self.header(self.at)? else { return Ok(0) };
        let tables = table(self.peek.bytes(self.at, header.length)?, &header).is_some();
        let from = self.at + if tables { header.length as u64 } else { 0 };
        let (frames, bytes) = self.following(first)?;
        let mean = bytes as f64 / frames.max(1) as f64;
        let lost = (first.saturating_sub(from) as f64 / mean.max(1.0)).round() as u64;
        Ok(lost * u64::from(header.samples))
    }

    /// How many frames follow, up to a limit, and their length.
    fn following(&mut self, first: u64) -> io::Result<(u64, u64)> {
        let (mut at, mut frames) = (first, 0);
        while frames < RECENT as u64
            && let Some(next) = self.header(at)?
        {
            at += next.length as u64;
            frames += 1;
        }
        Ok((frames, at - first))
    }

    /// The length of the stream, if all of its first frames have one bitrate.
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

    pub(super) fn next(&mut self) -> io::Result<ScanResult> {
        if self.lost_start > 0 {
            return Ok(ScanResult::Damage { samples: std::mem::take(&mut self.lost_start) });
        }
        self.skip_tags()?;
        let end = self.peek.length();
        if self.at >= end {
            return Ok(ScanResult::End);
        }
        if let Some(header) = self.header(self.at)? {
            if self.at + header.length as u64 > end {
                self.at = end;
                return Ok(ScanResult::CutShort);
            }
            if self.follows(self.at, &header)? {
                return self.take(header);
            }
        }
        self.lost()
    }

    fn take(&mut self, header: Header) -> io::Result<ScanResult> {
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
        Ok(ScanResult::Frame(header, data))
    }

    /// Moves to the next frame, and returns the loss on the way.
    fn lost(&mut self) -> io::Result<ScanResult> {
        let (from, end) = (self.at, self.peek.length());
        let found = self.sync(from, end, PROOF)?;
        let to = found.map_or(end, |(at, _)| at);
        if found.is_none() {
            // No frame follows the last frame to confirm it.
            if let Some(header) = self.header(from)?
                && self.recent.back().is_some_and(|last| last.kind == header.kind)
                && from + header.length as u64 <= end
            {
                return self.take(header);
            }
            // Space that a recorder reserved and did not use.
            if self.is_empty(from, end)? {
                self.at = end;
                return Ok(ScanResult::End);
            }
        }
        let stop = self.before_tags(from, to)?;
        if stop < to
            && let Some(header) = self.header(from)?
            && from + header.length as u64 == stop
        {
            return self.take(header);
        }
        self.at = to;
        // Padding between concatenated files.
        if from == self.tagged && from > 0 && self.is_empty(from, stop)? {
            return self.next();
        }
        // A few frames, perhaps of silence, are not typical of the rest.
        let few = self.recent.len() < RECENT / 2;
        let (frames, bytes) = if few { self.following(to)? } else { (0, 0) };
        let Some(last) = self.recent.back() else { return self.next() };
        // Rounded to whole frames, so that the error does not grow with the number of damaged stretches.
        let mean = (self.bytes as u64 + bytes) as f64 / (self.recent.len() as u64 + frames) as f64;
        let frames = ((stop - from) as f64 / mean).round() as u64;
        match frames * u64::from(last.samples) {
            0 if found.is_none() => Ok(ScanResult::End),
            0 => self.next(),
            samples => Ok(ScanResult::Damage { samples }),
        }
    }

    fn is_empty(&mut self, from: u64, to: u64) -> io::Result<bool> {
        let mut at = from;
        while at < to {
            let most = usize::try_from(to - at).unwrap_or(usize::MAX).min(1 << 16);
            let bytes = self.peek.bytes(at, most)?;
            if bytes.is_empty() || bytes.iter().any(|&byte| byte != 0) {
                return Ok(bytes.is_empty());
            }
            at += bytes.len() as u64;
        }
        Ok(true)
    }

    /// The start of the tags that end at `end`.
    fn before_tags(&mut self, from: u64, mut end: u64) -> io::Result<u64> {
        while let Some(length) =
            tag_before(&mut self.peek, end)?.filter(|&length| (1..=end - from).contains(&length))
        {
            end -= length;
        }
        Ok(end)
    }

    /// The first position at or after `from` where frames follow one another.
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

    /// Whether `proof` frames of the same kind follow, or fewer up to the end or a tag.
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

    /// Whether a frame, a tag or the end follows the frame.
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
        Ok(Header::read(self.peek.bytes(at, Header::LONGEST)?))
    }

    /// Moves past the tags at this position. If the stated size of a tag is larger than the tag, the first
    /// frames determine its end. A size that leads to frames or to another tag is right: pictures and files
    /// within a tag may look like frames.
    fn skip_tags(&mut self) -> io::Result<()> {
        while let Some(length) = self.tag(self.at)? {
            let claimed = self.at.saturating_add(length);
            let inside = claimed.min(self.peek.length());
            let is_id3 = self.peek.bytes(self.at, 3)? == b"ID3";
            let frames = if is_id3 && !self.begins_at(claimed)? {
                self.sync(self.at + 10, inside, STRONG_PROOF)?
            } else {
                None
            };
            self.at = frames.map_or(claimed, |(at, _)| at);
            self.tagged = self.at;
        }
        Ok(())
    }

    /// Whether frames or a tag begin exactly here.
    fn begins_at(&mut self, at: u64) -> io::Result<bool> {
        if self.tag(at)?.is_some() {
            return Ok(true);
        }
        match self.header(at)? {
            Some(header) => self.is_proven(at, &header, STRONG_PROOF),
            None => Ok(false),
        }
    }

    fn tag(&mut self, at: u64) -> io::Result<Option<u64>> {
        tag(&mut self.peek, at)
    }
}
