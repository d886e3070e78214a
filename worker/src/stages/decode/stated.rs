//! Whether a file that a converter decodes ends before the end that its container states.
//!
//! A converter decodes the bytes that are there, and does not tell how many should be there.

use std::fs::File;
use std::io;
use std::sync::Arc;

use self_shared::domain::container::Container;

use super::peek::Peek;
use super::whole;

/// The most blocks or frames that are read to find the end.
const MOST: u32 = 10_000_000;
/// Sizes from here on mean that the writer did not know the size.
const OPEN: u64 = 0x7fff_0000;
/// The last bytes of a file of frames, in which its last frame is searched.
const TAIL: u64 = 1 << 16;
/// Frames that follow one another are no accident.
const FRAMES: u32 = 3;
/// If a WavPack file has less sound than stated by less than this, in seconds, it is no loss.
const SHORT: f64 = 0.5;

/// Whether a file of this container ends before the end that it states, or within its last frame. False if
/// neither can be known. `heard` is the length of the decoded sound in seconds.
#[must_use]
pub fn breaks_off(file: File, container: Container, heard: f64) -> bool {
    let file = Arc::new(file);
    if matches!(container, Container::Mp4 | Container::Matroska) {
        return whole::ends_early(&file);
    }
    Peek::new(&file).and_then(|mut peek| look(&mut peek, container, heard)).unwrap_or(false)
}

fn look(peek: &mut Peek, container: Container, heard: f64) -> io::Result<bool> {
    match container {
        Container::Wave => chunks(peek, 12, b"data", u32::from_le_bytes),
        Container::Aiff => chunks(peek, 12, b"SSND", u32::from_be_bytes),
        Container::Caf => caf(peek),
        Container::Au => au(peek),
        Container::Asf => asf(peek),
        Container::WavPack => wavpack(peek, heard),
        Container::Amr => amr(peek),
        Container::MpegTs => packets(peek),
        Container::Ogg => page(peek),
        Container::Adts => frames(peek, adts),
        Container::Ac3 | Container::Eac3 => frames(peek, ac3),
        _ => Ok(false),
    }
}

/// Four bytes from `at` on; zeros where there are none.
fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

/// Eight bytes from `at` on; zeros where there are none.
fn eight(bytes: &[u8], at: usize) -> [u8; 8] {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

/// Whether the chunk with the sound is longer than the rest of the file.
fn chunks(peek: &mut Peek, start: u64, sound: &[u8; 4], size: fn([u8; 4]) -> u32) -> io::Result<bool> {
    let mut at = start;
    for _ in 0..MOST {
        let head = peek.bytes(at, 8)?;
        if head.len() < 8 {
            return Ok(false);
        }
        let size = u64::from(size(four(head, 4)));
        if head[..4] == *sound {
            return Ok(size < OPEN && at + 8 + size > peek.length());
        }
        at += 8 + size.next_multiple_of(2);
    }
    Ok(false)
}

/// The same for CAF, whose sizes have eight bytes and are -1 if they are not known.
fn caf(peek: &mut Peek) -> io::Result<bool> {
    let mut at = 8_u64;
    for _ in 0..MOST {
        let head = peek.bytes(at, 12)?;
        let size = i64::from_be_bytes(eight(head, 4));
        let Ok(size) = u64::try_from(size) else { return Ok(false) };
        if head.len() < 12 {
            return Ok(false);
        }
        let end = at.saturating_add(12).saturating_add(size);
        if end > peek.length() {
            return Ok(true);
        }
        at = end;
    }
    Ok(false)
}

fn au(peek: &mut Peek) -> io::Result<bool> {
    let head = peek.bytes(0, 12)?;
    let (start, size) = (u32::from_be_bytes(four(head, 4)), u32::from_be_bytes(four(head, 8)));
    Ok(u64::from(size) < OPEN && u64::from(start) + u64::from(size) > peek.length())
}

/// Whether another recording follows the end that the file states. A converter reads only the first.
#[must_use]
pub fn is_followed(file: &File, container: Container) -> bool {
    const HEADER: [u8; 4] = [0x30, 0x26, 0xb2, 0x75];
    let next = || {
        let mut peek = Peek::new(&Arc::new(file.try_clone()?))?;
        let end = asf_size(&mut peek)?;
        Ok::<_, io::Error>(end.is_some_and(|end| peek.bytes(end, 4).is_ok_and(|next| next == HEADER)))
    };
    container == Container::Asf && next().unwrap_or(false)
}

fn asf(peek: &mut Peek) -> io::Result<bool> {
    let size = asf_size(peek)?;
    Ok(size.is_some_and(|size| size > peek.length()))
}

/// The size of the file in the header of ASF. A broadcast has none.
fn asf_size(peek: &mut Peek) -> io::Result<Option<u64>> {
    const PROPERTIES: [u8; 16] =
        [0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65];
    const BROADCAST: u8 = 1;
    let mut at = 30_u64;
    for _ in 0..100 {
        let head = peek.bytes(at, 92)?;
        if head.len() < 92 {
            return Ok(None);
        }
        if head[..16] == PROPERTIES {
            let is_broadcast = head[88] & BROADCAST != 0;
            let size = u64::from_le_bytes(eight(head, 40));
            return Ok((!is_broadcast && size > 0).then_some(size));
        }
        at = at.saturating_add(u64::from_le_bytes(eight(head, 16)).max(24));
    }
    Ok(None)
}

/// Every block of WavPack states the length of the whole, its position and its own length.
fn wavpack(peek: &mut Peek, heard: f64) -> io::Result<bool> {
    const RATES: [u32; 15] = [
        6_000, 8_000, 9_600, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200,
        96_000, 192_000,
    ];
    let (mut at, mut ends, mut total, mut rate) = (0_u64, 0_u64, u32::MAX, None);
    for _ in 0..MOST {
        let head = peek.bytes(at, 32)?;
        if head.len() < 32 || &head[..4] != b"wvpk" {
            break;
        }
        let word = |place| u32::from_le_bytes(four(head, place));
        total = if at == 0 { word(12) } else { total };
        ends = ends.max(u64::from(word(16)) + u64::from(word(20)));
        rate = rate.or_else(|| RATES.get((word(24) >> 23 & 0xf) as usize).copied());
        at += 8 + u64::from(word(4));
        if at > peek.length() {
            return Ok(true);
        }
    }
    let stated = rate.map(|rate| f64::from(total) / f64::from(rate));
    let is_short = stated.is_some_and(|stated| stated - heard > SHORT);
    Ok(total != u32::MAX && (ends < u64::from(total) || is_short))
}

/// Frames of AMR, by the mode in the first byte of each.
fn amr(peek: &mut Peek) -> io::Result<bool> {
    const NARROW: [u64; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
    const WIDE: [u64; 16] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];
    let (sizes, mut at) = match peek.bytes(0, 9)? {
        b"#!AMR-WB\n" => (WIDE, 9),
        start if start.starts_with(b"#!AMR\n") => (NARROW, 6),
        _ => return Ok(false),
    };
    for _ in 0..MOST {
        let Some(&mode) = peek.bytes(at, 1)?.first() else { return Ok(at > peek.length()) };
        match sizes[usize::from(mode >> 3 & 0xf)] {
            0 => return Ok(false),
            size => at += size,
        }
    }
    Ok(false)
}

/// Packets of a transport stream have one length, also with a time before or a checksum behind each.
fn packets(peek: &mut Peek) -> io::Result<bool> {
    let length = peek.length();
    let start = peek.bytes(0, 512)?;
    let is_packet = |at: usize, size: usize| {
        start.get(at) == Some(&0x47) && start.get(at + size).is_none_or(|&byte| byte == 0x47)
    };
    let size = [(0, 188), (4, 192), (0, 204)].into_iter().find(|&(at, size)| is_packet(at, size));
    Ok(size.is_some_and(|(_, size)| !length.is_multiple_of(size as u64)))
}

/// The last page of Ogg states its length, and whether it is the last.
fn page(peek: &mut Peek) -> io::Result<bool> {
    const LAST: u8 = 4;
    let from = peek.length().saturating_sub(2 * TAIL);
    let tail = peek.bytes(from, 2 * TAIL as usize)?;
    let Some(at) = tail.windows(4).rposition(|window| window == b"OggS") else { return Ok(false) };
    let page = &tail[at..];
    let Some(&segments) = page.get(26) else { return Ok(true) };
    let Some(sizes) = page.get(27..27 + usize::from(segments)) else { return Ok(true) };
    let size = 27 + sizes.len() + sizes.iter().map(|&size| usize::from(size)).sum::<usize>();
    Ok(page[5] & LAST == 0 || size > page.len())
}

/// Whether the last frame of the file is cut off. `size` is the length of a frame by its first seven bytes.
fn frames(peek: &mut Peek, size: fn(&[u8]) -> Option<usize>) -> io::Result<bool> {
    let from = peek.length().saturating_sub(TAIL);
    let tail = peek.bytes(from, TAIL as usize)?;
    let mut start = 0;
    while start < tail.len() {
        let (mut at, mut count) = (start, 0);
        while let Some(size) = tail.get(at..).filter(|rest| rest.len() >= 7).and_then(size) {
            at += size;
            count += 1;
        }
        if count < FRAMES {
            start += 1;
        } else if at >= tail.len() {
            return Ok(at > tail.len());
        } else if tail.len() - at < 7 {
            return Ok(true);
        } else {
            start = at + 1;
        }
    }
    Ok(false)
}

fn adts(head: &[u8]) -> Option<usize> {
    let is_frame = head[0] == 0xff && head[1] & 0xf6 == 0xf0;
    let size = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5]) >> 5;
    (is_frame && size >= 7).then_some(size)
}

/// A frame of AC-3 or E-AC-3 (ATSC A/52, sections 5.3.1 and E.1.2.2).
fn ac3(head: &[u8]) -> Option<usize> {
    const KBIT: [usize; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    if head[..2] != [0x0b, 0x77] {
        return None;
    }
    if head[5] >> 3 > 10 {
        return Some(2 * ((usize::from(head[2] & 7) << 8 | usize::from(head[3])) + 1));
    }
    let (rate, code) = (head[4] >> 6, usize::from(head[4] & 0x3f));
    let kbit = KBIT.get(code / 2)?;
    match rate {
        0 => Some(4 * kbit),
        1 => Some(2 * (kbit * 320 / 147 + code % 2)),
        2 => Some(6 * kbit),
        _ => None,
    }
}
