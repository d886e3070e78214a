//! Whether a file ends at the end that its container states.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::peek::Peek;

/// The most boxes or elements that are read to find the end.
const MOST: u32 = 100_000;

/// Whether a file without any sound has lost it: its container is known, and the file ends before the end
/// that the headers state, or directly after the headers.
pub(super) fn has_lost_all(file: &Arc<File>) -> bool {
    Peek::new(file)
        .and_then(|mut peek| look(&mut peek))
        .is_ok_and(|end| matches!(end, Some(End::Early | End::Open)))
}

/// Whether a file ends before the end that its headers state. False if they state none.
pub(super) fn ends_early(file: &Arc<File>) -> bool {
    Peek::new(file)
        .and_then(|mut peek| look(&mut peek))
        .is_ok_and(|end| matches!(end, Some(End::Early | End::Garbled)))
}

/// Whether the structure of a file is damaged.
pub(super) fn is_garbled(file: &Arc<File>) -> bool {
    Peek::new(file).and_then(|mut peek| look(&mut peek)).is_ok_and(|end| end == Some(End::Garbled))
}

/// How a file of a known container ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Early,
    /// Its end is not stated.
    Open,
    /// Its structure is damaged, and no longer states its end.
    Garbled,
}

impl End {
    fn early(early: bool) -> Self {
        if early { Self::Early } else { Self::Whole }
    }
}

/// `None` for a file of an unknown container.
fn look(peek: &mut Peek) -> io::Result<Option<End>> {
    let start = peek.bytes(0, 12)?.to_vec();
    match start.as_slice() {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => boxes(peek).map(Some),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => segment(peek).map(Some),
        // Pages and blocks state no length.
        [b'O', b'g', b'g', b'S', ..] | [b'f', b'L', b'a', b'C', ..] => Ok(Some(End::Open)),
        // Perhaps only a tag with pictures has arrived.
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            let size = [a, b, c, d].iter().fold(0, |size, &&byte| (size << 7) | u64::from(byte & 0x7f));
            Ok((10 + size >= peek.length()).then_some(End::Early))
        }
        _ => Ok(None),
    }
}

/// The end of an mp4 file by its boxes (ISO 14496-12, section 4.2). It is early if a box is cut off, or if
/// the index is missing.
fn boxes(peek: &mut Peek) -> io::Result<End> {
    let (mut at, mut has_index) = (0, false);
    for _ in 0..MOST {
        let bytes = peek.bytes(at, 16)?;
        if bytes.len() < 8 {
            return Ok(End::early(!has_index || !bytes.is_empty()));
        }
        // Bytes that were inserted or left out move the boxes after them.
        if !bytes[4..8].iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok(End::Garbled);
        }
        has_index |= &bytes[4..8] == b"moov";
        let size = u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let size = match (size, bytes.get(8..16)) {
            // The last box may have no size; another box with this size is invalid.
            (0, _) => return Ok(End::early(!has_index || &bytes[4..8] != b"mdat")),
            (1, Some(long)) => u64::from_be_bytes(long.try_into().unwrap_or_default()),
            (1, None) => return Ok(End::Early),
            (size, _) => size,
        };
        if size > peek.length() - at {
            return Ok(End::Early);
        }
        at += size.max(8);
    }
    Ok(End::Whole)
}

/// The end by the segment of a Matroska file (RFC 9559, section 5.1). A streamed segment has no size.
fn segment(peek: &mut Peek) -> io::Result<End> {
    let Some((size, head)) = element(peek, 0)? else { return Ok(End::Early) };
    let Some((size, segment)) = element(peek, head.saturating_add(size.unwrap_or(0)))? else {
        return Ok(End::Early);
    };
    let rest = peek.length().saturating_sub(segment);
    Ok(size.map_or(End::Open, |size| End::early(size > rest)))
}

/// The size of the element at this position (`None` if it is not known), and the start of its contents.
pub(super) fn element(peek: &mut Peek, at: u64) -> io::Result<Option<(Option<u64>, u64)>> {
    let bytes = peek.bytes(at, 12)?;
    let Some(&first) = bytes.first() else { return Ok(None) };
    let id = first.leading_zeros() as usize + 1;
    let Some(&first) = bytes.get(id) else { return Ok(None) };
    let length = first.leading_zeros() as usize + 1;
    let Some(rest) = bytes.get(id + 1..id + length) else { return Ok(None) };
    let value = u64::from(first) & ((1 << (8 - length.min(8))) - 1);
    let size = rest.iter().fold(value, |size, &byte| (size << 8) | u64::from(byte));
    let open = size == (1 << (7 * length)) - 1;
    Ok(Some(((!open).then_some(size), at + (id + length) as u64)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn end(boxes: &[&[u8]]) -> Option<End> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&boxes.concat()).unwrap();
        look(&mut Peek::new(&Arc::new(file)).unwrap()).unwrap()
    }

    #[test]
    fn a_file_of_boxes_is_whole_cut_off_or_damaged() {
        let start = b"\0\0\0\x10ftypM4A \0\0\0\0";
        let (index, sound) = (b"\0\0\0\x08moov", b"\0\0\0\x0cmdatabcd");
        assert_eq!(end(&[start, index, sound]), Some(End::Whole));
        assert_eq!(end(&[start, sound]), Some(End::Early));
        assert_eq!(end(&[start, index, &sound[..10]]), Some(End::Early));
        assert_eq!(end(&[start, sound, b"abc\0", index]), Some(End::Garbled));
    }
}
