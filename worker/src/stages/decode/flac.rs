//! FLAC files that were put end to end (RFC 9639): each begins with its marker and stream information.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::peek::Peek;

/// The marker of a file, and the head of the block that must follow it: the stream information of 34
/// bytes, which may be the last block before the sound.
const STARTS: [&[u8]; 2] = [b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22"];
const START: usize = 8;
/// Bytes that are looked through at once.
const STEP: usize = 1 << 16;

/// Where in the file each of its FLAC files lies. None where it does not begin as one.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn files(file: &Arc<File>) -> io::Result<Vec<Range<u64>>> {
    let mut peek = Peek::new(file)?;
    if !is_start(peek.bytes(0, START)?) {
        return Ok(Vec::new());
    }
    let (mut found, mut from) = (vec![0], 1);
    loop {
        let bytes = peek.bytes(from, STEP)?;
        found.extend(
            bytes.windows(START).zip(from..).filter(|(window, _)| is_start(window)).map(|(_, at)| at),
        );
        if bytes.len() < STEP {
            break;
        }
        from += (STEP - START + 1) as u64;
    }
    let ends = found[1..].iter().copied().chain([peek.length()]);
    Ok(found.iter().zip(ends).map(|(start, end)| *start..end).collect())
}

fn is_start(bytes: &[u8]) -> bool {
    STARTS.contains(&bytes)
}
