//! The times of the fragments of a fragmented mp4.
//!
//! symphonia adds up the durations of all samples. But a fragment states its own start (`tfdt`, ISO/IEC
//! 14496-12, section 8.8.12), which is later than that sum if a recorder paused.

use std::fs::File;
use std::ops::Range;

use super::boxes::{Boxes, bytes, read};
use super::{RepairedFile, Trak};

/// The most jumps that are kept.
const MOST: usize = 100_000;

/// From this sum of durations on, times are later by `by`, in units of the track.
#[derive(Debug, PartialEq)]
pub(super) struct Jump {
    pub(super) from: i64,
    pub(super) by: i64,
}

/// The jumps between the fragments of a track. A file that begins in the middle of a longer recording (a
/// part of a broadcast) begins at 0: the earliest time of its tracks is subtracted from all times.
pub(super) fn jumps(file: &File, moov: &Range<u64>, traks: &[Trak<'_>], track: u32) -> Vec<Jump> {
    let Some(mvex) = Boxes::within(file, moov.clone()).find(b"mvex") else {
        return Vec::new();
    };
    let usual = usual_duration(file, mvex, track);
    let mut jumps: Vec<Jump> = Vec::new();
    let mut sum: i64 = 0;
    let mut first_times: Vec<(u32, u64)> = Vec::new();
    let repaired = RepairedFile::of(file);
    let lost_first = repaired.as_ref().is_some_and(|repaired| repaired.lost_first);
    let whole =
        || Boxes::of(file).filter(|found| &found.kind == b"moof").map(|found| found.body).collect::<Vec<_>>();
    for moof in repaired.map_or_else(whole, |repaired| repaired.moofs) {
        for traf in Boxes::within(file, moof).filter(|found| &found.kind == b"traf") {
            let Some(fragment) = Fragment::read(file, &traf.body) else { continue };
            if let Some(time) = fragment.time
                && first_times.len() < traks.len()
                && first_times.iter().all(|(known, _)| *known != fragment.track)
            {
                first_times.push((fragment.track, time));
            }
            if fragment.track != track {
                continue;
            }
            if let Some(by) = fragment.time.and_then(|time| i64::try_from(time).ok()?.checked_sub(sum))
                && by != jumps.last().map_or(0, |last| last.by)
                && jumps.len() < MOST
            {
                jumps.push(Jump { from: sum, by });
            }
            sum = sum.saturating_add(fragment.duration(file, usual));
        }
    }
    let seconds = |&(track, time): &(u32, u64)| {
        let trak = traks.iter().find(|trak| trak.id() == Some(track))?;
        Some(time as f64 / f64::from(trak.scale()?))
    };
    let earliest = first_times.iter().filter_map(seconds).reduce(f64::min).unwrap_or(0.0);
    let scale = traks.iter().find(|trak| trak.id() == Some(track)).and_then(Trak::scale).unwrap_or(1);
    // With damage at the start, the lost time counts.
    let start = if lost_first { 0 } else { (earliest * f64::from(scale)) as i64 };
    for jump in &mut jumps {
        jump.by = jump.by.saturating_sub(start);
    }
    jumps
}

/// The duration of a sample if a fragment states none (`trex`).
fn usual_duration(file: &File, mvex: Range<u64>, track: u32) -> u32 {
    Boxes::within(file, mvex)
        .filter(|found| &found.kind == b"trex")
        .filter_map(|found| read::<20>(file, &found.body))
        .find(|body| body[4..8] == track.to_be_bytes())
        .map_or(0, |[.., a, b, c, d, _, _, _, _]| u32::from_be_bytes([a, b, c, d]))
}

/// The data of one track in a fragment.
struct Fragment {
    track: u32,
    /// Its start, in units of the track.
    time: Option<u64>,
    /// The duration of its samples if their runs state none.
    usual: Option<u32>,
    runs: Vec<Range<u64>>,
}

impl Fragment {
    fn read(file: &File, traf: &Range<u64>) -> Option<Self> {
        let boxes: Vec<_> = Boxes::within(file, traf.clone()).take(10_000).collect();
        let of = |kind: &'static [u8; 4]| boxes.iter().filter(move |found| &found.kind == kind);
        let tfhd = bytes(file, &of(b"tfhd").next()?.body, 24);
        let word = |at: usize| Some(u32::from_be_bytes(*tfhd.get(at..)?.first_chunk()?));
        let flags = word(0)?;
        // A base offset (8 bytes) and the index of a description precede it, each if its flag is set.
        let at = 8 + if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 4 };
        let time = of(b"tfdt").next().and_then(|tfdt| match read::<4>(file, &tfdt.body)? {
            [0, ..] => {
                read::<8>(file, &tfdt.body).map(|[.., a, b, c, d]| u32::from_be_bytes([a, b, c, d]).into())
            }
            _ => read(file, &(tfdt.body.start + 4..tfdt.body.end)).map(u64::from_be_bytes),
        });
        Some(Self {
            track: word(4)?,
            time,
            usual: if flags & 8 == 0 { None } else { word(at) },
            runs: of(b"trun").map(|run| run.body.clone()).collect(),
        })
    }

    /// The total duration of its samples.
    fn duration(&self, file: &File, usual: u32) -> i64 {
        let usual = self.usual.unwrap_or(usual);
        self.runs.iter().map(|run| duration(file, run, usual).unwrap_or(0)).fold(0, i64::saturating_add)
    }
}

/// The total duration of the samples of a run (`trun`, section 8.8.8).
fn duration(file: &File, run: &Range<u64>, usual: u32) -> Option<i64> {
    let [_, a, b, c, d, e, f, g] = read::<8>(file, run)?;
    let (flags, count) = (u32::from_be_bytes([0, a, b, c]), u32::from_be_bytes([d, e, f, g]));
    if flags & 0x100 == 0 {
        return Some(i64::from(count).saturating_mul(i64::from(usual)));
    }
    let fields = |mask: u32| (flags & mask).count_ones() as usize;
    let start = run.start + 8 + 4 * fields(0x5) as u64;
    let entry = 4 * fields(0xf00);
    let size = usize::try_from(count).ok()?.saturating_mul(entry);
    let table = bytes(file, &(start.min(run.end)..run.end), size.min(1 << 22));
    let durations =
        table.chunks_exact(entry).filter_map(|sample| Some(u32::from_be_bytes(*sample.first_chunk()?)));
    Some(durations.map(i64::from).sum())
}
