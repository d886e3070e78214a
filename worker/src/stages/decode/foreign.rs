//! Sound that symphonia does not read, or reads wrongly without an error.

use std::fs::File;

use self_shared::domain::container::Container;
use self_shared::domain::container::frame::{Header, Syntax};

use super::encodings::Encoding;
use super::names::{HEAD, codec, find, head};
use super::{Refusal, mp4};

/// Why the sound in a file is not decoded here, before it is opened. `ffmpeg` reads most of it.
pub(super) fn refusal(file: &File, container: Container) -> Option<Refusal> {
    let named = || codec(file, container).unwrap_or_else(|| "an unknown codec".to_owned());
    if let Some(codec) = turned(file, container) {
        return Some(Refusal::UnsupportedCodec { codec: codec.to_owned() });
    }
    if is_foreign(container) {
        return Some(Refusal::UnsupportedCodec { codec: named() });
    }
    match container {
        Container::Matroska => match Encoding::of(&head(file, HEAD))? {
            Encoding::Compressed => {
                Some(Refusal::UnsupportedCodec { codec: format!("{} in compressed packets", named()) })
            }
            Encoding::Encrypted => Some(Refusal::UnknownCodec { codec: "encrypted packets".to_owned() }),
        },
        Container::Mpeg if has_odd_bitrate(&head(file, Container::TELLING)) => {
            Some(Refusal::UnsupportedCodec {
                codec: "MPEG audio of layer II at an unusual bitrate".to_owned(),
            })
        }
        // `ffmpeg` decodes the first block alone, as symphonia does.
        Container::Adts if has_blocks(&head(file, Container::TELLING)) => {
            Some(Refusal::UnknownCodec { codec: "AAC with several blocks in a frame".to_owned() })
        }
        _ => None,
    }
}

/// Whether a stream of layer II has a bitrate that the standard excludes for its channels (ISO 11172-3,
/// section 2.4.2.3). Encoders use them, and symphonia refuses them.
fn has_odd_bitrate(head: &[u8]) -> bool {
    let Some(header) = Header::behind_junk(head) else { return false };
    let kilobits = (header.length as u32 * 8 * header.kind.rate / header.samples + 500) / 1000;
    match (header.kind.syntax, header.kind.channels) {
        (Syntax::Mpeg { layer: 2, .. }, 1) => kilobits > 200,
        (Syntax::Mpeg { layer: 2, .. }, _) => [32, 48, 56, 80].contains(&kilobits),
        _ => false,
    }
}

/// Whether each of the first frames in ADTS contains several blocks (ISO/IEC 13818-7, section 6.2). Without
/// a checksum, nothing but the decoded bits states where a block ends.
fn has_blocks(head: &[u8]) -> bool {
    let mut at = head.iter().position(|byte| *byte != 0).unwrap_or(0);
    for seen in 0..4 {
        let Some(&[0xff, second, _, fourth, fifth, sixth, last]) = head.get(at..at + 7) else {
            return seen > 1 && at >= head.len();
        };
        let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
        if second & 0xf6 != 0xf0 || last & 3 == 0 || length < 7 {
            return false;
        }
        at += length;
    }
    true
}

/// Samples whose byte order or sign symphonia gets wrong, which results in noise or silence.
fn turned(file: &File, container: Container) -> Option<&'static str> {
    match container {
        Container::Wave if head(file, 4) == b"RIFX" => Some("PCM in big-endian order (RIFX)"),
        Container::Mp4 => match mp4::codec(file)? {
            // Big-endian, unless a word after `enda` is set (QuickTime File Format, "Sound").
            (kind, entry) if [b"in24", b"in32", b"fl32", b"fl64"].contains(&&kind) => {
                let is_little = find(&entry, b"enda", 0).is_some_and(|word| word.starts_with(&[0, 1]));
                (!is_little).then_some("PCM in big-endian order")
            }
            (kind, entry) if [b"sowt", b"twos"].contains(&&kind) && entry.get(18..20) == Some(&[0, 8]) => {
                Some("PCM of 8 bits with a sign")
            }
            _ => None,
        },
        _ => None,
    }
}

/// Containers that symphonia does not read; it would mistake some of them for others.
fn is_foreign(container: Container) -> bool {
    use Container::{Ac3, Amr, Asf, Au, Eac3, MpegTs, WavPack};
    matches!(container, Ac3 | Amr | Asf | Au | Eac3 | MpegTs | WavPack)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 16 bytes in ADTS, each with this number of blocks.
    fn frames(blocks: u8, count: usize) -> Vec<u8> {
        let header = [0xff, 0xf1, 0x60, 0x40, 0x02, 0x1f, 0xfc | (blocks - 1)];
        [&header[..], &[0; 9]].concat().repeat(count)
    }

    #[test]
    fn bitrates_that_layer_two_excludes_are_seen() {
        let stream = |second: u8, third: u8, fourth: u8| {
            let mut frame = vec![0xff, second, third, fourth];
            frame.resize(Header::read(&frame).unwrap().length, 0);
            frame.repeat(20)
        };
        // In mono at 384 and 192 kbit/s, in stereo at 56 and 64 kbit/s, at 44.1 kHz.
        assert!(has_odd_bitrate(&stream(0xfd, 0xe0, 0xc0)));
        assert!(!has_odd_bitrate(&stream(0xfd, 0xa0, 0xc0)));
        assert!(has_odd_bitrate(&stream(0xfd, 0x30, 0)));
        assert!(!has_odd_bitrate(&stream(0xfd, 0x40, 0)));
        // MP3 in mono at 320 kbit/s.
        assert!(!has_odd_bitrate(&stream(0xfb, 0xe0, 0xc0)));
        assert!(!has_odd_bitrate(b""));
    }

    #[test]
    fn several_blocks_in_each_frame_are_seen() {
        assert!(has_blocks(&frames(2, 8)));
        assert!(has_blocks(&frames(4, 3)));
        assert!(!has_blocks(&frames(1, 8)));
        // One damaged header is no sign of them.
        assert!(!has_blocks(&[frames(2, 1), frames(1, 8)].concat()));
        assert!(!has_blocks(b""));
        assert!(!has_blocks(&[0; 32]));
    }
}
