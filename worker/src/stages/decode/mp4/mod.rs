//! The parts of an mp4 that symphonia does not read: edit lists, times of fragments, tables that contradict
//! one another, and names of codecs that it does not know.

mod boxes;
mod fragments;
mod repair;
mod tables;
mod times;

use std::fs::File;
use std::ops::Range;

use self::boxes::{Boxes, bytes, read};

pub(super) use self::repair::RepairedFile;
pub(super) use self::tables::corrections;
pub(super) use self::times::Times;

/// A track, as its box.
#[derive(Debug)]
struct Trak<'a> {
    file: &'a File,
    body: Range<u64>,
}

impl Trak<'_> {
    /// The tracks of a file, up to a number that no valid file exceeds.
    fn all(file: &File) -> Vec<Trak<'_>> {
        let Some(moov) = Boxes::of(file).find(b"moov") else {
            return Vec::new();
        };
        let traks = Boxes::within(file, moov).filter(|found| &found.kind == b"trak").take(64);
        traks.map(|found| Trak { file, body: found.body }).collect()
    }

    /// The box at the end of a path of boxes.
    fn find(&self, path: &[&[u8; 4]]) -> Option<Range<u64>> {
        path.iter().try_fold(self.body.clone(), |part, kind| Boxes::within(self.file, part).find(kind))
    }

    /// `track_ID` of the header, after two times of 4 or 8 bytes.
    fn id(&self) -> Option<u32> {
        self.after_times(&[b"tkhd"])
    }

    /// Units of the track's times in a second.
    fn scale(&self) -> Option<u32> {
        self.after_times(&[b"mdia", b"mdhd"]).filter(|scale| *scale > 0)
    }

    fn after_times(&self, path: &[&[u8; 4]]) -> Option<u32> {
        after_times(self.file, &self.find(path)?)
    }

    fn is_sound(&self) -> bool {
        let handler = self.find(&[b"mdia", b"hdlr"]).map(|body| bytes(self.file, &body, 12));
        handler.is_some_and(|handler| handler.get(8..12) == Some(b"soun"))
    }

    /// The first description of its samples, which has the name of the codec.
    fn sample_entry(&self) -> Option<boxes::Mp4Box> {
        let stsd = self.find(&[b"mdia", b"minf", b"stbl", b"stsd"])?;
        Boxes::within(self.file, (stsd.start + 8).min(stsd.end)..stsd.end).next()
    }
}

/// The 32 bits after version, flags and two times: four bytes each, or eight in version 1.
fn after_times(file: &File, header: &Range<u64>) -> Option<u32> {
    let [version, ..] = read::<4>(file, header)?;
    let at = header.start + if version == 1 { 20 } else { 12 };
    read(file, &(at..header.end)).map(u32::from_be_bytes)
}

/// The starts of concatenated files, at most `most`: each begins with a box `ftyp`. Empty for a file that
/// does not begin with one.
pub(super) fn starts(file: &File, most: usize) -> Vec<u64> {
    let starts = Boxes::of(file).filter(|found| &found.kind == b"ftyp").map(|found| found.start());
    let starts: Vec<u64> = starts.take(most).collect();
    if starts.first() == Some(&0) { starts } else { Vec::new() }
}

/// The four letters of the codec of the first track with sound, and the description of the codec.
pub(super) fn codec(file: &File) -> Option<([u8; 4], Vec<u8>)> {
    let traks = Trak::all(file);
    let entry = traks.iter().find(|trak| trak.is_sound())?.sample_entry()?;
    Some((entry.kind, bytes(file, &entry.body, 4096)))
}
