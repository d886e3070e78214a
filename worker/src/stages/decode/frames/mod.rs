//! Streams of frames without a container: mp3 and AAC in ADTS.
//!
//! Such a stream has no times and no length except those of its frames. Headers with a count of frames are
//! wrong in files that were cut, concatenated, or written into a pipe, and are not used. A frame is
//! accepted if another frame, the end or a tag follows it. Bytes between frames are damage, which lasts as
//! long as the frames that would fill it. The rate and the number of channels may change when files were
//! concatenated; then a new decoder continues.

mod scan;
mod side;
mod table;
mod tags;

use std::fs::File;
use std::io;
use std::sync::Arc;

use self_shared::domain::container::frame::{Header, Kind, Syntax};
use symphonia::core::audio::{Channels, layouts};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::errors::{Error, Result, SeekErrorKind};
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use self::scan::{Scan, ScanResult};
use self::side::Side;
use self::table::table;
pub(super) use self::tags::tag_before;
use super::source::ConcatenatedSource;

/// Ticks in a second: a sample has a whole number of them at each possible rate.
const TICKS: u32 = 28_224_000;

const MPEG: FormatInfo = FormatInfo { format: FORMAT_ID_MP3, short_name: "mp3", long_name: "MPEG audio" };
const ADTS: FormatInfo =
    FormatInfo { format: FORMAT_ID_ADTS, short_name: "aac", long_name: "Audio Data Transport Stream" };

/// Reads frames as the packets of one track. A packet without data means damage.
pub(super) struct Frames {
    file: Arc<File>,
    scan: Scan,
    kind: Kind,
    tracks: Vec<Track>,
    media_info: MediaInfo,
    metadata: MetadataLog,
    /// The time of the next frame.
    ticks: i64,
    /// Samples that the encoder added at the start and that are still to be dropped.
    delay: u32,
    /// A frame of another kind, for a new decoder.
    held: Option<ScanResult>,
    /// Bytes of the frames since the last damage, which a frame may refer to; `MAX` without damage.
    reservoir: u32,
}

impl Frames {
    /// `None` for a file that is not such a stream.
    pub(super) fn of(file: &Arc<File>) -> io::Result<Option<Self>> {
        let mut scan = Scan::new(file)?;
        let Some(kind) = scan.begin()? else { return Ok(None) };
        let seconds = scan.seconds()?;
        let track = track(kind, seconds);
        Ok(Some(Self {
            file: Arc::clone(file),
            scan,
            kind,
            media_info: MediaInfo::from_track(&track),
            tracks: vec![track],
            metadata: MetadataLog::default(),
            ticks: 0,
            delay: 0,
            held: None,
            reservoir: u32::MAX,
        }))
    }

    fn found(&mut self) -> Result<ScanResult> {
        match self.held.take() {
            Some(found) => Ok(found),
            None => Ok(self.scan.next()?),
        }
    }

    /// Whether the content of a frame, or of the frames that it refers to, was replaced by other bytes.
    /// Decoders make noise of it.
    fn is_foreign(&mut self, frame: &[u8], header: &Header) -> bool {
        let Some(side) = Side::read(frame, header) else { return false };
        let foreign = side.overruns || side.back > self.reservoir;
        self.reservoir = if side.overruns { 0 } else { self.reservoir.saturating_add(side.own) };
        foreign
    }

    fn packet(&mut self, samples: u64, trim: u32, data: Vec<u8>) -> Packet {
        let tick = u64::from(TICKS / self.kind.rate);
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::new(self.ticks - i64::from(trim) * tick as i64))
            .dur(Duration::new(samples * tick))
            .trim_start(Duration::new(u64::from(trim)))
            .data(data)
            .build();
        self.ticks = self.ticks.saturating_add_unsigned(samples.saturating_sub(u64::from(trim)) * tick);
        packet
    }
}

impl FormatReader for Frames {
    fn format_info(&self) -> &FormatInfo {
        match self.kind.syntax {
            Syntax::Mpeg { .. } => &MPEG,
            Syntax::Adts { .. } => &ADTS,
        }
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media_info
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn seek(&mut self, _: SeekMode, _: SeekTo) -> Result<SeekedTo> {
        Err(Error::SeekError(SeekErrorKind::Unseekable))
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            match self.found()? {
                ScanResult::Frame(header, data) => {
                    if header.kind != self.kind {
                        self.kind = header.kind;
                        self.tracks = vec![track(header.kind, None)];
                        self.held = Some(ScanResult::Frame(header, data));
                        return Err(Error::ResetRequired);
                    }
                    if let Some(delay) = table(&data, &header) {
                        self.delay = delay;
                        continue;
                    }
                    if self.is_foreign(&data, &header) {
                        return Ok(Some(self.packet(u64::from(header.samples), 0, Vec::new())));
                    }
                    let trim = self.delay.min(header.samples);
                    self.delay -= trim;
                    let data = data[header.kind.syntax.header()..].to_vec();
                    return Ok(Some(self.packet(u64::from(header.samples), trim, data)));
                }
                ScanResult::Damage { samples } => return Ok(Some(self.packet(samples, 0, Vec::new()))),
                ScanResult::End => return Ok(None),
                ScanResult::CutShort => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            }
        }
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        let length = self.scan.length();
        let whole = ConcatenatedSource::default().part(&self.file, 0..length);
        MediaSourceStream::new(Box::new(whole), MediaSourceStreamOptions::default())
    }
}

fn track(kind: Kind, seconds: Option<f64>) -> Track {
    let mut codec = AudioCodecParameters::new();
    codec.for_codec(match kind.syntax {
        Syntax::Mpeg { layer: 1, .. } => CODEC_ID_MP1,
        Syntax::Mpeg { layer: 2, .. } => CODEC_ID_MP2,
        Syntax::Mpeg { .. } => CODEC_ID_MP3,
        Syntax::Adts { .. } => CODEC_ID_AAC,
    });
    codec.with_sample_rate(kind.rate);
    match kind.channels {
        0 => {}
        1 => drop(codec.with_channels(layouts::CHANNEL_LAYOUT_MONO)),
        2 => drop(codec.with_channels(layouts::CHANNEL_LAYOUT_STEREO)),
        7 => drop(codec.with_channels(Channels::Discrete(8))),
        more => drop(codec.with_channels(Channels::Discrete(u16::from(more)))),
    }
    let mut track = Track::new(0);
    track.with_codec_params(CodecParameters::Audio(codec));
    track.with_time_base(TimeBase::try_from_recip(TICKS).unwrap_or_default());
    if let Some(seconds) = seconds {
        track.with_duration(Duration::new((seconds * f64::from(TICKS)) as u64));
    }
    track
}
