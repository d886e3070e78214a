//! Opus of one to eight channels, decoded by libopus.
//!
//! Uses the library `opusic-sys`, which builds libopus and declares its functions. Its "multistream" calls
//! decode any Opus stream: mono and stereo are one stream, surround sound is several, put into one packet
//! (RFC 7845, section 5.1.1; RFC 6716, appendix B).
#![expect(unsafe_code, reason = "the functions of a C library are called here, and nowhere else")]

use std::ffi::c_int;
use std::ptr::NonNull;

use opusic_sys::{
    OPUS_OK, OPUS_RESET_STATE, OPUS_SET_GAIN_REQUEST, OpusMSDecoder, opus_multistream_decode_float,
    opus_multistream_decoder_create, opus_multistream_decoder_ctl, opus_multistream_decoder_destroy,
};
use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec};
use symphonia::core::audio::{Channels, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Result, decode_error, unsupported_error};
use symphonia::core::packet::PacketRef;

/// The output rate of libopus, for sound of any rate.
const RATE: u32 = 48_000;
/// The longest packet: 120 ms.
const LONGEST: usize = RATE as usize * 120 / 1000;
/// The most channels of the product, and of the mappings for loudspeakers.
const MOST_CHANNELS: u8 = 8;

/// The structure of a stream, from its identification header.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    channels: u8,
    /// Frames at the beginning that only warm the decoder up.
    pre_skip: usize,
    /// A gain to apply, in 1/256 dB.
    gain: i16,
    streams: u8,
    /// How many of the streams are stereo; they come first.
    coupled: u8,
    /// The index of the decoded channel for each channel; the channels of the stereo streams are counted
    /// first.
    mapping: Vec<u8>,
}

impl Head {
    /// Mono or stereo in one stream.
    fn plain(channels: u8) -> Self {
        let mapping = (0..channels).collect();
        Self { channels, pre_skip: 0, gain: 0, streams: 1, coupled: channels - 1, mapping }
    }

    /// Reads `OpusHead` as stored in Ogg and Matroska (RFC 7845, section 5.1: version 1, lowest byte
    /// first), or in the box `dOps` of an mp4 (version 0, highest byte first).
    fn read(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_prefix(b"OpusHead")?;
        let (&[version, channels, a, b, _, _, _, _, c, d, family], table) = body.split_first_chunk()?;
        let (pre_skip, gain) = match version {
            0 => (u16::from_be_bytes([a, b]), i16::from_be_bytes([c, d])),
            _ => (u16::from_le_bytes([a, b]), i16::from_le_bytes([c, d])),
        };
        let (pre_skip, most) = (usize::from(pre_skip), if family == 0 { 2 } else { MOST_CHANNELS });
        if channels == 0 || channels > most {
            return None;
        }
        if family == 0 {
            return Some(Self { pre_skip, gain, ..Self::plain(channels) });
        }
        let (&[streams, coupled], mapping) = table.split_first_chunk()?;
        let mapping = mapping.get(..usize::from(channels))?.to_vec();
        Some(Self { channels, pre_skip, gain, streams, coupled, mapping })
    }
}

/// An Opus decoder with symphonia's interface.
pub(super) struct OpusDecoder {
    params: AudioCodecParameters,
    library: Library,
    sound: AudioBuffer<f32>,
    interleaved: Vec<f32>,
    to_skip: usize,
}

impl AudioDecoder for OpusDecoder {
    fn reset(&mut self) {
        self.library.reset();
        self.sound.clear();
    }

    fn codec_info(&self) -> &CodecInfo {
        &SUPPORTED[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.sound.clear();
        let Some(frames) = self.library.decode(packet.data, &mut self.interleaved) else {
            return decode_error("opus: the packet is damaged");
        };
        self.sound.resize_with_silence(frames);
        self.sound.copy_from_slice_interleaved(&&self.interleaved[..frames * self.library.channels]);
        let skipped = self.to_skip.min(frames);
        self.to_skip -= skipped;
        let trim = |ticks: u64| usize::try_from(ticks).unwrap_or(usize::MAX);
        let start = skipped.saturating_add(trim(packet.trim_start.get()));
        self.sound.trim(start.min(frames), trim(packet.trim_end.get()).min(frames));
        Ok(self.sound.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.sound.as_generic_audio_buffer_ref()
    }
}

static SUPPORTED: [SupportedAudioCodec; 1] = [SupportedAudioCodec {
    id: CODEC_ID_OPUS,
    info: CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] },
}];

impl RegisterableAudioDecoder for OpusDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        _: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let head = match &params.extra_data {
            Some(bytes) => Head::read(bytes),
            None => match params.channels.as_ref().map_or(1, Channels::count) {
                1 => Some(Head::plain(1)),
                2 => Some(Head::plain(2)),
                _ => None,
            },
        };
        let Some(head) = head else {
            return unsupported_error("Opus with an unknown arrangement of channels");
        };
        let Some(library) = Library::new(&head) else {
            return decode_error("opus: its header makes no sense");
        };
        let spec = AudioSpec::new(RATE, Channels::Discrete(u16::from(head.channels)));
        let mut params = params.clone();
        params.with_sample_rate(RATE).with_channels(spec.channels().clone());
        Ok(Box::new(Self {
            params,
            interleaved: vec![0.0; LONGEST * library.channels],
            library,
            sound: AudioBuffer::new(spec, LONGEST),
            to_skip: head.pre_skip,
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &SUPPORTED
    }
}

/// An owned decoder of libopus.
struct Library {
    state: NonNull<OpusMSDecoder>,
    channels: usize,
}

// SAFETY: libopus keeps all of a decoder's state in the memory that `state` points to, binds none of
// it to a thread, and changes it only through `&mut self`.
unsafe impl Send for Library {}
// SAFETY: a shared reference gives access to nothing.
unsafe impl Sync for Library {}

impl Library {
    fn new(head: &Head) -> Option<Self> {
        let mut error = OPUS_OK;
        // SAFETY: `mapping` has one byte for each channel, as every `Head` does. libopus checks the values
        // themselves and returns null and an error when they contradict one another.
        let state = unsafe {
            opus_multistream_decoder_create(
                RATE.cast_signed(),
                c_int::from(head.channels),
                c_int::from(head.streams),
                c_int::from(head.coupled),
                head.mapping.as_ptr(),
                &raw mut error,
            )
        };
        let library = Self { state: NonNull::new(state)?, channels: usize::from(head.channels) };
        let gain = c_int::from(head.gain);
        // SAFETY: the decoder exists, and this request takes one `int`.
        unsafe { opus_multistream_decoder_ctl(library.state.as_ptr(), OPUS_SET_GAIN_REQUEST, gain) };
        (error == OPUS_OK).then_some(library)
    }

    /// Decodes one packet into `sound`, with interleaved channels, and returns the number of frames.
    /// `sound` must have room for the longest packet. An empty packet counts as damaged; libopus would
    /// replace it by a guess.
    fn decode(&mut self, packet: &[u8], sound: &mut [f32]) -> Option<usize> {
        let length = i32::try_from(packet.len()).ok().filter(|length| *length > 0)?;
        let room = c_int::try_from(sound.len() / self.channels).ok()?;
        // SAFETY: the decoder exists; libopus reads the `length` bytes of `packet`, and writes at most
        // `room` frames with one sample for each channel, for which `sound` has room.
        let frames = unsafe {
            opus_multistream_decode_float(
                self.state.as_ptr(),
                packet.as_ptr(),
                length,
                sound.as_mut_ptr(),
                room,
                0,
            )
        };
        usize::try_from(frames).ok()
    }

    fn reset(&mut self) {
        // SAFETY: the decoder exists, and this request takes no argument.
        unsafe { opus_multistream_decoder_ctl(self.state.as_ptr(), OPUS_RESET_STATE) };
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: this is the only owner, and the pointer is not used again.
        unsafe { opus_multistream_decoder_destroy(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_in_the_byte_order_of_its_container() {
        let ogg = b"OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\x01\0";
        let mp4 = b"OpusHead\x00\x02\x01\x38\0\0\xBB\x80\x01\0\0";
        let expected = Head { pre_skip: 312, gain: 256, ..Head::plain(2) };
        assert_eq!(Head::read(ogg).as_ref(), Some(&expected));
        assert_eq!(Head::read(mp4), Some(expected));
    }

    #[test]
    fn surround_sound_is_several_streams_in_an_order_of_its_own() {
        let head =
            Head::read(b"OpusHead\x01\x06\0\0\x80\xBB\0\0\0\0\x01\x04\x02\0\x04\x01\x02\x03\x05").unwrap();
        assert_eq!((head.channels, head.streams, head.coupled), (6, 4, 2));
        assert_eq!(head.mapping, [0, 4, 1, 2, 3, 5]);
        assert!(Library::new(&head).is_some());
    }

    #[test]
    fn headers_that_contradict_themselves_make_no_decoder() {
        for body in [
            &b"\x01\x03\0\0\0\0\0\0\0\0\x00"[..],
            b"\x01\x00\0\0\0\0\0\0\0\0\x01\0\0",
            b"\x01\x09\0\0\0\0\0\0\0\0\x01\x09\0\0\x01\x02\x03\x04\x05\x06\x07\x08",
            b"\x01\x06\0\0\0\0\0\0\0\0\x01\x04\x02\0\x04",
            b"\x01\x02\0\0\0\0\0\0\0\0\x01\x00\x00\0\0",
            b"\x01\x02\0\0\0\0\0\0\0\0\x01\x01\x02\0\x01",
            b"\x01\x02\0\0\0\0\0\0\0\0\x01\x01\x01\0\x07",
            b"\x01",
        ] {
            let head = Head::read(&[b"OpusHead", body].concat());
            assert!(head.and_then(|head| Library::new(&head)).is_none(), "{body:?}");
        }
    }

    #[test]
    fn an_empty_packet_and_one_of_noise_are_damaged_and_the_next_is_not() {
        let mut library = Library::new(&Head::plain(1)).unwrap();
        let mut sound = vec![0.0; LONGEST];
        assert_eq!(library.decode(&[], &mut sound), None);
        assert_eq!(library.decode(&[0x03, 0xff, 0x01], &mut sound), None);
        // One frame of 20 ms without sound from the encoder.
        assert_eq!(library.decode(&[0x48], &mut sound), Some(960));
    }
}
