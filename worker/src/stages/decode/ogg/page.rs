//! The pages of an Ogg file (RFC 3533, section 6).

use std::io;

use super::super::peek::Peek;

const MAGIC: &[u8] = b"OggS";
/// The size of a header without its table, and of the largest page.
const HEADER: usize = 27;
pub(super) const LONGEST: u64 = (HEADER + 255 + 255 * 255) as u64;
const FIRST: u8 = 2;
pub(super) const LAST: u8 = 4;

/// The header of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) at: u64,
    pub(super) length: u64,
    pub(super) flags: u8,
    pub(super) granule: i64,
    pub(super) serial: u32,
    /// The number of the page in its stream.
    pub(super) number: u32,
    /// Packets that end in the page.
    pub(super) packets: u64,
    /// The number of header packets of the stream that begins with this page.
    pub(super) headers: u64,
    /// The ticks in a second of the stream that begins with this page, if it is a known one with sound.
    pub(super) rate: Option<u32>,
}

impl Page {
    /// The complete page at this position, and its bytes; its checksum may be wrong.
    pub(super) fn read(peek: &mut Peek, at: u64) -> io::Result<Option<(Self, Vec<u8>)>> {
        let bytes = peek.bytes(at, HEADER)?;
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) || bytes[4] != 0 {
            return Ok(None);
        }
        let start = HEADER + usize::from(bytes[26]);
        let table = peek.bytes(at, start)?.get(HEADER..start);
        let Some(table) = table.map(<[u8]>::to_vec) else { return Ok(None) };
        let length = start + table.iter().map(|&size| usize::from(size)).sum::<usize>();
        let bytes = peek.bytes(at, length)?.to_vec();
        if bytes.len() < length {
            return Ok(None);
        }
        let page = Self {
            at,
            length: length as u64,
            flags: bytes[5],
            granule: i64::from_le_bytes(bytes[6..14].try_into().unwrap_or_default()),
            serial: u32::from_le_bytes(bytes[14..18].try_into().unwrap_or_default()),
            number: u32::from_le_bytes(bytes[18..22].try_into().unwrap_or_default()),
            packets: table.iter().filter(|&&size| size < 255).count() as u64,
            headers: headers(&bytes[start..]),
            rate: rate(&bytes[start..]).filter(|&rate| rate > 0),
        };
        Ok(Some((page, bytes)))
    }

    /// The first undamaged page at or after this position.
    pub(super) fn find(peek: &mut Peek, mut at: u64) -> io::Result<Option<Self>> {
        loop {
            let bytes = peek.bytes(at, 1 << 16)?;
            if bytes.len() < HEADER {
                return Ok(None);
            }
            match bytes.windows(MAGIC.len()).position(|window| window == MAGIC) {
                None => at += (bytes.len() - MAGIC.len() + 1) as u64,
                Some(skip) => {
                    at += skip as u64;
                    match Self::read(peek, at)? {
                        Some((page, bytes)) if is_sound(&bytes) => return Ok(Some(page)),
                        _ => at += 1,
                    }
                }
            }
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.flags & FIRST != 0
    }

    pub(super) fn is_last(&self) -> bool {
        self.flags & LAST != 0
    }
}

/// How many header packets a stream has, by its first packet.
fn headers(packet: &[u8]) -> u64 {
    let word = |at: usize| packet.get(at..at + 2).map_or(0, |two| u64::from(two[0]) << 8 | u64::from(two[1]));
    match packet {
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] | [b'S', b'p', b'e', b'e', b'x', ..] => 2,
        [1 | 0x80, b'v' | b't', ..] => 3,
        [0x7f, b'F', b'L', b'A', b'C', ..] => 1 + word(7).max(1),
        _ => 1,
    }
}

/// The ticks in a second, by the first packet of a stream with sound.
fn rate(packet: &[u8]) -> Option<u32> {
    let little = |at: usize| packet.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    match packet {
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => Some(48_000),
        [b'S', b'p', b'e', b'e', b'x', ..] => little(36),
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => little(12),
        // The stream information follows a version, a count and the marker of a file; its rate has 20 bits.
        [0x7f, b'F', b'L', b'A', b'C', ..] => match packet.get(27..30) {
            Some(&[a, b, c]) => Some(u32::from_be_bytes([0, a, b, c]) >> 4),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the checksum of a page is right.
pub(super) fn is_sound(page: &[u8]) -> bool {
    page[22..26] == sum(page).to_le_bytes()
}

/// The page with these flags and the matching checksum.
pub(super) fn signed(mut page: Vec<u8>, flags: u8) -> Vec<u8> {
    page[5] = flags;
    let sum = sum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&sum);
    page
}

/// The checksum of a page, computed with zeros in place of the checksum.
fn sum(page: &[u8]) -> u32 {
    let byte = |sum: u32, byte: u8| (sum << 8) ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)];
    let head = page[..22].iter().copied().chain([0; 4]).fold(0, byte);
    page[26..].iter().copied().fold(head, byte)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut sum = (n as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[n] = sum;
        n += 1;
    }
    table
};
