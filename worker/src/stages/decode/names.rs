//! Names codecs that the decoder does not know, for people who have to convert the file. The name is read
//! from the file itself, since demuxers keep only codecs that they know.

use std::fs::File;
use std::os::unix::fs::FileExt;

use self_shared::domain::container::Container;
use self_shared::domain::container::frame::{Header, Syntax};

use super::track::Track;
use super::{Refusal, aac, foreign, mp4};

/// The bytes at the start of a file in which the codec is searched.
pub(super) const HEAD: usize = 256 * 1024;

/// The container of a file, if it is a known one for sound.
pub fn container(file: &File) -> Option<Container> {
    Container::of(&head(file, Container::TELLING))
        .or_else(|| Container::behind_junk(&head(file, Container::DEPTH + Container::TELLING)))
}

/// Opens a track of a file by its index, see [`super::choice`]. A refusal names the codec.
pub(super) fn open(file: &File, place: usize) -> Result<Track, Refusal> {
    let clone = || file.try_clone().map_err(|_| Refusal::NotAudio);
    let (file, again) = (clone()?, clone()?);
    let Some(container) = container(&again) else { return Track::open(file, place) };
    if let Some(refusal) = foreign::refusal(&again, container) {
        return Err(refusal);
    }
    Track::open(file, place).map_err(|refusal| match (refusal, codec(&again, container)) {
        (Refusal::UnsupportedCodec { .. }, Some(codec)) => Refusal::UnsupportedCodec { codec },
        // A demuxer reports no sound if it does not know the codec.
        (Refusal::NotAudio | Refusal::CutShort | Refusal::Damaged, Some(codec))
            if !DECODED.contains(&&*codec) =>
        {
            Refusal::UnsupportedCodec { codec }
        }
        (refusal, _) => refusal,
    })
}

/// The codecs that are decoded here. If a file with one of these cannot be opened, the codec is not the
/// reason.
const DECODED: [&str; 11] = [
    "AAC",
    "A-law",
    "Apple Lossless",
    "FLAC",
    "IMA ADPCM",
    "MP3",
    "MPEG audio",
    "Opus",
    "PCM",
    "Vorbis",
    "mu-law",
];

/// The codec of the first sound in a file, if it is a container whose codecs have names.
pub(super) fn codec(file: &File, container: Container) -> Option<String> {
    let head = head(file, HEAD);
    Some(match container {
        Container::Wave => wave(find(&head, b"fmt ", 12)?.get(4..)?, head.starts_with(b"RIFX")),
        Container::Wave64 => wave(find(&head, b"fmt \xf3\xac\xd3\x11", 16)?.get(16..)?, false),
        Container::Aiff => four(find(&head, b"COMM", 12)?.get(22..26)?),
        Container::Caf => four(find(&head, b"desc", 8)?.get(16..20)?),
        Container::Mp4 => {
            let (kind, entry) = mp4::codec(file)?;
            if &kind == b"mp4a" { elementary_stream(&entry) } else { four(&kind) }
        }
        Container::Matroska => matroska(&head)?,
        Container::Ogg => ogg(&head)?.to_owned(),
        Container::Asf => wave(find(&head, ASF_SOUND, 0)?.get(38..)?, false),
        Container::MpegTs => transport(&head).unwrap_or("an unknown codec").to_owned(),
        Container::Adts => {
            aac::name(None, head.get(3).map(|byte| usize::from(head[2] & 1) << 2 | usize::from(byte >> 6)))
        }
        Container::Amr if head.starts_with(b"#!AMR-WB") => "AMR-WB".to_owned(),
        Container::Amr => "AMR".to_owned(),
        Container::Ac3 => "AC-3".to_owned(),
        Container::Eac3 => "E-AC-3".to_owned(),
        Container::WavPack => "WavPack".to_owned(),
        Container::Au => "an AU file".to_owned(),
        Container::Mpeg => match Header::behind_junk(&head)?.kind.syntax {
            Syntax::Mpeg { layer: 3, .. } => "MP3".to_owned(),
            _ => "MPEG audio of layer I or II".to_owned(),
        },
        Container::Flac => "FLAC".to_owned(),
    })
}

pub(super) fn head(file: &File, most: usize) -> Vec<u8> {
    let mut head = vec![0; most];
    let mut filled = 0;
    while let Ok(read @ 1..) = file.read_at(&mut head[filled..], filled as u64) {
        filled += read;
    }
    head.truncate(filled);
    head
}

/// The bytes after the first occurrence of `wanted` at or after `from`.
pub(super) fn find<'a>(head: &'a [u8], wanted: &[u8], from: usize) -> Option<&'a [u8]> {
    let rest = head.get(from..)?;
    let at = rest.windows(wanted.len()).position(|window| window == wanted)?;
    Some(&rest[at + wanted.len()..])
}

/// The codec by the format tag of a `WAVEFORMATEX`, which an extensible one repeats in its GUID.
fn wave(format: &[u8], big_endian: bool) -> String {
    let word = |at: usize| match format.get(at..at + 2) {
        Some(&[a, b]) if big_endian => u16::from_be_bytes([a, b]),
        Some(&[a, b]) => u16::from_le_bytes([a, b]),
        _ => 0,
    };
    let tag = if word(0) == 0xFFFE { word(24) } else { word(0) };
    let name = match tag {
        0x0001 => "PCM",
        0x0002 => "Microsoft ADPCM",
        0x0003 => "PCM in floating point",
        0x0006 => "A-law",
        0x0007 => "mu-law",
        0x000A => "Windows Media Voice",
        0x0011 => "IMA ADPCM",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0042 | 0x0111 => "G.723.1",
        0x0045 | 0x0064 | 0x0085 | 0x0140 => "G.726 ADPCM",
        0x0050 => "MPEG audio of layer I or II",
        0x0055 => "MP3",
        0x0057 => "AMR",
        0x0058 => "AMR-WB",
        0x0061 => "Duck DK4 ADPCM",
        0x0065 | 0x028F => "G.722 ADPCM",
        0x0083 | 0x0133 => "G.729",
        0x00FF | 0x1600..=0x1602 | 0x1610 | 0x706D | 0xA106 => "AAC",
        0x0130 => "ACELP",
        0x0160 => "Windows Media Audio 1",
        0x0161 => "Windows Media Audio 2",
        0x0162 => "Windows Media Audio Professional",
        0x0163 => "Windows Media Audio Lossless",
        0x0270 => "ATRAC3",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0x5756 => "WavPack",
        0xA109 => "Speex",
        0xF1AC => "FLAC",
        tag => return format!("a codec with the format tag {tag:#06x}"),
    };
    name.to_owned()
}

/// The codec by its four letters in mp4, QuickTime, AIFF-C and CAF.
fn four(letters: &[u8]) -> String {
    let name = match letters {
        b"ac-3" => "AC-3",
        b"ec-3" => "E-AC-3",
        b"ac-4" => "AC-4",
        b"alac" => "Apple Lossless",
        b"aac " | b"mp4a" => "AAC",
        b"aacp" | b"aach" => "HE-AAC",
        b"aacl" => "AAC-LD",
        b"aace" => "AAC-ELD",
        b"samr" | b"amr " => "AMR",
        b"sawb" => "AMR-WB",
        b"sqcp" | b"Qclp" | b"Qclq" => "QCELP",
        b"sevc" => "EVRC",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" => "DTS",
        b"mlpa" => "Dolby TrueHD",
        b"mha1" | b"mhm1" => "MPEG-H 3D audio",
        b"agsm" | b"GSM " => "GSM 6.10",
        b"ilbc" => "iLBC",
        b"ima4" => "IMA ADPCM",
        b"QDM2" | b"QDMC" => "QDesign Music",
        b"MAC3" | b"MAC6" => "MACE",
        b".mp1" | b".mp2" => "MPEG audio of layer I or II",
        b".mp3" => "MP3",
        b"Opus" | b"opus" => "Opus",
        b"fLaC" | b"flac" => "FLAC",
        b"spex" => "Speex",
        b"ulaw" | b"ULAW" => "mu-law",
        b"alaw" | b"ALAW" => "A-law",
        b"enca" => "a codec that is encrypted",
        b"NONE" | b"lpcm" | b"sowt" | b"twos" | b"raw " | b"in24" | b"in32" | b"fl32" | b"FL32" | b"fl64"
        | b"FL64" => "PCM",
        b"ms\0\x02" => "Microsoft ADPCM",
        b"ms\0\x11" => "IMA ADPCM",
        b"ms\0\x31" => "GSM 6.10",
        b"ms\0\x55" => "MP3",
        other => {
            return match std::str::from_utf8(other) {
                Ok(letters) if letters.chars().all(|letter| letter.is_ascii_graphic() || letter == ' ') => {
                    format!("`{}`", letters.trim())
                }
                _ => "an unknown codec".to_owned(),
            };
        }
    };
    name.to_owned()
}

/// The codec by the descriptors in an `esds` (ISO/IEC 14496-1, section 7.2.6): the object type, and the
/// configuration of AAC.
fn elementary_stream(entry: &[u8]) -> String {
    let described = find(entry, b"esds", 0).and_then(|esds| descriptor(esds.get(4..)?, 0x03));
    let decoder = described.and_then(|stream| {
        let flags = *stream.get(2)?;
        let skip = 3 + if flags & 0x80 == 0 { 0 } else { 2 } + if flags & 0x20 == 0 { 0 } else { 2 };
        descriptor(stream.get(skip..)?, 0x04)
    });
    let config = decoder.and_then(|decoder| descriptor(decoder.get(13..)?, 0x05));
    let name = match decoder.and_then(|decoder| decoder.first()) {
        Some(0x69 | 0x6B) => "MPEG audio",
        Some(0xA5) => "AC-3",
        Some(0xA6) => "E-AC-3",
        Some(0xA9..=0xAC) => "DTS",
        Some(0xAD) => "Opus",
        Some(0xDD) => "Vorbis",
        Some(0xE1) => "QCELP",
        _ => return aac::name(config, None),
    };
    name.to_owned()
}

/// The body of a descriptor with this tag. Its length is in groups of seven bits, at most four.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for _ in 0..4 {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        length = length << 7 | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (first == tag).then(|| &rest[..length.min(rest.len())])
}

/// The codec by the first `CodecID` of sound, which is a name already.
fn matroska(head: &[u8]) -> Option<String> {
    let at = head.windows(4).position(|window| matches!(window, [0x86, 0x82..=0xFF, b'A', b'_']))?;
    let length = usize::from(head[at + 1] & 0x7F);
    let id = std::str::from_utf8(head.get(at + 2..at + 2 + length)?).ok()?;
    let name = match id {
        "A_AC3" | "A_AC3/BSID9" | "A_AC3/BSID10" => "AC-3",
        "A_EAC3" => "E-AC-3",
        "A_DTS" | "A_DTS/EXPRESS" | "A_DTS/LOSSLESS" => "DTS",
        "A_TRUEHD" => "Dolby TrueHD",
        "A_MLP" => "MLP",
        "A_OPUS" => "Opus",
        "A_VORBIS" => "Vorbis",
        "A_FLAC" => "FLAC",
        "A_ALAC" => "Apple Lossless",
        "A_TTA1" => "True Audio",
        "A_WAVPACK4" => "WavPack",
        "A_MPC" => "Musepack",
        "A_MPEG/L1" | "A_MPEG/L2" => "MPEG audio of layer I or II",
        "A_MPEG/L3" => "MP3",
        id if id.starts_with("A_AAC") => "AAC",
        id if id.chars().all(|letter| letter.is_ascii_graphic()) => return Some(format!("`{id}`")),
        _ => return None,
    };
    Some(name.to_owned())
}

/// The codec by the first packet of the first stream with sound; such a packet begins a page.
fn ogg(head: &[u8]) -> Option<&'static str> {
    let pages = head.windows(4).enumerate().filter(|(_, window)| window == b"OggS");
    pages.take(16).find_map(|(at, _)| {
        let packet = head.get(at + 27 + usize::from(*head.get(at + 26)?)..)?;
        let known: [(&[u8], &str); 6] = [
            (b"Speex   ", "Speex"),
            (b"\x01vorbis", "Vorbis"),
            (b"OpusHead", "Opus with an unknown arrangement of channels"),
            (b"\x7fFLAC", "FLAC"),
            (b"fLaC", "FLAC"),
            (b"PCM     ", "PCM"),
        ];
        known.into_iter().find(|(magic, _)| packet.starts_with(magic)).map(|(_, name)| name)
    })
}

/// The GUID of a stream with sound in an ASF file: its format follows, 38 bytes later.
const ASF_SOUND: &[u8] = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b";

/// The codec by the stream types in the first map of a program (ISO/IEC 13818-1, table 2-34).
fn transport(head: &[u8]) -> Option<&'static str> {
    let (start, size) = if head.first() == Some(&0x47) { (0, 188) } else { (4, 192) };
    let sections = || {
        head.get(start..).unwrap_or_default().chunks_exact(size).filter_map(|packet| {
            let begins = packet[0] == 0x47 && packet[1] & 0x40 != 0;
            let pid = u16::from_be_bytes([packet[1] & 0x1F, packet[2]]);
            let skip = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
            let body = packet.get(skip..188)?;
            begins.then(|| Some((pid, body.get(1 + usize::from(*body.first()?)..)?)))?
        })
    };
    // The table of programs: after eight bytes of header, a number and the position of the program's map.
    let (_, programs) = sections().find(|(pid, section)| *pid == 0 && section.first() == Some(&0))?;
    let place = u16::from_be_bytes([programs.get(10)? & 0x1F, *programs.get(11)?]);
    let (_, map) = sections().find(|(pid, section)| *pid == place && section.first() == Some(&2))?;
    let word = |at: usize| Some(usize::from(u16::from_be_bytes([map.get(at)? & 0x0F, *map.get(at + 1)?])));
    let mut at = 12 + word(10)?;
    while at + 5 <= map.len() {
        match map[at] {
            0x03 | 0x04 => return Some("MPEG audio in a transport stream"),
            0x0F => return Some("AAC in a transport stream"),
            0x11 => return Some("AAC (LATM) in a transport stream"),
            0x81 => return Some("AC-3 in a transport stream"),
            0x84 | 0x87 => return Some("E-AC-3 in a transport stream"),
            0x82 | 0x85 | 0x86 => return Some("DTS in a transport stream"),
            _ => at += 5 + word(at + 3)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn named(bytes: &[u8]) -> Option<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        codec(&file, container(&file).unwrap())
    }

    #[test]
    fn codecs_have_their_names_in_every_container() {
        let asf = [
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
            ASF_SOUND,
            &[0; 38],
            b"\x61\x01",
        ]
        .concat();
        let ogg = [b"OggS\0\x02", &[0; 20][..], b"\x01\x50Speex   1.2"].concat();
        let cases: [(&[u8], &str); 9] = [
            (b"RIFF\0\0\0\0WAVEfmt \x14\0\0\0\x31\0\x01\0", "GSM 6.10"),
            (b"RIFX\0\0\0\0WAVEfmt \0\0\0\x14\0\x31\0\x01", "GSM 6.10"),
            (
                b"FORM\0\0\0\0AIFCCOMM\0\0\0\x18\0\x01\0\0\0\0\0\x10\x40\x0e\xac\x44\0\0\0\0\0\0ima4",
                "IMA ADPCM",
            ),
            (b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20\x40\xe5\x88\x80\0\0\0\0ilbc", "iLBC"),
            (b"\x1A\x45\xDF\xA3....\x86\x85V_AV1\x86\x85A_DTS", "DTS"),
            (b"#!AMR-WB\n", "AMR-WB"),
            (&asf, "Windows Media Audio 2"),
            (&ogg, "Speex"),
            (b"\xFF\xF1\x51\x80\0\0\0", "AAC with 6 channels"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(named(bytes).as_deref(), Some(expected), "{bytes:?}");
        }
    }

    #[test]
    fn an_elementary_stream_says_what_it_is() {
        let aac = b"....esds\0\0\0\0\x03\x19\0\0\0\x04\x11\x40\x15...........\x05\x02\x12\x30";
        assert_eq!(elementary_stream(&aac[..]), "AAC with 6 channels");
        let dts = b"....esds\0\0\0\0\x03\x80\x80\x80\x19\0\0\0\x04\x11\xa9\x15...........";
        assert_eq!(elementary_stream(&dts[..]), "DTS");
        assert_eq!(elementary_stream(b"esds"), "AAC");
    }

    #[test]
    fn a_file_that_breaks_off_has_no_name_or_a_plain_one() {
        for bytes in
            [&b"RIFF\0\0\0\0WAVEfmt"[..], b"OggS", b"\x1A\x45\xDF\xA3\x86\x9fA_", b"FORM\0\0\0\0AIFCCOMM"]
        {
            assert_eq!(named(bytes), None, "{bytes:?}");
        }
    }
}
