//! The one track of a recording that is heard: found, read packet by packet, decoded.

use std::fs::File;
use std::io::Seek;
use std::sync::LazyLock;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia_adapter_libopus::OpusDecoder;

use super::{Info, Refusal};

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusDecoder>();
    registry
});

pub(super) struct Track {
    reader: Box<dyn FormatReader>,
    choice: Choice,
    rate: u32,
    planes: Vec<Vec<f32>>,
    /// The packet that was decoded to see whether it can be.
    first: Option<Step>,
}

/// The track that is heard, among those of the container.
struct Choice {
    id: u32,
    /// The length that the container claims.
    seconds: Option<f64>,
    decoder: Box<dyn AudioDecoder>,
}

/// What became of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is in [`Track::planes`].
    Sound,
    /// It cannot be decoded; the next one perhaps can.
    Damaged,
    /// There is none: the recording is over.
    End,
    /// There is none where one should be: the file stops or turns to garbage in the middle.
    CutShort,
}

impl Track {
    /// Finds the track and decodes its first packet, to be sure of it.
    ///
    /// Demuxers that can seek hold a file against what its headers promise, and refuse the whole of
    /// one that breaks off. Read from front to back, it gives what it has.
    pub(super) fn open(file: File) -> Result<Self, Refusal> {
        let mut again = file.try_clone().map_err(|_| Refusal::NotAudio)?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Self::find(Box::new(file), length).or_else(|refusal| {
            again.rewind().map_err(|_| refusal.clone())?;
            Self::find(Box::new(ReadOnlySource::new(again)), length).map_err(|_| refusal)
        })
    }

    fn find(source: Box<dyn MediaSource>, length: u64) -> Result<Self, Refusal> {
        let source = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| match error {
                Error::DecodeError(_) | Error::LimitError(_) => Refusal::Damaged,
                _ => Refusal::NotAudio,
            })?;
        let choice = Choice::among(&*reader, length)?;
        let mut track = Self { reader, choice, rate: 0, planes: Vec::new(), first: None };
        match track.step()? {
            Step::CutShort => Err(Refusal::Damaged),
            first => Ok(Self { first: Some(first), ..track }),
        }
    }

    /// Reads and decodes the next packet of the track that holds any sound.
    pub(super) fn step(&mut self) -> Result<Step, Refusal> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.choice.id => packet,
                Ok(Some(_)) => continue,
                Ok(None) => return Ok(Step::End),
                Err(Error::ResetRequired) => {
                    self.choice = Choice::among(&*self.reader, u64::MAX)?;
                    continue;
                }
                // A recorder that streams (live webm, wav into a pipe) never says where it ends.
                Err(_) => return Ok(Step::CutShort),
            };
            match self.choice.decoder.decode(&packet) {
                // Codecs that overlap their packets give nothing for the first.
                Ok(sound) if sound.frames() == 0 => {}
                Ok(sound) => {
                    self.rate = sound.spec().rate();
                    sound.copy_to_vecs_planar(&mut self.planes);
                    return Ok(Step::Sound);
                }
                Err(Error::Unsupported(feature)) => {
                    return Err(Refusal::UnsupportedCodec { codec: feature.to_owned() });
                }
                Err(_) => return Ok(Step::Damaged),
            }
        }
    }

    /// The channels of the packet just decoded, all of one length.
    pub(super) fn planes(&self) -> &[Vec<f32>] {
        &self.planes
    }

    /// Samples per second of the packet just decoded.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// What the recording is, by its headers and by the packet just decoded.
    pub(super) fn info(&self) -> Info {
        Info {
            container: self.reader.format_info().short_name.to_owned(),
            codec: self.choice.decoder.codec_info().short_name.to_owned(),
            rate: self.rate,
            channels: u32::try_from(self.planes.len()).unwrap_or(u32::MAX),
            seconds: self.choice.seconds,
        }
    }
}

impl Choice {
    /// The default track for sound, else the first with a known codec.
    fn among(reader: &dyn FormatReader, file_bytes: u64) -> Result<Self, Refusal> {
        let track = reader.default_track(TrackType::Audio).ok_or(Refusal::NotAudio)?;
        let codec = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or(Refusal::NotAudio)?;
        let decoder =
            CODECS.make_audio_decoder(codec, &AudioDecoderOptions::default()).map_err(
                |error| match error {
                    Error::Unsupported(feature) => Refusal::UnsupportedCodec { codec: feature.to_owned() },
                    _ => Refusal::Damaged,
                },
            )?;
        let claimed = track
            .time_base
            .zip(track.duration)
            .and_then(|(base, duration)| base.calc_duration(duration))
            .map(|time| time.as_secs_f64());
        let possible = uncompressed_seconds(&*decoder, codec, file_bytes).unwrap_or(f64::INFINITY);
        Ok(Self { id: track.id, seconds: claimed.map(|claimed| claimed.min(possible)), decoder })
    }
}

/// The most that a file of this size can hold uncompressed. A wav that was written into a pipe
/// claims the largest length there is.
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
