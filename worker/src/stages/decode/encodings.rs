//! Packets of Matroska that are compressed or encrypted (RFC 9559, section 5.1.4.1.31).

const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_TYPE: u32 = 0x83;
const SOUND: &[u8] = &[2];
const ENCODINGS: u32 = 0x6d80;
const ENCODING: u32 = 0x6240;
const ENCODING_TYPE: u32 = 0x5033;
const ENCRYPTION: u32 = 0x5035;

/// The encoding of packets, which a demuxer has to undo before a decoder reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Compressed,
    Encrypted,
}

impl Encoding {
    /// The encoding of the sound in a file that begins with these bytes, if there is one.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let tracks = children(children(head).find(of_kind(SEGMENT))?.1).find(of_kind(TRACKS))?.1;
        let mut encodings = children(tracks)
            .filter(|(id, track)| *id == TRACK && children(track).any(|field| field == (TRACK_TYPE, SOUND)))
            .flat_map(|(_, track)| children(track).filter(|(id, _)| *id == ENCODINGS))
            .flat_map(|(_, encodings)| children(encodings).filter(|(id, _)| *id == ENCODING))
            .map(|(_, encoding)| Self::read(encoding));
        let first = encodings.next()?;
        Some(encodings.fold(first, |all, next| if next == Self::Encrypted { next } else { all }))
    }

    fn read(encoding: &[u8]) -> Self {
        let is_encrypted = |(id, body): (u32, &[u8])| {
            id == ENCRYPTION || (id == ENCODING_TYPE && body.iter().any(|&byte| byte != 0))
        };
        if children(encoding).any(is_encrypted) { Self::Encrypted } else { Self::Compressed }
    }
}

fn of_kind(wanted: u32) -> impl Fn(&(u32, &[u8])) -> bool {
    move |(id, _)| *id == wanted
}

/// The elements in these bytes with their contents (RFC 8794, section 4), as far as they are there.
fn children(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, rest) = number(bytes, 4)?;
        let (size, rest) = number(rest, 8)?;
        // Without its marker; a size of ones alone is not known.
        let bits = 7 * (size.ilog2() / 7);
        let size = usize::try_from(size & ((1 << bits) - 1)).unwrap_or(usize::MAX).min(rest.len());
        let (body, behind) = rest.split_at(size);
        bytes = behind;
        Some((u32::try_from(id).ok()?, body))
    })
}

/// A number with its marker of length, and the bytes after it.
fn number(bytes: &[u8], longest: usize) -> Option<(u64, &[u8])> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let (number, rest) = bytes.split_at_checked(length).filter(|_| length <= longest)?;
    Some((number.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
        [id, &[0x40 | (body.len() >> 8) as u8, body.len() as u8], body].concat()
    }

    fn file(kind: u8, encoding: Option<&[u8]>) -> Vec<u8> {
        let kind = element(&[0x83], &[kind]);
        let encodings = encoding.map(|body| element(b"\x6d\x80", &element(b"\x62\x40", body)));
        let track = element(&[0xae], &[kind, encodings.unwrap_or_default()].concat());
        let tracks = element(b"\x16\x54\xae\x6b", &track);
        let segment = [&b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"[..], &tracks].concat();
        [element(b"\x1a\x45\xdf\xa3", b""), segment].concat()
    }

    #[test]
    fn compression_and_encryption_of_sound_are_seen() {
        let zlib = element(b"\x50\x34", &element(b"\x42\x54", &[0]));
        let encrypted = [element(b"\x50\x33", &[1]), element(b"\x50\x35", b"")].concat();
        assert_eq!(Encoding::of(&file(2, Some(&zlib))), Some(Encoding::Compressed));
        assert_eq!(Encoding::of(&file(2, Some(&encrypted))), Some(Encoding::Encrypted));
        assert_eq!(Encoding::of(&file(2, None)), None);
        // Subtitles are often compressed.
        assert_eq!(Encoding::of(&file(17, Some(&zlib))), None);
    }

    #[test]
    fn a_file_that_breaks_off_has_none() {
        let whole = file(2, Some(&element(b"\x50\x35", b"")));
        for length in 0..20 {
            assert_eq!(Encoding::of(&whole[..length]), None, "{length}");
        }
    }
}
