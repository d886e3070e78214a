//! The presentation times of the samples of an mp4.
//!
//! A track's samples have times of its own. Its edit list (`elst`, ISO/IEC 14496-12, section 8.6.6) states
//! when they are played. An empty edit first delays a track that begins late. A first edit that does not
//! start at 0 leaves out samples that only warm a decoder up, or that somebody cut away. In a fragmented
//! file each fragment states its start (`tfdt`, section 8.8.12).

use std::fs::File;
use std::ops::Range;

use super::boxes::{Boxes, bytes};
use super::fragments::{self, Jump};
use super::{Trak, after_times};

/// The most edits that are read. A valid file has only a few.
const MOST: usize = 10_000;

/// Converts the times of a track's packets to presentation times.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Times {
    /// Units of the track's times in a second.
    scale: f64,
    edits: Vec<Edit>,
    jumps: Vec<Jump>,
    /// The duration of each sample in seconds, if all but the last one have the same.
    uniform: Option<f64>,
    is_second: bool,
}

/// A stretch of the track and its position in the recording.
#[derive(Debug, PartialEq)]
struct Edit {
    /// In seconds of the recording.
    at: f64,
    /// In units of the track.
    media: Range<i64>,
}

impl Times {
    /// Reads the times of a track; none if the file is no mp4 or contains no such times.
    pub(in super::super) fn of(file: &File, track: u32) -> Option<Self> {
        let traks = Trak::all(file);
        let trak = traks.iter().find(|trak| trak.id() == Some(track))?;
        let scale = f64::from(trak.scale()?);
        let moov = Boxes::of(file).find(b"moov")?;
        let movie_scale = Boxes::within(file, moov.clone())
            .find(b"mvhd")
            .and_then(|mvhd| after_times(file, &mvhd))
            .filter(|scale| *scale > 0);
        let edits = trak.find(&[b"edts", b"elst"]).zip(movie_scale);
        let edits = edits.map(|(elst, movie)| read_edits(file, &elst, f64::from(movie), scale));
        let durations = Durations::of(file, trak);
        // An edit that starts behind all samples would leave out every one.
        let end = durations.as_ref().and_then(|durations| durations.total).unwrap_or(i64::MAX);
        let edits = edits.unwrap_or_default().into_iter().filter(|edit| edit.media.start < end).collect();
        let uniform = durations.and_then(|durations| durations.uniform);
        Some(Self {
            scale,
            edits,
            jumps: fragments::jumps(file, &moov, &traks, track),
            uniform: uniform.map(|duration| f64::from(duration) / scale),
            is_second: false,
        })
    }

    /// The duration of each sample in seconds, if all have the same. It is returned for the second sample
    /// only: the first one may be shorter, and a damaged one may have any length.
    pub(in super::super) fn uniform(&mut self) -> Option<f64> {
        let is_second = std::mem::replace(&mut self.is_second, true);
        if is_second { self.uniform.take() } else { None }
    }

    /// The presentation time of the sample with this time of the track, in seconds from the start of the
    /// recording. Samples before 0 only warm a decoder up and are not played. `None` for a sample that is
    /// left out between edits; all samples after the last edit are played.
    pub(in super::super) fn heard_at(&self, time: i64) -> Option<f64> {
        let passed = self.jumps.partition_point(|jump| jump.from <= time);
        let by = passed.checked_sub(1).map_or(0, |last| self.jumps[last].by);
        let time = time.saturating_add(by);
        let begun = self.edits.partition_point(|edit| edit.media.start <= time);
        let Some(edit) = self.edits.get(begun.saturating_sub(1)) else {
            return Some(time as f64 / self.scale);
        };
        let last = begun.max(1) == self.edits.len();
        (last || time < edit.media.end)
            .then(|| edit.at + time.saturating_sub(edit.media.start) as f64 / self.scale)
    }
}

/// The table of times (`stts`, section 8.6.1.2).
struct Durations {
    /// The duration that all samples have but the last one.
    uniform: Option<u32>,
    /// The duration of all samples. `None` if they have none, or if the table is very long.
    total: Option<i64>,
}

impl Durations {
    fn of(file: &File, trak: &Trak<'_>) -> Option<Self> {
        let stts = trak.find(&[b"mdia", b"minf", b"stbl", b"stts"])?;
        let table = bytes(file, &stts, 8 + 8 * MOST);
        let words: Vec<u32> = table.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
        let entries = words.get(2..)?.as_chunks::<2>().0;
        let total: i64 = entries
            .iter()
            .map(|[samples, duration]| i64::from(*samples).saturating_mul(i64::from(*duration)))
            .fold(0, i64::saturating_add);
        let uniform = match entries {
            [[_, duration]] | [[_, duration], [1, _]] => Some(*duration),
            _ => None,
        };
        Some(Self { uniform, total: Some(total).filter(|total| *total > 0 && entries.len() < MOST) })
    }
}

/// The edits in the order of the track's times. The list is cut where it goes back, to repeat or reorder
/// samples: every sample is played once.
fn read_edits(file: &File, elst: &Range<u64>, movie_scale: f64, scale: f64) -> Vec<Edit> {
    let body = bytes(file, elst, 8 + MOST * 20);
    let Some((&[version, _, _, _, a, b, c, d], table)) = body.split_first_chunk() else {
        return Vec::new();
    };
    let count = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    let mut edits: Vec<Edit> = Vec::new();
    let mut at = 0.0;
    for entry in table.chunks_exact(if version == 1 { 20 } else { 12 }).take(count) {
        let (duration, start, rate) = match *entry {
            [a, b, c, d, e, f, g, h, r, s, ..] if version != 1 => (
                u64::from(u32::from_be_bytes([a, b, c, d])),
                i64::from(i32::from_be_bytes([e, f, g, h])),
                i16::from_be_bytes([r, s]),
            ),
            [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, r, s, ..] => (
                u64::from_be_bytes([a, b, c, d, e, f, g, h]),
                i64::from_be_bytes([i, j, k, l, m, n, o, p]),
                i16::from_be_bytes([r, s]),
            ),
            _ => break,
        };
        let seconds = duration as f64 / movie_scale;
        if start >= 0 && rate != 0 {
            // The duration does not yet include fragments that follow.
            let units = if duration == 0 { i64::MAX } else { (seconds * scale) as i64 };
            let end = start.saturating_add(units);
            if edits.last().is_some_and(|last| start < last.media.end) {
                break;
            }
            edits.push(Edit { at, media: start..end });
        }
        at += seconds;
    }
    edits
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], kind, body].concat()
    }

    /// Version, flags and two times of version 0, then a figure.
    fn header(kind: &[u8; 4], figure: u32) -> Vec<u8> {
        boxed(kind, &[&[0; 12][..], &figure.to_be_bytes(), &[0; 60]].concat())
    }

    /// A movie in milliseconds with a track 7 at 48 kHz that has these edits.
    fn times(edits: &[(u32, i32)], claimed: u32) -> Times {
        timed(edits, claimed, &[])
    }

    /// The same, with these numbers of samples and their durations.
    fn timed(edits: &[(u32, i32)], claimed: u32, durations: &[[u32; 2]]) -> Times {
        let mut elst = [&[0; 4][..], &claimed.to_be_bytes()].concat();
        for (duration, start) in edits {
            elst.extend([duration.to_be_bytes(), start.to_be_bytes(), [0, 1, 0, 0]].concat());
        }
        let edts = boxed(b"edts", &boxed(b"elst", &elst));
        let mut stts = [&[0; 4][..], &(durations.len() as u32).to_be_bytes()].concat();
        stts.extend(durations.as_flattened().iter().flat_map(|number| number.to_be_bytes()));
        let minf = boxed(b"minf", &boxed(b"stbl", &boxed(b"stts", &stts)));
        let mdia = boxed(b"mdia", &[header(b"mdhd", 48_000), minf].concat());
        let trak = boxed(b"trak", &[header(b"tkhd", 7), edts, mdia].concat());
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&boxed(b"moov", &[header(b"mvhd", 1000), trak].concat())).unwrap();
        assert_eq!(Times::of(&file, 8), None);
        Times::of(&file, 7).unwrap()
    }

    #[test]
    fn an_empty_edit_delays_and_the_first_real_one_skips_what_warms_up() {
        let times = times(&[(4_000, -1), (20_000, 1_024)], 2);
        assert_eq!(times.heard_at(1_024), Some(4.0));
        assert_eq!(times.heard_at(1_024 + 48_000), Some(5.0));
        // All samples of the file are played, also after the end of the edit.
        assert_eq!(times.heard_at(1_024 + 48_000 * 30), Some(34.0));
    }

    #[test]
    fn an_edit_behind_all_samples_is_no_edit() {
        assert_eq!(timed(&[(5_000, 48_000)], 1, &[[100, 480]]).heard_at(480), Some(0.01));
        assert_eq!(timed(&[(5_000, 4_800)], 1, &[[100, 480]]).heard_at(4_800), Some(0.0));
    }

    #[test]
    fn one_duration_of_all_samples_is_told_for_the_second_one() {
        for (durations, expected) in [
            (&[[100, 480]][..], Some(0.01)),
            (&[[100, 480], [1, 90]], Some(0.01)),
            (&[[100, 480], [2, 90]], None),
            (&[], None),
        ] {
            let mut times = timed(&[], 0, durations);
            assert_eq!((times.uniform(), times.uniform(), times.uniform()), (None, expected, None));
        }
    }

    #[test]
    fn what_warms_up_is_before_the_start() {
        let times = times(&[(20_000, 2_112)], 1);
        assert_eq!(times.heard_at(0), Some(-0.044));
        assert_eq!(times.heard_at(2_112), Some(0.0));
    }

    #[test]
    fn edits_leave_out_and_hold_back() {
        let times = times(&[(1_000, 0), (2_000, -1), (1_000, 96_000)], 3);
        assert_eq!(times.heard_at(24_000), Some(0.5));
        assert_eq!(times.heard_at(60_000), None);
        assert_eq!(times.heard_at(96_000), Some(3.0));
    }

    #[test]
    fn lists_that_go_back_or_promise_too_much_play_everything_once() {
        assert_eq!(times(&[(2_000, 0), (1_000, 0)], 2).heard_at(48_000), Some(1.0));
        assert_eq!(times(&[(1_000, 0)], u32::MAX).heard_at(48_000 * 9), Some(9.0));
        assert_eq!(times(&[], 0).heard_at(48_000), Some(1.0));
        assert_eq!(times(&[(u32::MAX, -1)], 1).heard_at(0), Some(0.0));
    }
}
