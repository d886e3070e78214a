//! Headers of frames that stand on their own: MPEG audio and ADTS.

/// The most bytes of a frame that [`Header::read`] looks at.
pub(super) const LONGEST_HEADER: usize = 9;

/// What a header says about its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The length of the frame in bytes, its header included.
    pub(super) length: usize,
    /// Samples of a channel in the frame.
    pub(super) samples: u32,
}

/// What all frames of one stream have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) syntax: Syntax,
    /// Samples per second.
    pub(super) rate: u32,
    pub(super) channels: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Layer 1 to 3 of ISO 11172-3 (MPEG-1), of ISO 13818-3 (MPEG-2), or of MPEG-2.5.
    Mpeg { layer: u8, first: bool },
    /// AAC in the frames of ISO 13818-7; `header` is 7 or, with a checksum, 9 bytes long.
    Adts { header: u8 },
}

/// Kilobits per second by layer, of MPEG-1 and then of its lower rates.
const BITRATES: [[[u16; 15]; 3]; 2] = [
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ],
    [
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ],
];
const MPEG_RATES: [u32; 3] = [44_100, 48_000, 32_000];
const ADTS_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

impl Header {
    /// The header at the start of these bytes, if there is one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[0xff, second, third, fourth, ..] = bytes else { return None };
        match second {
            0xf0 | 0xf1 | 0xf8 | 0xf9 => Self::adts(bytes),
            0xe0.. => Self::mpeg(second, third, fourth),
            _ => None,
        }
    }

    fn mpeg(second: u8, third: u8, fourth: u8) -> Option<Self> {
        let version = (second >> 3) & 3;
        let layer = 4 - ((second >> 1) & 3);
        // 1 is no version, and 4 no layer.
        if version == 1 || layer == 4 || fourth & 3 == 2 {
            return None;
        }
        let first = version == 3;
        let by_layer = &BITRATES[usize::from(!first)][usize::from(layer) - 1];
        let bitrate = u32::from(*by_layer.get(usize::from(third >> 4))?) * 1000;
        let halved = match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
        let rate = MPEG_RATES.get(usize::from((third >> 2) & 3))? >> halved;
        if bitrate == 0 {
            return None;
        }
        let padding = u32::from((third >> 1) & 1);
        let (samples, length) = match (layer, first) {
            (1, _) => (384, (12 * bitrate / rate + padding) * 4),
            (3, false) => (576, 72 * bitrate / rate + padding),
            _ => (1152, 144 * bitrate / rate + padding),
        };
        let channels = if fourth >> 6 == 3 { 1 } else { 2 };
        let syntax = Syntax::Mpeg { layer, first };
        Some(Self { kind: Kind { syntax, rate, channels }, length: length as usize, samples })
    }

    fn adts(bytes: &[u8]) -> Option<Self> {
        let header = if bytes[1] & 1 == 0 { 9 } else { 7 };
        let bytes = bytes.get(..7)?;
        let rate = *ADTS_RATES.get(usize::from((bytes[2] >> 2) & 15))?;
        let channels = ((bytes[2] & 1) << 2) | (bytes[3] >> 6);
        let length =
            usize::from(bytes[3] & 3) << 11 | usize::from(bytes[4]) << 3 | usize::from(bytes[5] >> 5);
        // Several blocks in a frame are not written by anybody, and not read either.
        if length <= usize::from(header) || bytes[6] & 3 != 0 {
            return None;
        }
        let syntax = Syntax::Adts { header };
        Some(Self { kind: Kind { syntax, rate, channels }, length, samples: 1024 })
    }
}

impl Syntax {
    /// How many bytes of a frame are its header, and not given to the decoder.
    pub(super) fn header(self) -> usize {
        match self {
            Self::Mpeg { .. } => 0,
            Self::Adts { header } => usize::from(header),
        }
    }
}

/// The samples at the start of a stream that its encoder added, if this frame is no sound but the
/// table of an encoder ("Xing", "Info" with LAME's extension, "VBRI").
///
/// The number of frames that such a table tells is not believed: streams are cut, joined and written
/// into pipes.
pub(super) fn table(frame: &[u8], header: &Header) -> Option<u32> {
    let Syntax::Mpeg { layer: 3, first } = header.kind.syntax else { return None };
    let side = match (first, header.kind.channels) {
        (true, 2) => 32,
        (true, _) | (false, 2) => 17,
        _ => 9,
    };
    // A checksum of two bytes follows the header of a frame that has one, and is not counted here.
    let silent = |end: usize| frame.get(6..end).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0));
    let at = 4 + side;
    if frame.get(36..40) == Some(b"VBRI") && silent(36) {
        return Some(0);
    }
    if !matches!(frame.get(at..at + 4), Some(b"Xing" | b"Info")) || !silent(at) {
        return None;
    }
    let flags = *frame.get(at + 7)?;
    let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
    let skip: usize = fields.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bytes)| bytes).sum();
    let lame = frame.get(at + 8 + skip..at + 8 + skip + 24)?;
    // The names of those that fill in the delay. A decoder adds 529 samples of its own.
    if !matches!(&lame[..4], b"LAME" | b"Lavf" | b"Lavc") {
        return Some(0);
    }
    Some((u32::from(lame[21]) << 4 | u32::from(lame[22]) >> 4) + 529)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_each_kind_are_read() {
        let mp3 = Header::read(&[0xff, 0xfb, 0x90, 0x44]).unwrap();
        assert_eq!((mp3.length, mp3.samples, mp3.kind.rate, mp3.kind.channels), (417, 1152, 44_100, 2));
        let low = Header::read(&[0xff, 0xf3, 0x48, 0xc4]).unwrap();
        assert_eq!((low.length, low.samples, low.kind.rate, low.kind.channels), (144, 576, 16_000, 1));
        let aac = Header::read(&[0xff, 0xf1, 0x60, 0x40, 0x20, 0x1f, 0xfc]).unwrap();
        assert_eq!((aac.length, aac.samples, aac.kind.rate, aac.kind.channels), (256, 1024, 16_000, 1));
    }

    #[test]
    fn what_is_no_header_is_none() {
        for bytes in [
            &[0xff, 0xfb, 0xf0, 0x44][..],
            &[0xff, 0xfb, 0x00, 0x44],
            &[0xff, 0xfb, 0x9c, 0x44],
            &[0xff, 0xeb, 0x90, 0x44],
            &[0xff, 0xf1, 0x60, 0x40],
            &[0xff],
            &[0; 9],
        ] {
            assert_eq!(Header::read(bytes), None, "{bytes:02x?}");
        }
    }
}
