//! Opens the track in a file, depending on the kind of file.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSource, ReadOnlySource};

use super::super::choice::{Choice, reader};
use super::super::frames::Frames;
use super::super::matroska_recovery::MatroskaRecovery;
use super::super::ogg::Ogg;
use super::super::source::{ConcatenatedSource, SourceRegion};
use super::super::step::Step;
use super::super::wave::Waves;
use super::super::{Refusal, flac, joined, late, mp4, sized, whole};
use super::Track;
use super::given::GivenPackets;

/// The data to read after the end of a demuxer.
#[derive(Default)]
struct Rest {
    place: usize,
    parts: VecDeque<SourceRegion>,
    recovery: Option<MatroskaRecovery>,
}

impl Rest {
    fn of(place: usize) -> Self {
        Self { place, ..Self::default() }
    }
}

impl Track {
    /// Finds the track with this index, see [`Choice::among`], and decodes its first packet as a test.
    ///
    /// Demuxers that can seek compare a file with its headers, and refuse the whole of a file that is cut
    /// off. If it is read from front to back, its sound up to the cut is decoded.
    pub(in super::super) fn open(file: File, place: usize) -> Result<Self, Refusal> {
        let file = Arc::new(file);
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if !is_regular(&file) {
            // The output of a converter.
            let pipe = file.try_clone().map_err(|_| Refusal::NotAudio)?;
            return Self::find(&file, Box::new(ReadOnlySource::new(pipe)), u64::MAX, Rest::default());
        }
        if let Some(waves) = Waves::of(&file).map_err(|_| Refusal::Damaged)? {
            return Self::of_waves(&file, waves);
        }
        let flacs = flac::files(&file).map_err(|_| Refusal::Damaged)?;
        if flacs.files.len() > 1 || flacs.is_tagged {
            let parts = flacs.files.into_iter().map(|range| ConcatenatedSource::default().part(&file, range));
            let track = Self::of_parts(&file, parts.map(SourceRegion::another).collect(), place)?;
            return Ok(Self { lost_start: flacs.lost_start, ..track });
        }
        if let Some(frames) = Frames::of(&file).map_err(|_| Refusal::Damaged)? {
            return Self::of_reader(&file, Box::new(frames), length, Rest::default());
        }
        if let Some(ogg) = Ogg::of(&file).map_err(|_| Refusal::Damaged)? {
            let (lost_start, is_timeless) = (ogg.lost_start, ogg.is_timeless);
            let (cut_short, ends) = (ogg.cut_short, ogg.ends);
            let track = Self::of_parts(&file, ogg.parts(&file), place)?;
            let cut_short = cut_short || track.cut_short;
            return Ok(Self { lost_start, is_timeless, cut_short, ends, ..track });
        }
        let files = joined::files(&file);
        if !files.is_empty() {
            let parts = files
                .into_iter()
                .map(|range| SourceRegion::another(ConcatenatedSource::default().part(&file, range)));
            return Self::of_parts(&file, parts.collect(), place);
        }
        if let Some(sized) = sized::Sized::of(&file).map_err(|_| Refusal::Damaged)? {
            return match Self::find(&file, Box::new(sized.source), length, Rest::of(place)) {
                Ok(track) if sized.cut_short && track.first == Some(Step::End) => Err(Refusal::CutShort),
                Ok(track) => Ok(Self { cut_short: sized.cut_short || track.cut_short, ..track }),
                Err(Refusal::NotAudio | Refusal::Damaged) if sized.cut_short => Err(Refusal::CutShort),
                Err(refusal) => Err(refusal),
            };
        }
        if let Some(repaired) = mp4::RepairedFile::of(&file) {
            let headers = repaired.headers.iter().map(|(at, header)| (*at, header.to_vec()));
            let source = Box::new(replaced(&file, length, headers));
            let track = Self::find(&file, source, length, Rest::of(place))?;
            return Ok(Self { is_repaired: true, cut_short: repaired.cut_short, ..track });
        }
        let corrections = mp4::corrections(&file, !whole::ends_early(&file));
        if !corrections.is_empty() {
            let numbers = corrections.iter().map(|(at, number)| (*at, number.to_vec()));
            let source = Box::new(replaced(&file, length, numbers));
            if let Ok(track) = Self::find(&file, source, length, Rest::of(place)) {
                return Ok(track);
            }
        }
        if let Some(ordered) = late::ordered(&file).map_err(|_| Refusal::Damaged)? {
            let source = Box::new(ReadOnlySource::new(ordered));
            let track = Self::find(&file, source, length, Rest::of(place))?;
            return Ok(Self { ends: !whole::ends_early(&file), ..track });
        }
        let recovery = || MatroskaRecovery::of(&file).map_err(|_| Refusal::Damaged);
        let behind = |recovery| Rest { recovery: Some(recovery), ..Rest::of(place) };
        let first = recovery()?;
        let source = Box::new(first.whole());
        let opened = Self::find(&file, source, length, behind(first)).or_else(|refusal| {
            let again = recovery()?;
            let source = Box::new(ReadOnlySource::new(again.whole()));
            Self::find(&file, source, length, behind(again)).map_err(|_| refusal)
        });
        match opened {
            Ok(track) => Ok(Self { lost_start: flacs.lost_start, ..track }),
            Err(refusal @ Refusal::UnsupportedCodec { .. }) => Err(refusal),
            Err(_) if whole::has_lost_all(&file) => Err(Refusal::CutShort),
            Err(Refusal::NotAudio) if whole::is_garbled(&file) => Err(Refusal::Damaged),
            Err(refusal) => Err(refusal),
        }
    }

    fn of_waves(file: &Arc<File>, waves: Waves) -> Result<Self, Refusal> {
        if waves.parts.is_empty() {
            return Err(if waves.cut_short { Refusal::CutShort } else { Refusal::NoSound });
        }
        let track = Self::of_parts(
            file,
            waves.parts.into_iter().map(|part| SourceRegion::another(part.source(file))).collect(),
            0,
        )?;
        Ok(Self { cut_short: waves.cut_short, ..track })
    }

    /// Opens the first part that can be decoded. Those before it are lost.
    fn of_parts(file: &Arc<File>, mut parts: VecDeque<SourceRegion>, place: usize) -> Result<Self, Refusal> {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let (mut refusal, mut lost, mut cut_short) = (None, 0.0, false);
        while let Some(part) = parts.pop_front() {
            match Self::find(file, part.source, length, Rest::of(place)) {
                // A part without any sound.
                Ok(track) if track.first == Some(Step::End) && !parts.is_empty() => {}
                Ok(track) => {
                    return Ok(Self { parts, lost, cut_short: track.cut_short || cut_short, ..track });
                }
                Err(error) => {
                    refusal.get_or_insert(error);
                    match part.seconds {
                        Some(seconds) => lost += seconds,
                        None => cut_short = true,
                    }
                }
            }
        }
        Err(refusal.unwrap_or(Refusal::NoSound))
    }

    fn find(
        file: &Arc<File>,
        source: Box<dyn MediaSource>,
        length: u64,
        rest: Rest,
    ) -> Result<Self, Refusal> {
        Self::of_reader(file, reader(source)?, length, rest)
    }

    fn of_reader(
        file: &Arc<File>,
        reader: Box<dyn FormatReader>,
        length: u64,
        rest: Rest,
    ) -> Result<Self, Refusal> {
        let choice = Choice::among(&*reader, file, length, rest.place)?;
        let mut track = Self {
            file: Arc::clone(file),
            reader,
            choice,
            place: rest.place,
            parts: rest.parts,
            cut_short: false,
            ends: false,
            lost_start: None,
            is_timeless: false,
            is_repaired: false,
            recovery: None,
            given: GivenPackets::default(),
            was_damaged: false,
            rate: 0,
            planes: Vec::new(),
            first: None,
            ahead: None,
            time: None,
            lasting: 0.0,
            earliest: f64::INFINITY,
            begins_anew: false,
            before: None,
            warm_up: None,
            is_unreadable: false,
            lost: 0.0,
            has_sounded: false,
        };
        track.recovery = rest.recovery.filter(|_| track.has_clock());
        match track.step()? {
            Step::CutShort => Err(Refusal::Damaged),
            first => Ok(Self { first: Some(first), ..track }),
        }
    }
}

/// The file with other bytes at some positions, which are in their order.
fn replaced(
    file: &Arc<File>,
    length: u64,
    bytes: impl Iterator<Item = (u64, Vec<u8>)>,
) -> ConcatenatedSource {
    let mut at = 0;
    let source = bytes.fold(ConcatenatedSource::default(), |source, (place, bytes)| {
        let source = source.part(file, at..place);
        at = place + bytes.len() as u64;
        source.own(bytes)
    });
    source.part(file, at.min(length)..length)
}

/// Whether this is a file and no pipe.
pub(super) fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}
