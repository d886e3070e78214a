//! Corrects tables of samples that contradict one another.
//!
//! A table of times (`stts`, ISO/IEC 14496-12, section 8.6.1.2) with fewer samples than there are ends the
//! track early, and one with more samples ends it with an error. A wrong size of one sample (`stsz`, section 8.7.3.2) moves all samples after it. Both are
//! corrected by the other tables: the last duration applies to all further samples, and the samples of a
//! chunk end before the next chunk begins.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;

use super::Trak;
use super::boxes::{Boxes, bytes, read};

/// The most bytes of a table: two million samples, which is half a day of frames of 20 ms.
const LONGEST: usize = 1 << 23;
/// The most chunks of all tracks.
const MOST_CHUNKS: usize = 1 << 22;
/// The most corrections. A file with more wrong sizes is read as it is.
const MOST: usize = 1000;

/// The corrected numbers, at their positions in the file. Empty for a file whose tables are consistent.
/// `is_whole` is false for a file that is cut off, whose last chunks are shorter than their samples.
pub(in super::super) fn corrections(file: &File, is_whole: bool) -> BTreeMap<u64, [u8; 4]> {
    let tracks: Vec<Tables> = Trak::all(file).iter().filter_map(|trak| Tables::of(file, trak)).collect();
    let mut corrections = BTreeMap::new();
    for track in &tracks {
        track.correct_times(&mut corrections);
    }
    if is_whole && tracks.iter().map(|track| track.chunks.len()).sum::<usize>() <= MOST_CHUNKS {
        let ends = ends(file, &tracks);
        for track in &tracks {
            track.correct_sizes(&ends, &mut corrections);
        }
    }
    if corrections.len() > MOST { BTreeMap::new() } else { corrections }
}

/// The positions at which a chunk has to end: the starts of all chunks, and the ends of the boxes of media.
fn ends(file: &File, tracks: &[Tables]) -> Vec<u64> {
    let media = Boxes::of(file).filter(|found| &found.kind == b"mdat").map(|found| found.body.end);
    let mut ends: Vec<u64> =
        media.chain(tracks.iter().flat_map(|track| track.chunks.iter().copied())).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The tables of a track.
struct Tables {
    /// The number of samples by the table of sizes.
    count: u32,
    /// The position of the first entry in the table of times, and the number of samples of each entry.
    times_at: u64,
    times: Vec<u32>,
    /// The position of the first size, and the sizes; none if all samples have one size.
    sizes_at: u64,
    sizes: Vec<u32>,
    /// The start of each chunk in the file.
    chunks: Vec<u64>,
    /// From this chunk on, counted from 0, chunks have this many samples.
    groups: Vec<(u32, u32)>,
}

impl Tables {
    fn of(file: &File, trak: &Trak<'_>) -> Option<Self> {
        let table = trak.find(&[b"mdia", b"minf", b"stbl"])?;
        let find = |kind: &[u8; 4]| Boxes::within(file, table.clone()).find(kind);
        let stsz = find(b"stsz")?;
        let [_, _, _, _, a, b, c, d, e, f, g, h] = read::<12>(file, &stsz)?;
        let (size, count) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let sizes = if size == 0 { words(file, &stsz, 12)? } else { Vec::new() };
        let stts = find(b"stts")?;
        let times = entries::<2>(&words(file, &stts, 8)?);
        let chunks = match (find(b"stco"), find(b"co64")) {
            (Some(stco), _) => words(file, &stco, 8)?.into_iter().map(u64::from).collect(),
            (None, Some(co64)) => entries::<2>(&words(file, &co64, 8)?)
                .iter()
                .map(|[high, low]| u64::from(*high) << 32 | u64::from(*low))
                .collect(),
            (None, None) => return None,
        };
        let groups = entries::<3>(&words(file, &find(b"stsc")?, 8)?);
        Some(Self {
            count,
            times_at: stts.start + 8,
            times: times.iter().map(|[samples, _]| *samples).collect(),
            sizes_at: stsz.start + 12,
            sizes,
            chunks,
            groups: groups.iter().map(|[first, samples, _]| (first.saturating_sub(1), *samples)).collect(),
        })
    }

    /// Gives a time to each sample and to no other: the last entry has all further samples.
    fn correct_times(&self, corrections: &mut BTreeMap<u64, [u8; 4]>) {
        let mut rest = self.count;
        for (n, &samples) in self.times.iter().enumerate() {
            let is_last = n + 1 == self.times.len();
            let corrected = if is_last { rest } else { samples.min(rest) };
            rest -= corrected;
            if corrected != samples && corrections.len() <= MOST {
                corrections.insert(self.times_at + 8 * n as u64, corrected.to_be_bytes());
            }
        }
    }

    /// Corrects the sizes of samples that reach beyond the end of their chunk.
    fn correct_sizes(&self, ends: &[u64], corrections: &mut BTreeMap<u64, [u8; 4]>) {
        let mut first = 0;
        for (samples, &start) in self.samples_of_chunks().zip(&self.chunks) {
            let Some(sizes) = self.sizes.get(first..self.sizes.len().min(first + samples)) else { break };
            let Some(&end) = ends.get(ends.partition_point(|&end| end <= start)) else { break };
            for (sample, size) in corrected(sizes, end - start) {
                corrections.insert(self.sizes_at + 4 * (first + sample) as u64, size.to_be_bytes());
            }
            if corrections.len() > MOST {
                break;
            }
            first += samples;
        }
    }

    /// The number of samples in each chunk.
    fn samples_of_chunks(&self) -> impl Iterator<Item = usize> {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(move |(n, &(first, samples))| {
            let next = self.groups.get(n + 1).map_or(u32::MAX, |(next, _)| *next);
            (first..next).map(move |_| samples as usize)
        })
    }
}

/// The corrected sizes of the samples of a chunk with this many bytes. The largest sample is the wrong one.
/// Its size is the rest of the chunk; 0 if there is no rest, which makes it a damaged sample.
fn corrected(sizes: &[u32], bytes: u64) -> Vec<(usize, u32)> {
    let mut total: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
    let mut corrected = Vec::new();
    if total <= bytes {
        return corrected;
    }
    let mut largest: Vec<(usize, u32)> = sizes.iter().copied().enumerate().collect();
    largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (sample, size) in largest {
        total -= u64::from(size);
        let rest = u32::try_from(bytes.saturating_sub(total)).unwrap_or(0);
        corrected.push((sample, rest));
        if total <= bytes {
            break;
        }
    }
    corrected
}

/// The numbers of a table after its first `skip` bytes, up to the end of the box. `None` if there are more
/// than a valid file has.
fn words(file: &File, table: &Range<u64>, skip: u64) -> Option<Vec<u32>> {
    let body = (table.start + skip).min(table.end)..table.end;
    let bytes = bytes(file, &body, LONGEST + 1);
    let words = bytes.as_chunks::<4>().0;
    (bytes.len() <= LONGEST).then(|| words.iter().map(|word| u32::from_be_bytes(*word)).collect())
}

/// The entries of a table of several numbers each.
fn entries<const N: usize>(words: &[u32]) -> Vec<[u32; N]> {
    words.as_chunks::<N>().0.to_vec()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], kind, body].concat()
    }

    /// Version and flags, then numbers.
    fn table(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        boxed(kind, &[&[0; 4][..], &numbers].concat())
    }

    /// A file with six samples of 10 bytes in chunks of two, with these tables of times and sizes. Returns
    /// the file after its corrections, as the words of its table of times and its sizes.
    fn after(times: &[u32], sizes: &[u32], is_whole: bool) -> (Vec<u32>, Vec<u32>) {
        let stts = table(b"stts", &[&[times.len() as u32 / 2][..], times].concat());
        let stsz = table(b"stsz", &[&[0, sizes.len() as u32][..], sizes].concat());
        let moov = |chunks: [u32; 3]| {
            let stco = table(b"stco", &[&[3][..], &chunks].concat());
            let stbl =
                boxed(b"stbl", &[stts.clone(), stsz.clone(), table(b"stsc", &[1, 1, 2, 1]), stco].concat());
            let trak = boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &stbl)));
            boxed(b"moov", &trak)
        };
        let media = moov([0; 3]).len() as u32 + 8;
        let moov = moov([media, media + 20, media + 40]);
        let mut bytes = [moov, boxed(b"mdat", &[1; 60])].concat();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        for (at, number) in corrections(&file, is_whole) {
            bytes[at as usize..at as usize + 4].copy_from_slice(&number);
        }
        let numbers = |kind: &[u8], skip: usize, count: usize| {
            let at = bytes.windows(4).position(|four| four == kind).unwrap() + 4 + skip;
            let words = bytes[at..at + 4 * count].chunks(4);
            words.map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect::<Vec<_>>()
        };
        (numbers(b"stts", 8, times.len()), numbers(b"stsz", 12, sizes.len()))
    }

    #[test]
    fn consistent_tables_stay() {
        let (times, sizes) = ([4, 20, 2, 30], [10; 6]);
        assert_eq!(after(&times, &sizes, true), (times.to_vec(), sizes.to_vec()));
        let short = [5, 6, 10, 10, 3, 3];
        assert_eq!(after(&times, &short, true).1, short);
    }

    #[test]
    fn the_last_duration_applies_to_all_further_samples() {
        assert_eq!(after(&[1, 20, 2, 30], &[10; 6], true).0, [1, 20, 5, 30]);
        assert_eq!(after(&[1, 20, 9, 30], &[10; 6], true).0, [1, 20, 5, 30]);
        assert_eq!(after(&[9, 20, 2, 30], &[10; 6], true).0, [6, 20, 0, 30]);
    }

    #[test]
    fn a_size_that_is_too_large_is_the_rest_of_its_chunk() {
        let times = [6, 20];
        for wrong in [11, 10_000, u32::MAX] {
            for sample in 0..6 {
                let mut sizes = [10; 6];
                sizes[sample] = wrong;
                assert_eq!(after(&times, &sizes, true).1, [10; 6], "{wrong} at {sample}");
            }
        }
        assert_eq!(after(&times, &[10, 10, 90, 80, 10, 10], true).1, [10, 10, 0, 20, 10, 10]);
        // The chunks of a file that is cut off are shorter than their samples.
        assert_eq!(after(&times, &[10, 10, 10, 90, 10, 10], false).1, [10, 10, 10, 90, 10, 10]);
    }
}
