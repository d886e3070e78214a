//! AAC: the decoder supports only low complexity. High efficiency (HE-AAC) is low complexity at half the
//! rate, with a description of the upper half of the spectrum that a decoder may leave out (ISO/IEC
//! 14496-3, section 1.6.5). The lower half contains more than the 8 kHz that the models use, except at the
//! lowest rates.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;

/// Object types of the `AudioSpecificConfig` (table 1.17).
const LOW_COMPLEXITY: u8 = 2;
const SPECTRAL_BAND_REPLICATION: u8 = 5;
const PARAMETRIC_STEREO: u8 = 29;

/// The fields of an `AudioSpecificConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Config {
    object_type: u8,
    rate: Rate,
    /// The channel configuration; 0 means that the stream itself contains it.
    channels: u8,
    /// Whether the frames of a packet have 960 samples and not 1024.
    short_frames: bool,
    /// Whether it is the core of an extended stream.
    extended: bool,
}

/// An index into the table of rates, or a rate of its own (of 24 bits) with index 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    index: u8,
    own: u32,
}

impl Config {
    /// Reads a configuration; of an extended stream, the configuration of its core.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits { bytes, at: 0 };
        let mut object_type = bits.object_type()?;
        let rate = bits.rate()?;
        let channels = bits.take(4)? as u8;
        let extended = matches!(object_type, SPECTRAL_BAND_REPLICATION | PARAMETRIC_STEREO);
        if extended {
            bits.rate()?;
            object_type = bits.object_type()?;
        }
        let short_frames = bits.take(1).unwrap_or(0) == 1;
        Some(Self { object_type, rate, channels, short_frames, extended })
    }

    /// The configuration in bytes, without extensions.
    fn plain(self) -> Vec<u8> {
        let Rate { index, own } = self.rate;
        let mut bits = u64::from(self.object_type) << 4 | u64::from(index);
        let mut length = 9;
        if index == 15 {
            bits = bits << 24 | u64::from(own);
            length += 24;
        }
        // The channel configuration, and three flags that are not set.
        bits = bits << 7 | u64::from(self.channels) << 3;
        length += 7;
        let bytes = (bits << (64 - length)).to_be_bytes();
        bytes[..(length as usize).div_ceil(8)].to_vec()
    }

    fn name(self) -> String {
        let kind = match self.object_type {
            1 => "AAC Main",
            LOW_COMPLEXITY if self.short_frames => "AAC with frames of 960 samples",
            LOW_COMPLEXITY => "AAC",
            3 => "AAC SSR",
            4 => "AAC LTP",
            6 | 20 => "scalable AAC",
            7 | 21 => "TwinVQ",
            8 | 24 => "CELP",
            9 | 25 => "HVXC",
            17 => "error-resilient AAC",
            19 => "error-resilient AAC LTP",
            22 => "BSAC",
            23 => "AAC-LD",
            30 => "MPEG Surround",
            32..=34 => "MPEG audio",
            36 => "MPEG-4 ALS",
            37 | 38 => "MPEG-4 SLS",
            39 => "AAC-ELD",
            42 => "xHE-AAC",
            _ => "an unknown kind of MPEG-4 audio",
        };
        match self.channels {
            0 => format!("{kind} with channels of its own arrangement"),
            1 | 2 => kind.to_owned(),
            7 | 12 | 14 => format!("{kind} with 8 channels"),
            11 => format!("{kind} with 7 channels"),
            count => format!("{kind} with {count} channels"),
        }
    }
}

/// The parameters for the decoder; of an extended stream, those of its core.
pub(super) fn core(params: &AudioCodecParameters) -> AudioCodecParameters {
    let mut core = params.clone();
    let config = params.extra_data.as_deref().filter(|_| params.codec == CODEC_ID_AAC).and_then(Config::read);
    if let Some(config) = config.filter(|config| config.extended && config.object_type == LOW_COMPLEXITY) {
        core.with_extra_data(config.plain().into_boxed_slice());
    }
    core
}

/// The kind of AAC, for people.
pub(super) fn name(config: Option<&[u8]>, channels: Option<usize>) -> String {
    match (config.and_then(Config::read), channels) {
        (Some(config), _) => config.name(),
        (None, Some(channels @ 3..)) => format!("AAC with {channels} channels"),
        (None, _) => "AAC".to_owned(),
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn object_type(&mut self) -> Option<u8> {
        let short = self.take(5)?;
        let object_type = if short == 31 { 32 + self.take(6)? } else { short };
        u8::try_from(object_type).ok()
    }

    fn rate(&mut self) -> Option<Rate> {
        let index = self.take(4)? as u8;
        let own = if index == 15 { self.take(24)? } else { 0 };
        Some(Rate { index, own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Object type 5 at 24 kHz (index 6), mono, extended to 48 kHz (index 3), core of type 2.
    const HIGH_EFFICIENCY: [u8; 4] = [0b0010_1011, 0b0000_1001, 0b1000_1000, 0];

    #[test]
    fn high_efficiency_becomes_its_core() {
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_AAC).with_extra_data(HIGH_EFFICIENCY.into());
        let core = core(&params).extra_data.unwrap();
        let config = Config::read(&core).unwrap();
        assert_eq!((config.object_type, config.rate.index, config.channels), (2, 6, 1));
        assert!(!config.extended && !config.short_frames);
        assert_eq!(*core, [0b0001_0011, 0b0000_1000]);
    }

    #[test]
    fn what_is_low_complexity_stays_as_it_is() {
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_AAC).with_extra_data(Box::new([0x12, 0x10, 0x56, 0xe5, 0x00]));
        assert_eq!(core(&params).extra_data, params.extra_data);
    }

    #[test]
    fn a_rate_of_its_own_survives() {
        let config =
            Config { rate: Rate { index: 15, own: 23_976 }, ..Config::read(&HIGH_EFFICIENCY).unwrap() };
        assert_eq!(Config::read(&config.plain()), Some(Config { extended: false, ..config }));
    }

    #[test]
    fn what_is_not_decoded_has_its_real_name() {
        for (config, expected) in [
            (&[0x12, 0x30][..], "AAC with 6 channels"),
            (&[0x12, 0x38], "AAC with 8 channels"),
            (&[0x12, 0x14], "AAC with frames of 960 samples"),
            (&[0x0a, 0x10], "AAC Main"),
            (&[0xba, 0x10], "AAC-LD"),
            (&[0xf8, 0xe8, 0x20], "AAC-ELD"),
            (&[0xf9, 0x48, 0x20], "xHE-AAC"),
        ] {
            assert_eq!(name(Some(config), None), expected, "{config:?}");
        }
        assert_eq!(name(None, Some(6)), "AAC with 6 channels");
    }

    #[test]
    fn a_configuration_that_breaks_off_is_none() {
        for length in 0..2 {
            assert_eq!(Config::read(&HIGH_EFFICIENCY[..length]), None);
        }
    }
}
