//! Encodes a chunk of sound as a file: RIFF WAVE, mono, 16 bits (Microsoft and IBM, "Multimedia Programming
//! Interface and Data Specifications 1.0", 1991).

use crate::models::SAMPLE_RATE;

const BYTES: u32 = 2;

/// The file of mono samples from −1 to 1 at [`SAMPLE_RATE`].
pub(super) fn file(samples: &[f32]) -> Vec<u8> {
    let length = u32::try_from(samples.len()).unwrap_or(u32::MAX / 4) * BYTES;
    let mut file = Vec::with_capacity(44 + samples.len() * BYTES as usize);
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    // Format 1 (PCM), 1 channel.
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(SAMPLE_RATE.to_le_bytes());
    file.extend((SAMPLE_RATE * BYTES).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| {
        let sample = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round();
        (sample as i16).to_le_bytes()
    }));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_long_it_is_and_keeps_its_samples() {
        let file = file(&[0.0, 1.0, -2.0, f32::NAN]);
        assert_eq!(file.len(), 44 + 8);
        assert_eq!(file[4..8], 44_u32.to_le_bytes());
        assert_eq!(file[40..44], 8_u32.to_le_bytes());
        let samples: Vec<i16> =
            file[44..].chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        assert_eq!(samples, [0, 32_767, -32_767, 0]);
    }
}
