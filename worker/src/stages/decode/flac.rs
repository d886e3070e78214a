//! FLAC files that were concatenated, and the start of their sound (RFC 9639).

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::frames::tag_before;
use super::peek::Peek;

/// The marker of a file, and the header of the block that must follow it: the stream information of 34
/// bytes, which may be the last block before the sound.
const STARTS: [&[u8]; 2] = [b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22"];
/// Bytes that are searched at once, and bytes at their end that are searched again with the next ones.
const STEP: usize = 1 << 16;
const SEAM: usize = 10;
/// The most blocks before the sound that are read.
const BLOCKS: usize = 1000;
/// The longest loss at the start because of damage, in seconds.
const LONGEST: f64 = 600.0;

/// The structure of a file that begins as a FLAC file.
#[derive(Debug, Default)]
pub(super) struct Flacs {
    /// The range of each of the concatenated files, without the tags before them.
    pub(super) files: Vec<Range<u64>>,
    /// The most seconds that can be lost before the first readable frame. Frames contain their times, so it
    /// is known if that frame is not the first of the file.
    pub(super) lost_start: Option<f64>,
    /// Whether a tag follows the sound. The parser takes it for a part of the last frame.
    pub(super) is_tagged: bool,
}

/// Searches a file for FLAC files. The result is empty if the file does not begin as one.
pub(super) fn files(file: &Arc<File>) -> io::Result<Flacs> {
    let mut peek = Peek::new(file)?;
    let start = tag(peek.bytes(0, SEAM)?).unwrap_or(0);
    if !is_start(peek.bytes(start, SEAM)?) {
        return Ok(Flacs::default());
    }
    let lost_start = begins_at_zero(&mut peek, start)?.then_some(LONGEST);
    let mut files = Vec::new();
    let (mut begun, mut from) = (start, start + 1);
    // The last tag that was found.
    let mut tagged = 0..0;
    loop {
        let bytes = peek.bytes(from, STEP)?;
        for (at, window) in (from..).zip(bytes.windows(SEAM)) {
            if let Some(length) = tag(window) {
                tagged = at..at + length;
            } else if is_start(window) {
                files.push(begun..if tagged.end == at { tagged.start } else { at });
                begun = at;
            }
        }
        if bytes.len() < STEP {
            break;
        }
        from += (STEP - SEAM + 1) as u64;
    }
    let mut end = peek.length();
    while let Some(length) = tag_before(&mut peek, end)?.filter(|&length| begun + length < end) {
        end -= length;
    }
    files.push(begun..end);
    Ok(Flacs { files, lost_start, is_tagged: end < peek.length() })
}

/// The length of the ID3v2 tag that begins here.
fn tag(bytes: &[u8]) -> Option<u64> {
    let size = bytes.strip_prefix(b"ID3")?.get(3..7)?;
    let plain = size.iter().all(|byte| byte & 0x80 == 0);
    plain.then(|| 10 + size.iter().fold(0, |size, &byte| (size << 7) | u64::from(byte)))
}

/// Whether the sound of a file begins at 0, as far as its frames show: a file that was cut out of a longer
/// one keeps the numbers of its frames.
fn begins_at_zero(peek: &mut Peek, start: u64) -> io::Result<bool> {
    let mut at = start + 4;
    for _ in 0..BLOCKS {
        let &[kind, a, b, c] = peek.bytes(at, 4)? else { return Ok(false) };
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(match peek.bytes(at, 5)? {
        // A frame, with its number.
        [0xff, 0xf8 | 0xf9, _, _, number] => *number == 0,
        bytes => bytes.len() == 5,
    })
}

fn is_start(bytes: &[u8]) -> bool {
    STARTS.iter().any(|start| bytes.starts_with(start))
}
