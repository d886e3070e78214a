//! Tags before, after and between frames: ID3v2 (id3.org, section 3.1), ID3v1, APE and Lyrics3.

use std::io;

use super::super::peek::Peek;

const ID3V1: u64 = 128;
/// The header or footer of an APE tag.
const APE: usize = 32;
/// The header or footer of an ID3v2 tag.
const ID3V2: usize = 10;

/// The length of the tag that begins here.
pub(super) fn tag(peek: &mut Peek, at: u64) -> io::Result<Option<u64>> {
    let end = peek.length();
    let bytes = peek.bytes(at, APE)?;
    // A tag in the middle comes from concatenated files.
    if bytes.starts_with(b"TAG") && end - at >= ID3V1 {
        return Ok(Some(ID3V1));
    }
    if bytes.starts_with(b"ID3")
        && let Some(size) = syncsafe(bytes)
    {
        let footer = if bytes[5] & 0x10 != 0 { 10 } else { 0 };
        return Ok(Some(10 + size + footer));
    }
    if bytes.starts_with(b"APETAGEX") && bytes.len() == APE {
        let size = ape_size(bytes);
        // The size includes the footer. It does not include a header before it, and a footer alone has
        // nothing after it.
        let is_header = bytes[23] & 0x20 != 0;
        return Ok(Some(if is_header { 32 + size } else { 32 }));
    }
    if bytes.starts_with(b"LYRICSBEGIN") {
        let words = peek.bytes(at, 1 << 16)?;
        let stop = words.windows(9).position(|nine| nine == b"LYRICS200" || nine == b"LYRICSEND");
        return Ok(stop.map(|stop| stop as u64 + 9));
    }
    Ok(None)
}

/// The length of the tag that ends here, if its end states it.
pub(in super::super) fn tag_before(peek: &mut Peek, end: u64) -> io::Result<Option<u64>> {
    let mut last = |bytes: usize| peek.bytes(end.saturating_sub(bytes as u64), bytes).map(<[u8]>::to_vec);
    if end >= ID3V1 && last(ID3V1 as usize)?.starts_with(b"TAG") {
        return Ok(Some(ID3V1));
    }
    let bytes = last(APE)?;
    if bytes.len() == APE && bytes.starts_with(b"APETAGEX") && bytes[23] & 0x20 == 0 {
        let has_header = bytes[23] & 0x80 != 0;
        return Ok(Some(ape_size(&bytes) + if has_header { 32 } else { 0 }));
    }
    let bytes = last(ID3V2)?;
    Ok(syncsafe(&bytes).filter(|_| bytes.starts_with(b"3DI")).map(|size| size + 20))
}

/// The size in an ID3v2 tag, with seven bits in a byte.
fn syncsafe(bytes: &[u8]) -> Option<u64> {
    let size = bytes.get(6..10)?.iter();
    size.clone().all(|byte| byte & 0x80 == 0).then(|| size.fold(0, |size, &byte| size << 7 | u64::from(byte)))
}

fn ape_size(bytes: &[u8]) -> u64 {
    u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]).into()
}
