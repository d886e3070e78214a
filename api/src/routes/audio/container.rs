//! What kind of file this is, by its first bytes: names and declared types are not believed.

/// As many first bytes as it takes to tell.
pub(super) const TELLING: usize = 12;

/// What is accepted, for people.
pub(super) const ACCEPTED: &str =
    "wav, mp3, m4a or mp4, aac (ADTS), flac, ogg (Vorbis, Opus or FLAC), webm or mkv";

/// The media type of the container that begins like this, if it is one that the workshop opens.
/// That it begins well says nothing about the rest: the decoder finds that out.
pub(super) fn media_type(first: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| first.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if at(0, b"RIFF") && at(8, b"WAVE") {
        return Some("audio/wav");
    }
    if at(4, b"ftyp") {
        return Some("audio/mp4");
    }
    if at(0, b"fLaC") {
        return Some("audio/flac");
    }
    if at(0, b"OggS") {
        return Some("audio/ogg");
    }
    if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) {
        return Some("audio/webm");
    }
    if at(0, b"ID3") {
        return Some("audio/mpeg");
    }
    // The sync word of MPEG audio, then layer: none is ADTS, III is MP3.
    match first {
        [0xFF, second, ..] if second & 0xF6 == 0xF0 => Some("audio/aac"),
        [0xFF, second, third, ..]
            if second & 0xE6 == 0xE2 && third & 0xF0 != 0xF0 && third & 0x0C != 0x0C =>
        {
            Some("audio/mpeg")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        let cases: [(&[u8], &str); 9] = [
            (b"RIFF\x24\x08\x00\x00WAVE", "audio/wav"),
            (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
            (b"fLaC\x00\x00\x00\x22", "audio/flac"),
            (b"OggS\x00\x02", "audio/ogg"),
            (b"\x1A\x45\xDF\xA3\x01", "audio/webm"),
            (b"ID3\x04\x00", "audio/mpeg"),
            (b"\xFF\xFB\x90\x64", "audio/mpeg"),
            (b"\xFF\xF3\x84\xC4", "audio/mpeg"),
            (b"\xFF\xF1\x50\x80", "audio/aac"),
        ];
        for (first, expected) in cases {
            assert_eq!(media_type(first), Some(expected), "{first:?}");
        }
    }

    #[test]
    fn other_files_are_none() {
        for first in [
            &b"%PDF-1.7\n%"[..],
            b"\x89PNG\r\n\x1a\n",
            b"\xFF\xD8\xFF\xE0",
            b"RIFF\x00\x00\x00\x00AVI ",
            b"hello world!",
            b"\xFF\xFE\x00\x00",
            b"\xFF\xFF\xFF\xFF",
            b"RIFF",
            b"",
        ] {
            assert_eq!(media_type(first), None, "{first:?}");
        }
    }
}
