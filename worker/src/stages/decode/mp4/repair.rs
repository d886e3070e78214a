//! Repairs damaged fragmented files.
//!
//! A wrong size hides all bytes after it. So the repair searches for fragments (ISO/IEC 14496-12, section
//! 8.8): each begins with a box whose parts fit into one another. A damaged range between fragments is
//! presented as a free box of the same length, so that all positions stay the same.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::Trak;
use super::boxes::{Boxes, bytes, read};

/// The boxes at the top level of a file.
const BESIDE: [&[u8; 4]; 16] = [
    b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"styp", b"sidx", b"ssix", b"mfra",
    b"emsg", b"prft", b"uuid", b"meta", b"pdin",
];
/// Bytes that are searched at once.
const STEP: usize = 1 << 16;
/// The most repairs.
const MOST: usize = 10_000;

/// The changes with which a damaged file can be read.
#[derive(Debug, Default)]
pub(in super::super) struct RepairedFile {
    /// The contents of the undamaged headers of fragments.
    pub(super) moofs: Vec<Range<u64>>,
    /// Headers of eight bytes, and the positions at which they replace others.
    pub(in super::super) headers: Vec<(u64, [u8; 8])>,
    /// Whether there is damage before the first undamaged fragment.
    pub(super) lost_first: bool,
    /// Whether the damage extends to the end.
    pub(in super::super) cut_short: bool,
}

impl RepairedFile {
    /// `None` for a file that is not fragmented, or in which no size is wrong.
    pub(in super::super) fn of(file: &File) -> Option<Self> {
        let length = file.metadata().ok()?.len();
        let moov = Boxes::of(file).take(100).find(|found| &found.kind == b"moov")?.body;
        Boxes::within(file, moov.clone()).find(b"mvex")?;
        let ids: Vec<u32> = Trak::all(file).iter().filter_map(Trak::id).collect();
        let mut repaired = Self::default();
        let mut at = 0;
        while at < length && repaired.headers.len() < MOST {
            let found = Boxes::within(file, at..length).next();
            let size = read::<4>(file, &(at..length)).map_or(0, u32::from_be_bytes);
            let found = found.filter(|found| BESIDE.contains(&&found.kind));
            let is_sound = |kind: &[u8; 4], body: &Range<u64>| match kind {
                b"moof" => is_whole(file, body, &ids),
                b"mdat" => size != 0 && (body.end == length || is_beside(file, &(body.end..length))),
                _ => true,
            };
            if let Some(found) = &found
                && fits(file, at, found.body.end)
                && is_sound(&found.kind, &found.body)
            {
                if &found.kind == b"moof" {
                    repaired.moofs.push(found.body.clone());
                }
                at = found.body.end;
                continue;
            }
            let next = find(file, at + 8, length, &ids);
            let kind = if found.is_some_and(|found| &found.kind == b"mdat") { b"mdat" } else { b"free" };
            let Ok(stretch) = u32::try_from(next.unwrap_or(length) - at) else { return None };
            let [a, b, c, d] = stretch.to_be_bytes();
            let [e, f, g, h] = *kind;
            // Sound that is cut off at the end of the file is no damage.
            if next.is_some() || kind == b"free" {
                repaired.headers.push((at, [a, b, c, d, e, f, g, h]));
                repaired.lost_first |= repaired.moofs.is_empty() && at >= moov.end;
                repaired.cut_short |= next.is_none();
            }
            at = next.unwrap_or(length);
        }
        (repaired.headers.iter().any(|(at, _)| *at >= moov.end) && !repaired.moofs.is_empty())
            .then_some(repaired)
    }
}

/// Whether the stated size of the box at `at` ends at `end`.
fn fits(file: &File, at: u64, end: u64) -> bool {
    match read::<16>(file, &(at..at + 16)) {
        Some([0, 0, 0, 1, _, _, _, _, a, b, c, d, e, f, g, h]) => {
            at.saturating_add(u64::from_be_bytes([a, b, c, d, e, f, g, h])) == end
        }
        Some([0, 0, 0, 0, ..]) => true,
        Some([a, b, c, d, ..]) => at + u64::from(u32::from_be_bytes([a, b, c, d])) == end,
        None => true,
    }
}

/// Whether a box begins here, of any size.
fn is_beside(file: &File, rest: &Range<u64>) -> bool {
    read::<8>(file, rest).is_some_and(|[.., a, b, c, d]| BESIDE.contains(&&[a, b, c, d]))
}

/// The next undamaged fragment.
fn find(file: &File, mut from: u64, length: u64, ids: &[u32]) -> Option<u64> {
    while from + 8 < length {
        let part = bytes_at(file, from, STEP);
        for at in part.windows(8).enumerate().filter(|(_, eight)| &eight[4..] == b"moof").map(|(at, _)| at) {
            let at = from + at as u64;
            let found = Boxes::within(file, at..length).next()?;
            if fits(file, at, found.body.end) && is_whole(file, &found.body, ids) {
                return Some(at);
            }
        }
        if part.len() < STEP {
            return None;
        }
        from += (STEP - 7) as u64;
    }
    None
}

fn bytes_at(file: &File, at: u64, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while let Ok(read @ 1..) = file.read_at(&mut bytes[filled..], at + filled as u64) {
        filled += read;
    }
    bytes.truncate(filled);
    bytes
}

/// Whether the parts of a fragment's header fit into one another.
fn is_whole(file: &File, moof: &Range<u64>, ids: &[u32]) -> bool {
    let is_first = read::<8>(file, moof).is_some_and(|[.., a, b, c, d]| [a, b, c, d] == *b"mfhd");
    is_first
        && parts(file, moof).is_some_and(|parts| {
            parts.iter().filter(|(kind, _)| kind == b"traf").all(|(_, traf)| is_whole_track(file, traf, ids))
        })
}

fn is_whole_track(file: &File, traf: &Range<u64>, ids: &[u32]) -> bool {
    let Some(parts) = parts(file, traf) else { return false };
    let has = |wanted: &[u8; 4]| parts.iter().any(|(kind, _)| kind == wanted);
    has(b"tfhd")
        && parts.iter().all(|(kind, body)| match kind {
            b"tfhd" => read::<8>(file, body)
                .is_some_and(|[.., a, b, c, d]| ids.contains(&u32::from_be_bytes([a, b, c, d]))),
            b"tfdt" => read::<1>(file, body).is_some_and(|[version]| version <= 1),
            b"trun" => is_whole_run(file, body),
            _ => true,
        })
}

/// Whether a run has as many samples as it states (section 8.8.8).
fn is_whole_run(file: &File, run: &Range<u64>) -> bool {
    let Some([_, a, b, c, d, e, f, g]) = read::<8>(file, run) else { return false };
    let (flags, count) = (u32::from_be_bytes([0, a, b, c]), u32::from_be_bytes([d, e, f, g]));
    let fields = |mask: u32| 4 * u64::from((flags & mask).count_ones());
    8 + fields(0x5) + u64::from(count) * fields(0xf00) == run.end - run.start
}

/// The boxes within a box, if they fill it.
fn parts(file: &File, body: &Range<u64>) -> Option<Vec<([u8; 4], Range<u64>)>> {
    let bytes = bytes(file, body, 1 << 22);
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let &[a, b, c, d, e, f, g, h] = bytes.get(at..)?.first_chunk()?;
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        let start = body.start + at as u64;
        at = at.checked_add(size).filter(|&end| size >= 8 && end <= bytes.len())?;
        parts.push(([e, f, g, h], start + 8..body.start + at as u64));
    }
    Some(parts)
}
