//! The side information of a frame of MP3 (ISO 11172-3, section 2.4.1.7; ISO 13818-3, section 2.4.1.7).

use self_shared::domain::container::frame::{Header, Syntax};

/// Lines of the spectrum of a granule, which are coded in pairs.
const LINES: u32 = 576;

/// The values in a frame that describe its data.
pub(super) struct Side {
    /// How many bytes of its data are in the frames before.
    pub(super) back: u32,
    /// How many bytes it contains, for itself and the frames after it.
    pub(super) own: u32,
    /// Whether it needs more than both can contain.
    pub(super) overruns: bool,
}

impl Side {
    /// `None` for frames that are not MP3.
    pub(super) fn read(frame: &[u8], header: &Header) -> Option<Self> {
        let Syntax::Mpeg { layer: 3, first } = header.kind.syntax else { return None };
        let channels = usize::from(header.kind.channels);
        let start = if frame.get(1)? & 1 == 0 { 6 } else { 4 };
        // The offset back to the start of its data, and bits that are not used here.
        let (bits_back, unused, granules, rest, length) = match (first, channels) {
            (true, 1) => (9, 5 + 4, 2, 59, 17),
            (true, _) => (9, 3 + 8, 2, 59, 32),
            (false, 1) => (8, 1, 1, 63, 9),
            (false, _) => (8, 2, 1, 63, 17),
        };
        let side = frame.get(start..start + length)?;
        let bits = |at: usize, count: usize| {
            (at..at + count).fold(0, |value, at| value << 1 | u32::from(side[at / 8] >> (7 - at % 8) & 1))
        };
        let (back, own) = (bits(0, bits_back), (frame.len() - start - length) as u32);
        let parts = (0..granules * channels).map(|part| bits_back + unused + part * rest);
        let wanted: u32 = parts.clone().map(|at| bits(at, 12)).sum();
        let overruns = wanted > 8 * (own + back) || parts.clone().any(|at| 2 * bits(at + 12, 9) > LINES);
        Some(Self { back, own, overruns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame at 128 kbit/s in mono, whose two granules need `wanted` bits each.
    fn frame(wanted: u64) -> (Vec<u8>, Header) {
        let mut frame = vec![0xff, 0xfb, 0x90, 0xc4];
        let header = Header::read(&frame).unwrap();
        let lengths: u128 = u128::from(wanted) << (128 - 18 - 12) | u128::from(wanted) << (128 - 77 - 12);
        frame.extend(lengths.to_be_bytes());
        frame.resize(header.length, 0);
        (frame, header)
    }

    #[test]
    fn a_frame_that_wants_more_than_there_is_overruns() {
        let (fits, header) = frame(1_500);
        assert!(!Side::read(&fits, &header).unwrap().overruns);
        let (overrun, header) = frame(1_700);
        assert!(Side::read(&overrun, &header).unwrap().overruns);
    }
}
