//! Detects the containers of recordings by their first bytes. File names and declared types are not trusted.

pub mod frame;

use self::frame::{Header, Syntax};

/// A file format that holds sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF, RIFX, RF64 or BW64 with WAVE inside.
    Wave,
    /// Sony's Wave64.
    Wave64,
    /// AIFF or AIFF-C.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
    /// Sun's and NeXT's `.au`.
    Au,
    /// FLAC without a container.
    Flac,
    /// Ogg.
    Ogg,
    /// Matroska or WebM.
    Matroska,
    /// MPEG-4, QuickTime, 3GP.
    Mp4,
    /// MPEG audio (MP3) without a container.
    Mpeg,
    /// AAC in ADTS frames.
    Adts,
    /// AC-3 without a container.
    Ac3,
    /// E-AC-3 without a container.
    Eac3,
    /// Adaptive Multi-Rate, the format of telephone recordings.
    Amr,
    /// An MPEG transport stream.
    MpegTs,
    /// Windows Media.
    Asf,
    /// WavPack.
    WavPack,
}

/// The GUID with which an ASF file begins.
const ASF: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
/// The GUID with which a Wave64 file begins.
const WAVE64: &[u8] = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";

impl Container {
    /// The number of first bytes that [`Self::of`] needs.
    pub const TELLING: usize = 16 * 1024;
    /// The latest position in a file, in bytes, at which a stream without a container may begin.
    /// [`Self::behind_junk`] needs this many bytes and [`Self::TELLING`] more.
    pub const DEPTH: usize = 1 << 20;

    /// Detects the container by the first bytes. The rest may still be damaged, which only the decoder finds
    /// out.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<Self> {
        let at =
            |offset: usize, magic: &[u8]| first.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        let any = |offset: usize, magics: &[&[u8]]| magics.iter().any(|magic| at(offset, magic));
        if any(0, &[b"RIFF", b"RIFX", b"RF64", b"BW64"]) && at(8, b"WAVE") {
            return Some(Self::Wave);
        }
        if at(0, b"FORM") && any(8, &[b"AIFF", b"AIFC"]) {
            return Some(Self::Aiff);
        }
        // Old QuickTime files have no `ftyp` and begin with any of these boxes. The size has to be
        // plausible, so that text is not taken for a box.
        if at(4, b"ftyp") || (at(0, &[0]) && any(4, &[b"moov", b"mdat", b"wide", b"free", b"skip"])) {
            return Some(Self::Mp4);
        }
        let magics: [(&[u8], Self); 10] = [
            (WAVE64, Self::Wave64),
            (b"caff\0\x01", Self::Caf),
            (b".snd\0\0", Self::Au),
            (b"fLaC", Self::Flac),
            (b"OggS", Self::Ogg),
            (&[0x1A, 0x45, 0xDF, 0xA3], Self::Matroska),
            (b"ID3", Self::Mpeg),
            (b"#!AMR", Self::Amr),
            (ASF, Self::Asf),
            (b"wvpk", Self::WavPack),
        ];
        let known = magics.into_iter().find(|(magic, _)| first.starts_with(magic));
        known.map(|(_, container)| container).or_else(|| Self::of_frames(first))
    }

    /// Detects a stream of frames after other bytes that a server or a recorder wrote first. Returns `None`
    /// for files of known other formats.
    #[must_use]
    pub fn behind_junk(first: &[u8]) -> Option<Self> {
        const OTHERS: [&[u8]; 9] = [
            b"PK\x03\x04",
            b"%PDF",
            b"\x89PNG",
            b"\xFF\xD8\xFF",
            b"GIF8",
            b"\x1F\x8B",
            b"Rar!",
            b"RIFF",
            b"FORM",
        ];
        if OTHERS.iter().any(|other| first.starts_with(other)) {
            return None;
        }
        Header::behind_junk(first).map(|header| match header.kind.syntax {
            Syntax::Mpeg { .. } => Self::Mpeg,
            Syntax::Adts { .. } => Self::Adts,
        })
    }

    /// Detects streams without a header, which begin with a frame or a packet. Recorders that reserve space
    /// before they write leave zeros before the first one.
    fn of_frames(first: &[u8]) -> Option<Self> {
        if is_transport(first) {
            return Some(Self::MpegTs);
        }
        let start = first.iter().position(|byte| *byte != 0)?;
        match first[start..] {
            // The sync word of MPEG audio, then layer: none is ADTS, III is MP3.
            [0xFF, second, ..] if second & 0xF6 == 0xF0 => Some(Self::Adts),
            [0xFF, second, third, ..]
                if second & 0xE6 == 0xE2 && third & 0xF0 != 0xF0 && third & 0x0C != 0x0C =>
            {
                Some(Self::Mpeg)
            }
            // The sync word of AC-3, a size that exists, and the version that tells the two apart
            // (ETSI TS 102 366, sections 4.4.1 and E.1.3.1).
            [0x0B, 0x77, _, _, size, version, ..] => match version >> 3 {
                0..=10 if size >> 6 != 3 && size & 0x3F < 38 => Some(Self::Ac3),
                11..=16 => Some(Self::Eac3),
                _ => None,
            },
            _ => None,
        }
    }

    /// The media type of such a file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Wave => "audio/wav",
            Self::Wave64 => "audio/x-w64",
            Self::Aiff => "audio/aiff",
            Self::Caf => "audio/x-caf",
            Self::Au => "audio/basic",
            Self::Flac => "audio/flac",
            Self::Ogg => "audio/ogg",
            Self::Matroska => "audio/webm",
            Self::Mp4 => "audio/mp4",
            Self::Mpeg => "audio/mpeg",
            Self::Adts => "audio/aac",
            Self::Ac3 => "audio/ac3",
            Self::Eac3 => "audio/eac3",
            Self::Amr => "audio/amr",
            Self::MpegTs => "video/mp2t",
            Self::Asf => "audio/x-ms-wma",
            Self::WavPack => "audio/x-wavpack",
        }
    }
}

/// Packets of 188 bytes, each with the same first byte. In recordings of discs and cameras, a time of four
/// bytes stands before each packet.
fn is_transport(first: &[u8]) -> bool {
    [(0, 188), (4, 192)]
        .into_iter()
        .any(|(start, size)| (0..3).all(|packet| first.get(start + packet * size) == Some(&0x47)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(before: usize, size: usize) -> Vec<u8> {
        let mut bytes = vec![0xFF; before + 4 * size];
        (0..4).for_each(|packet| bytes[before + packet * size] = 0x47);
        bytes
    }

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        let cases: [(&[u8], Container); 26] = [
            (b"RIFF\x24\x08\x00\x00WAVE", Container::Wave),
            (b"RF64\xFF\xFF\xFF\xFFWAVEds64", Container::Wave),
            (b"BW64\xFF\xFF\xFF\xFFWAVEds64", Container::Wave),
            (WAVE64, Container::Wave64),
            (b"FORM\x00\x00\x00\x00AIFFCOMM", Container::Aiff),
            (b"FORM\x00\x00\x00\x00AIFCFVER", Container::Aiff),
            (b"caff\x00\x01\x00\x00desc", Container::Caf),
            (b".snd\x00\x00\x00\x18", Container::Au),
            (b"\x00\x00\x00\x20ftypM4A ", Container::Mp4),
            (b"\x00\x00\x00\x18ftyp3gp4", Container::Mp4),
            (b"\x00\x00\x00\x14ftypqt  ", Container::Mp4),
            (b"\x00\x00\x00\x08wide\x00\x01\x02\x03mdat", Container::Mp4),
            (b"fLaC\x00\x00\x00\x22", Container::Flac),
            (b"OggS\x00\x02", Container::Ogg),
            (b"\x1A\x45\xDF\xA3\x01", Container::Matroska),
            (b"ID3\x04\x00", Container::Mpeg),
            (b"\xFF\xFB\x90\x64", Container::Mpeg),
            (b"\xFF\xF3\x84\xC4", Container::Mpeg),
            (b"\xFF\xF1\x50\x80", Container::Adts),
            (b"#!AMR\n\x3c", Container::Amr),
            (b"#!AMR-WB\n\x3c", Container::Amr),
            (ASF, Container::Asf),
            (b"wvpk\x10\x00", Container::WavPack),
            (b"\x0B\x77\x12\x34\x1c\x40", Container::Ac3),
            (b"\x0B\x77\x01\xff\x3f\x85", Container::Eac3),
            (&[&[0; 4096][..], b"\xFF\xFB\x90\x64"].concat(), Container::Mpeg),
        ];
        for (first, expected) in cases {
            assert_eq!(Container::of(first), Some(expected), "{first:?}");
        }
        assert_eq!(Container::of(&packets(0, 188)), Some(Container::MpegTs));
        assert_eq!(Container::of(&packets(4, 192)), Some(Container::MpegTs));
    }

    /// Frames of 144 bytes: MPEG-2 layer III, 16 kHz, mono.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = [0x55; 144];
        frame[..4].copy_from_slice(&[0xff, 0xf3, 0x48, 0xc4]);
        frame.repeat(count)
    }

    #[test]
    fn frames_behind_junk_are_found_and_a_few_are_no_proof() {
        let zeros = vec![0; 3 * Container::TELLING];
        let reply = b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n\xff\xfb\x90".to_vec();
        for junk in [zeros.clone(), reply.clone(), vec![0xff; 5_000]] {
            assert_eq!(Container::behind_junk(&[junk, frames(20)].concat()), Some(Container::Mpeg));
        }
        // Only the beginning of a stream was given.
        assert_eq!(Container::behind_junk(&[zeros, frames(4)].concat()), Some(Container::Mpeg));
        let lone = [reply.clone(), frames(12), b"and then text".to_vec()].concat();
        assert_eq!(Container::behind_junk(&lone), None);
        assert_eq!(Container::behind_junk(&[b"PK\x03\x04".to_vec(), frames(40)].concat()), None);
        assert_eq!(Container::behind_junk(&reply), None);
    }

    #[test]
    fn other_files_are_none() {
        for first in [
            &b"%PDF-1.7\n%"[..],
            b"\x89PNG\r\n\x1a\n",
            b"\xFF\xD8\xFF\xE0",
            b"RIFF\x00\x00\x00\x00AVI ",
            b"FORM\x00\x00\x00\x00ILBM",
            b"hello world!",
            b"The free world",
            b"Good goods GGGG",
            b"\xFF\xFE\x00\x00",
            b"\xFF\xFF\xFF\xFF",
            b"\x0B\x77\x00\x00\xff\xff",
            b"RIFF",
            b"",
            &[0; Container::TELLING],
        ] {
            assert_eq!(Container::of(first), None, "{first:?}");
        }
    }
}
