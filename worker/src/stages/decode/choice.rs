//! Chooses the track of a container that is transcribed, and its decoder.

use std::fs::File;
use std::iter;
use std::sync::{Arc, LazyLock};

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_AC3, CODEC_ID_DCA, CODEC_ID_EAC3, CODEC_ID_TRUEHD,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};

use super::guard::guarded;
use super::matroska_recovery::matroska_default_track;
use super::opus::OpusDecoder;
use super::{Refusal, aac, mp4};

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusDecoder>();
    registry
});

/// The chosen track of a container.
pub(super) struct Choice {
    pub(super) id: u32,
    pub(super) base: Option<TimeBase>,
    /// The times of the track as an mp4 states them.
    pub(super) times: Option<mp4::Times>,
    /// The length that the container states.
    pub(super) seconds: Option<f64>,
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// Whether the decoder panicked at the previous packet.
    pub(super) has_panicked: bool,
    /// How many tracks of the container have sound.
    pub(super) tracks: usize,
}

impl Choice {
    /// The track at this index. Index 0 is the default track for sound, or the first track with a known
    /// codec if there is no default; the others with a decoder follow in their order, and then those
    /// without one, which are refused.
    pub(super) fn among(
        reader: &dyn FormatReader,
        file: &Arc<File>,
        file_bytes: u64,
        place: usize,
    ) -> Result<Self, Refusal> {
        let name = reader.format_info().short_name;
        let default = if name == "matroska" { matroska_default_track(file) } else { None };
        let first = default.and_then(|id| reader.tracks().iter().find(|track| u64::from(track.id) == id));
        let first = first.or_else(|| reader.default_track(TrackType::Audio)).ok_or(Refusal::NotAudio)?;
        let others = |decoded: bool| {
            let others = reader.tracks().iter().filter(|track| track.id != first.id && is_sound(track));
            others.filter(move |track| is_decoded(track) == decoded)
        };
        let tracks: Vec<&Track> = iter::once(first).chain(others(true)).chain(others(false)).collect();
        let track = *tracks.get(place).ok_or(Refusal::NotAudio)?;
        let codec = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or(Refusal::NotAudio)?;
        let options = AudioDecoderOptions::default().gapless(false);
        let decoder = guarded(|| CODECS.make_audio_decoder(&aac::core(codec), &options))
            .ok_or(Refusal::Damaged)?
            .map_err(|error| match error {
                Error::Unsupported(_) if place > 0 => {
                    let mut sounds = reader.tracks().iter().filter(|track| is_sound(track));
                    let index = sounds.position(|other| other.id == track.id).unwrap_or(place);
                    Refusal::UnsupportedTrack { codec: named(codec.codec).to_owned(), track: index }
                }
                Error::Unsupported(_) => Refusal::unnamed_codec(),
                _ => Refusal::Damaged,
            })?;
        let claimed = track
            .time_base
            .zip(track.duration)
            .and_then(|(base, duration)| base.calc_duration(duration))
            .map(|time| time.as_secs_f64());
        let possible = uncompressed_seconds(&*decoder, codec, file_bytes).unwrap_or(f64::INFINITY);
        let seconds = claimed.map(|claimed| claimed.min(possible));
        let times = if name == "isomp4" { mp4::Times::of(file, track.id) } else { None };
        let (id, base, tracks) = (track.id, track.time_base, tracks.len());
        Ok(Self { id, base, times, seconds, decoder, has_panicked: false, tracks })
    }

    /// Decodes a packet. A panic of the decoder costs this packet: the next one finds the decoder reset.
    pub(super) fn decode(&mut self, packet: &Packet) -> Result<GenericAudioBufferRef<'_>, Error> {
        let Self { decoder, has_panicked, .. } = self;
        if std::mem::take(has_panicked) && guarded(|| decoder.reset()).is_none() {
            *has_panicked = true;
            return Err(Error::DecodeError("the decoder cannot be reset"));
        }
        guarded(move || decoder.decode(packet)).unwrap_or_else(|| {
            *has_panicked = true;
            Err(Error::DecodeError("the decoder panicked"))
        })
    }

    /// The track of a part of the file. Times that the first file states are not valid for another file
    /// after it.
    pub(super) fn of_part(self, is_another: bool) -> Self {
        Self { times: self.times.filter(|_| !is_another), ..self }
    }

    /// The presentation time of a packet in seconds; negative for packets that only warm the decoder up.
    pub(super) fn time(&self, at: Timestamp) -> Option<f64> {
        if let Some(times) = &self.times {
            return times.heard_at(at.get());
        }
        self.base.and_then(|base| base.calc_time(at)).map(|time| time.as_secs_f64())
    }

    /// Whether the container states when the track begins and which part of it is played.
    pub(super) fn is_edited(&self) -> bool {
        self.times.is_some()
    }
}

/// The name of a codec without a decoder.
fn named(codec: AudioCodecId) -> &'static str {
    match codec {
        CODEC_ID_AC3 => "AC-3",
        CODEC_ID_EAC3 => "E-AC-3",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_TRUEHD => "Dolby TrueHD",
        CODEC_ID_AAC => "AAC",
        _ => "an unknown codec",
    }
}

fn is_sound(track: &Track) -> bool {
    track.codec_params.as_ref().is_some_and(|params| params.audio().is_some())
}

fn is_decoded(track: &Track) -> bool {
    let codec = track.codec_params.as_ref().and_then(|params| params.audio());
    codec.is_some_and(|codec| CODECS.get_audio_decoder(codec.codec).is_some())
}

/// The longest time that a file of this size can contain uncompressed. A wav that was written into a pipe
/// states the largest possible length.
fn uncompressed_seconds(
    decoder: &dyn AudioDecoder,
    codec: &AudioCodecParameters,
    file_bytes: u64,
) -> Option<f64> {
    if !decoder.codec_info().short_name.starts_with("pcm_") {
        return None;
    }
    let channels = codec.channels.as_ref()?.count() as f64;
    let bytes = f64::from(codec.bits_per_coded_sample.or(codec.bits_per_sample)?) / 8.0;
    Some(file_bytes as f64 / (bytes * channels * f64::from(codec.sample_rate?)))
}

/// Detects the container and reads its header.
pub(super) fn reader(source: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, Refusal> {
    let source = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    guarded(|| symphonia::default::get_probe().probe(&Hint::new(), source, format, metadata))
        .ok_or(Refusal::Damaged)?
        .map_err(|error| match error {
            Error::DecodeError(_) | Error::LimitError(_) => Refusal::Damaged,
            _ => Refusal::NotAudio,
        })
}
