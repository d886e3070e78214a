//! Headers of frames that need no container: MPEG audio and ADTS.

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The properties that it shares with all frames of its stream.
    pub kind: Kind,
    /// The length of the frame in bytes, with its header.
    pub length: usize,
    /// Samples of a channel in the frame.
    pub samples: u32,
}

/// The properties that all frames of one stream share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub syntax: Syntax,
    /// Samples per second.
    pub rate: u32,
    /// 0 if the header does not say.
    pub channels: u8,
}

/// The syntax of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
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
    /// The most bytes of a frame that [`Header::read`] looks at.
    pub const LONGEST: usize = 9;
    /// This many frames in a row prove a stream that does not begin at the start of its file. Files of other
    /// formats may contain a few frames in a row by chance.
    pub const PROOF_BEHIND_JUNK: u32 = 16;

    /// Finds the first header of a stream that begins somewhere in these bytes: [`Self::PROOF_BEHIND_JUNK`]
    /// frames of one kind follow one another from there, or fill the bytes to their end.
    #[must_use]
    pub fn behind_junk(bytes: &[u8]) -> Option<Self> {
        let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0xff);
        starts
            .map(|(at, _)| &bytes[at..])
            .find_map(|rest| Self::read(rest).filter(|first| first.is_proven(rest)))
    }

    fn is_proven(&self, bytes: &[u8]) -> bool {
        let mut at = self.length;
        for seen in 0..Self::PROOF_BEHIND_JUNK {
            match bytes.get(at..).map(Self::read) {
                Some(Some(next)) if next.kind == self.kind => at += next.length,
                Some(Some(_)) => return false,
                // The bytes end in a header, or before it.
                _ => return seen > 1 && bytes.len() < at + Self::LONGEST,
            }
        }
        true
    }

    /// Reads the header at the start of these bytes, if there is one.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
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
        // The value 1 is not a version, and 4 is not a layer.
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
        // No encoder writes several blocks in a frame, and they are not supported.
        if length <= usize::from(header) || bytes[6] & 3 != 0 {
            return None;
        }
        let syntax = Syntax::Adts { header };
        Some(Self { kind: Kind { syntax, rate, channels }, length, samples: 1024 })
    }
}

impl Syntax {
    /// The length of the header in bytes. It is not given to the decoder.
    #[must_use]
    pub fn header(self) -> usize {
        match self {
            Self::Mpeg { .. } => 0,
            Self::Adts { header } => usize::from(header),
        }
    }
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
