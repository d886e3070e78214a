//! Concatenated files of the containers whose readers stop after the first: mp4 and AIFF.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::mp4;

/// The most files that are searched for: a hostile file could contain one in every few bytes.
const MOST: usize = 1000;

/// The range of each file. Empty for other containers, and for a single file.
pub(super) fn files(file: &File) -> Vec<Range<u64>> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut starts = mp4::starts(file, MOST);
    if starts.is_empty() {
        starts = aiff_starts(file, length);
    }
    if starts.len() < 2 {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).copied().chain([length]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Each file is a chunk, whose size is rounded up to an even number.
fn aiff_starts(file: &File, length: u64) -> Vec<u64> {
    let (mut starts, mut at) = (Vec::new(), 0);
    let mut head = [0; 12];
    while at < length && starts.len() < MOST && file.read_exact_at(&mut head, at).is_ok() {
        let [b'F', b'O', b'R', b'M', a, b, c, d, b'A', b'I', b'F', b'F' | b'C'] = head else { break };
        starts.push(at);
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        at += 8 + size + size % 2;
    }
    starts
}
