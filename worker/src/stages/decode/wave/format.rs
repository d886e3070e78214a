//! The format of a wave file in its simplest form.

/// The longest format chunk that is kept: that of Microsoft's ADPCM, with some reserve.
const LONGEST: usize = 64;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;

/// Rewrites the body of a `fmt ` chunk without the additions and omissions of its writer.
///
/// PCM, float, A-law and µ-law become the shortest chunk of their kind, also those that are wrapped as
/// "extensible" (`WAVEFORMATEXTENSIBLE` of Microsoft's mmreg.h, with the kind in the first two bytes of its
/// GUID). All other formats are unchanged. `None` for a chunk that is too short.
pub(super) fn plain(body: &[u8], length: u64) -> Option<Vec<u8>> {
    let body = &body[..body.len().min(LONGEST).min(usize::try_from(length).unwrap_or(LONGEST))];
    let field = |at: usize| body.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let (kind, channels, align, bits) = (field(0)?, field(2)?, field(12)?, field(14)?);
    let rate = body.get(4..8)?;
    // The GUID of an "extensible" format contains its kind; the rest of the GUID is always the same.
    let wrapped = if kind == EXTENSIBLE && body.get(26..28)? == [0, 0] { field(24)? } else { kind };
    // Samples of 12 or 20 bits are stored in the upper bits of 16 or 24, and those of 24 sometimes in 32.
    let stored = align.checked_div(channels).unwrap_or(0).saturating_mul(8);
    let (kind, bits) = match wrapped {
        PCM if (bits % 8 != 0 || bits == 24 && stored == 32) && stored > bits => (PCM, stored),
        PCM | FLOAT => (wrapped, bits),
        A_LAW | MU_LAW => (wrapped, 8),
        _ => return Some(body.to_vec()),
    };
    let align = u32::from(channels) * u32::from(bits / 8);
    let rate_bytes = u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]).wrapping_mul(align);
    let mut plain = Vec::with_capacity(18);
    plain.extend(kind.to_le_bytes());
    plain.extend(channels.to_le_bytes());
    plain.extend(rate);
    plain.extend(rate_bytes.to_le_bytes());
    plain.extend((align as u16).to_le_bytes());
    plain.extend(bits.to_le_bytes());
    if kind == A_LAW || kind == MU_LAW {
        plain.extend([0, 0]);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(kind: u16, channels: u16, align: u16, bits: u16) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(kind.to_le_bytes());
        body.extend(channels.to_le_bytes());
        body.extend(16_000_u32.to_le_bytes());
        body.extend((16_000 * u32::from(align)).to_le_bytes());
        body.extend(align.to_le_bytes());
        body.extend(bits.to_le_bytes());
        body
    }

    #[test]
    fn what_is_wrapped_or_padded_comes_out_plain() {
        let plainest = fields(PCM, 2, 4, 16);
        let mut padded = plainest.clone();
        padded.extend([0; 8]);
        assert_eq!(plain(&padded, 24).unwrap(), plainest);
        let mut wrapped = fields(EXTENSIBLE, 2, 4, 16);
        wrapped.extend([22, 0, 16, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]);
        assert_eq!(plain(&wrapped, 40).unwrap(), plainest);
        assert_eq!(plain(&fields(PCM, 1, 3, 20), 16).unwrap(), fields(PCM, 1, 3, 24));
        assert_eq!(plain(&fields(PCM, 2, 8, 24), 16).unwrap(), fields(PCM, 2, 8, 32));
    }

    #[test]
    fn other_kinds_stay_as_they_are_and_a_stump_is_none() {
        let mut adpcm = fields(17, 1, 512, 4);
        adpcm.extend([2, 0, 0xf9, 3]);
        assert_eq!(plain(&adpcm, 20).unwrap(), adpcm);
        assert!(plain(&adpcm[..10], 10).is_none());
        assert!(plain(&[], 0).is_none());
    }
}
