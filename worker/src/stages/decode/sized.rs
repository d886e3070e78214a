//! AIFF and CAF files whose sizes are wrong.
//!
//! As in [wave files](super::wave), the bytes take precedence over the sizes in the headers: a recorder that
//! died never wrote them, and a program that writes into a pipe could not. The sound extends up to the
//! chunks after it, or to the end of the file (Apple, "Audio Interchange File Format" and "Core Audio Format
//! Specification").

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::peek::Peek;
use super::source::ConcatenatedSource;

/// The most chunks that are read. A file has about a dozen.
const MOST: u32 = 10_000;
/// The number of chunks in a row that prove the end of the sound.
const ENOUGH: u32 = 100;
/// Bytes that are searched at once, and bytes at their end that are searched again with the next ones.
const STEP: usize = 1 << 16;
const SEAM: usize = 3;
/// Sizes that mean "not known yet" in AIFF: all bits set, or the largest positive numbers.
const OPEN: [Range<u64>; 2] = [0x7fff_0000..0x8000_1000, 0xffff_0000..0x1_0000_0000];
/// Chunks that may follow the sound.
const BEHIND_AIFF: [&[u8; 4]; 12] = [
    b"COMM", b"MARK", b"INST", b"MIDI", b"AESD", b"APPL", b"COMT", b"NAME", b"AUTH", b"(c) ", b"ANNO",
    b"ID3 ",
];
const BEHIND_CAF: [&[u8; 4]; 12] = [
    b"pakt", b"info", b"kuki", b"chan", b"free", b"strg", b"mark", b"regn", b"inst", b"ovvw", b"peak",
    b"uuid",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// Four letters and a size in four bytes, padded to two.
    Aiff,
    /// Four letters and a size in eight bytes.
    Caf,
}

/// A file whose sound does not have the size in its header.
#[derive(Debug)]
pub(super) struct Sized {
    /// The file with right sizes.
    pub(super) source: ConcatenatedSource,
    /// Whether the file ends before the stated end of its sound.
    pub(super) cut_short: bool,
}

impl Sized {
    /// `None` for another container, and for a file with right sizes.
    pub(super) fn of(file: &Arc<File>) -> io::Result<Option<Self>> {
        let mut peek = Peek::new(file)?;
        let length = peek.length();
        let layout = match peek.bytes(0, 12)? {
            [b'F', b'O', b'R', b'M', .., b'A', b'I', b'F', b'F' | b'C'] => Layout::Aiff,
            [b'c', b'a', b'f', b'f', 0, 1, ..] => Layout::Caf,
            _ => return Ok(None),
        };
        let start = if layout == Layout::Aiff { 12 } else { 8 };
        let Some((at, size)) = layout.sound(&mut peek, start)? else { return Ok(None) };
        let body = at + layout.header();
        let rest = length - body;
        let fits = size.is_some_and(|size| size <= rest);
        let stop = match size.filter(|_| fits) {
            Some(size) if layout.ends_in_chunks(&mut peek, layout.behind(body + size))? => body + size,
            _ => layout.end_of_sound(&mut peek, body)?,
        };
        let is_right = size == Some(stop - body);
        let form = peek.bytes(4, 4)?.try_into().map_or(0, u32::from_be_bytes);
        let is_whole = layout == Layout::Caf || u64::from(form) >= stop - 8;
        if stop == body || (is_right && is_whole) {
            return Ok(None);
        }
        let pad = layout.behind(stop) - stop;
        let behind = layout.behind(stop).min(length);
        let source = match layout {
            Layout::Aiff => {
                let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes().to_vec();
                let whole = length.max(stop + pad) - 8;
                let source =
                    ConcatenatedSource::default().part(file, 0..4).own(size(whole)).part(file, 8..at + 4);
                source.own(size(stop - body)).part(file, body..stop).own(vec![0; pad as usize])
            }
            Layout::Caf => {
                let size = (stop - body).to_be_bytes().to_vec();
                ConcatenatedSource::default().part(file, 0..at + 4).own(size).part(file, body..stop)
            }
        };
        let source = source.part(file, behind..length);
        Ok(Some(Self { source, cut_short: size.is_some() && !fits }))
    }
}

impl Layout {
    fn header(self) -> u64 {
        match self {
            Self::Aiff => 8,
            Self::Caf => 12,
        }
    }

    /// The position of the chunk after one that ends here.
    fn behind(self, end: u64) -> u64 {
        if self == Self::Aiff { end.next_multiple_of(2) } else { end }
    }

    /// The name of the chunk at this position and its size, if it is stated.
    fn chunk(self, peek: &mut Peek, at: u64) -> io::Result<Option<([u8; 4], Option<u64>)>> {
        let bytes = peek.bytes(at, self.header() as usize)?;
        let Some((name, size)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
        if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok(None);
        }
        Ok(match (self, size) {
            (Self::Aiff, &[a, b, c, d]) => {
                let size = u64::from(u32::from_be_bytes([a, b, c, d]));
                let is_open = OPEN.iter().any(|range| range.contains(&size));
                Some((*name, (!is_open).then_some(size)))
            }
            // A negative size is none.
            (Self::Caf, size) => {
                size.try_into().ok().map(|size| (*name, u64::try_from(i64::from_be_bytes(size)).ok()))
            }
            _ => None,
        })
    }

    /// The position of the chunk with the sound, and its size. A size of 0 was never written.
    fn sound(self, peek: &mut Peek, mut at: u64) -> io::Result<Option<(u64, Option<u64>)>> {
        let wanted = if self == Self::Aiff { b"SSND" } else { b"data" };
        for _ in 0..MOST {
            let Some((name, size)) = self.chunk(peek, at)? else { return Ok(None) };
            if &name == wanted {
                return Ok(Some((at, size.filter(|&size| size > 0))));
            }
            let end = size.and_then(|size| (at + self.header()).checked_add(size));
            let Some(end) = end.filter(|&end| end < peek.length()) else { return Ok(None) };
            at = self.behind(end);
        }
        Ok(None)
    }

    /// The end of sound whose header does not state it: before chunks that extend to the end, or at the end.
    fn end_of_sound(self, peek: &mut Peek, start: u64) -> io::Result<u64> {
        let names = if self == Self::Aiff { &BEHIND_AIFF } else { &BEHIND_CAF };
        let mut from = start;
        loop {
            let bytes = peek.bytes(from, STEP)?;
            let length = bytes.len();
            let windows = bytes.windows(4).enumerate();
            let places: Vec<u64> = windows
                .filter(|(_, window)| names.iter().any(|name| window == name))
                .map(|(at, _)| from + at as u64)
                .collect();
            for at in places {
                if self.ends_in_chunks(peek, at)? {
                    return Ok(at);
                }
            }
            if length < STEP {
                return Ok(peek.length());
            }
            from += (STEP - SEAM) as u64;
        }
    }

    /// Whether only chunks follow, up to the end of the file.
    fn ends_in_chunks(self, peek: &mut Peek, mut at: u64) -> io::Result<bool> {
        for _ in 0..ENOUGH {
            // Less than a chunk's header is padding, and no sound.
            if peek.length().saturating_sub(at) < self.header() {
                return Ok(true);
            }
            let body = at + self.header();
            match self.chunk(peek, at)? {
                Some((_, Some(size))) if size <= peek.length() - body => at = self.behind(body + size),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const SOUND: &[u8] = &[0x81; 1000];

    fn aiff(form: u32, size: u32, sound: &[u8], behind: &[u8]) -> Vec<u8> {
        let common = b"COMM\0\0\0\x12\0\x01\0\0\0\0\0\x10\x40\x0c\xfa\0\0\0\0\0\0\0";
        let (form, size) = (form.to_be_bytes(), size.to_be_bytes());
        [b"FORM", &form[..], b"AIFF", common, b"SSND", &size, &[0; 8], sound, behind].concat()
    }

    fn caf(size: i64, sound: &[u8], behind: &[u8]) -> Vec<u8> {
        let description = [&b"desc\0\0\0\0\0\0\0\x20"[..], &[0; 32]].concat();
        let size = size.to_be_bytes();
        [b"caff\0\x01\0\0", &description[..], b"data", &size, &[0; 4], sound, behind].concat()
    }

    fn mended(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut sized = Sized::of(&Arc::new(file)).unwrap()?;
        let mut read = Vec::new();
        sized.source.read_to_end(&mut read).unwrap();
        Some((read, sized.cut_short))
    }

    #[test]
    fn right_sizes_stay() {
        assert!(mended(&aiff(1046, 1008, SOUND, b"")).is_none());
        assert!(mended(&caf(1004, SOUND, b"")).is_none());
        assert!(mended(&caf(1004, SOUND, b"free\0\0\0\0\0\0\0\x02\0\0")).is_none());
        assert!(mended(b"RIFF\0\0\0\0WAVE").is_none());
    }

    #[test]
    fn a_size_that_is_too_small_or_unknown_becomes_that_of_the_bytes() {
        let name = b"NAME\0\0\0\x02ab";
        for behind in [&b""[..], name] {
            let form = 1046 + behind.len() as u32;
            let right = aiff(form, 1008, SOUND, behind);
            for (form, size) in [(form, 500), (form, 0), (0, 0), (0, 1008), (u32::MAX, u32::MAX)] {
                let wrong = aiff(form, size, SOUND, behind);
                assert_eq!(mended(&wrong), Some((right.clone(), false)), "{form} {size}");
            }
            let free = if behind.is_empty() { &b""[..] } else { b"free\0\0\0\0\0\0\0\x02\0\0" };
            for size in [500, 0, -1] {
                let wrong = caf(size, SOUND, free);
                assert_eq!(mended(&wrong), Some((caf(1004, SOUND, free), false)), "{size}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_says_so() {
        let (read, cut_short) = mended(&aiff(1046, 1008, &SOUND[..600], b"")).unwrap();
        assert_eq!((read, cut_short), (aiff(646, 608, &SOUND[..600], b""), true));
        let (read, cut_short) = mended(&caf(1004, &SOUND[..600], b"")).unwrap();
        assert_eq!((read, cut_short), (caf(604, &SOUND[..600], b""), true));
    }
}
