//! Finding the track in a file, by what the file is.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSource, ReadOnlySource};

use super::super::choice::{Choice, reader};
use super::super::frames::Frames;
use super::super::landmarks::Landmarks;
use super::super::source::Pieces;
use super::super::step::Step;
use super::super::wave::Waves;
use super::super::{Refusal, flac, whole};
use super::Track;

impl Track {
    /// Finds the track and decodes its first packet, to be sure of it.
    ///
    /// Demuxers that can seek hold a file against what its headers promise, and refuse the whole of
    /// one that breaks off. Read from front to back, it gives what it has.
    pub(in super::super) fn open(file: File) -> Result<Self, Refusal> {
        let file = Arc::new(file);
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if !is_regular(&file) {
            // What a converter gives.
            let pipe = file.try_clone().map_err(|_| Refusal::NotAudio)?;
            return Self::find(&file, Box::new(ReadOnlySource::new(pipe)), u64::MAX);
        }
        if let Some(waves) = Waves::of(&file).map_err(|_| Refusal::Damaged)? {
            return Self::of_waves(&file, waves);
        }
        let flacs = flac::files(&file).map_err(|_| Refusal::Damaged)?;
        if flacs.len() > 1 {
            return Self::of_parts(
                &file,
                flacs.into_iter().map(|range| Pieces::default().part(&file, range)).collect(),
            );
        }
        if let Some(frames) = Frames::of(&file).map_err(|_| Refusal::Damaged)? {
            return Self::of_reader(&file, Box::new(frames), length);
        }
        let landmarks = Landmarks::of(&file).map_err(|_| Refusal::Damaged)?;
        let opened = Self::find(&file, Box::new(landmarks.whole()), length).or_else(|refusal| {
            let source = ReadOnlySource::new(landmarks.whole());
            Self::find(&file, Box::new(source), length).map_err(|_| refusal)
        });
        match opened {
            Ok(track) => Ok(Self { landmarks: track.has_clock().then_some(landmarks), ..track }),
            Err(refusal @ Refusal::UnsupportedCodec { .. }) => Err(refusal),
            Err(_) if whole::has_lost_all(&file) => Err(Refusal::CutShort),
            Err(refusal) => Err(refusal),
        }
    }

    fn of_waves(file: &Arc<File>, waves: Waves) -> Result<Self, Refusal> {
        if waves.parts.is_empty() {
            return Err(if waves.cut_short { Refusal::CutShort } else { Refusal::NoSound });
        }
        let track = Self::of_parts(file, waves.parts.into_iter().map(|part| part.source(file)).collect())?;
        Ok(Self { cut_short: waves.cut_short, ..track })
    }

    fn of_parts(file: &Arc<File>, mut parts: VecDeque<Pieces>) -> Result<Self, Refusal> {
        let first = parts.pop_front().ok_or(Refusal::NoSound)?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let track = Self::find(file, Box::new(first), length)?;
        Ok(Self { parts, ..track })
    }

    fn find(file: &Arc<File>, source: Box<dyn MediaSource>, length: u64) -> Result<Self, Refusal> {
        Self::of_reader(file, reader(source)?, length)
    }

    fn of_reader(file: &Arc<File>, reader: Box<dyn FormatReader>, length: u64) -> Result<Self, Refusal> {
        let choice = Choice::among(&*reader, file, length)?;
        let mut track = Self {
            file: Arc::clone(file),
            reader,
            choice,
            parts: VecDeque::new(),
            cut_short: false,
            landmarks: None,
            given: None,
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
        };
        match track.step()? {
            Step::CutShort => Err(Refusal::Damaged),
            first => Ok(Self { first: Some(first), ..track }),
        }
    }
}

/// Whether this is a file and no pipe.
pub(super) fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}
