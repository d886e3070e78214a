//! The boxes of an mp4 (ISO/IEC 14496-12, section 4.2).

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// A box: four letters of kind, and the range of its contents in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mp4Box {
    pub(super) kind: [u8; 4],
    pub(super) body: Range<u64>,
    start: u64,
}

impl Mp4Box {
    /// The start of its header in the file.
    pub(super) fn start(&self) -> u64 {
        self.start
    }
}

/// The sequence of boxes in a part of a file. A box with a stated size beyond its parent ends with its
/// parent; a box that is shorter than its own header ends the sequence.
pub(super) struct Boxes<'a> {
    file: &'a File,
    rest: Range<u64>,
    /// How many more boxes are read: a hostile file has one in every eight bytes.
    left: u32,
}

impl<'a> Boxes<'a> {
    /// A day of fragments of a tenth of a second.
    const MOST: u32 = 2 * 864_000;

    pub(super) fn of(file: &'a File) -> Self {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Self::within(file, 0..length)
    }

    pub(super) fn within(file: &'a File, rest: Range<u64>) -> Self {
        Self { file, rest, left: Self::MOST }
    }

    /// The first box of this kind.
    pub(super) fn find(mut self, kind: &[u8; 4]) -> Option<Range<u64>> {
        Iterator::find(&mut self, |found| &found.kind == kind).map(|found| found.body)
    }
}

impl Iterator for Boxes<'_> {
    type Item = Mp4Box;

    fn next(&mut self) -> Option<Mp4Box> {
        self.left = self.left.checked_sub(1)?;
        let start = self.rest.start;
        let [a, b, c, d, kind @ ..] = read::<8>(self.file, &self.rest)?;
        let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, self.rest.end - start),
            1 => (16, u64::from_be_bytes(read(self.file, &(start + 8..self.rest.end))?)),
            size => (8, u64::from(size)),
        };
        if size < header {
            return None;
        }
        let end = start.saturating_add(size).min(self.rest.end);
        self.rest.start = end;
        Some(Mp4Box { kind, body: (start + header).min(end)..end, start })
    }
}

/// The first `N` bytes of a part of a file, if it has that many.
pub(super) fn read<const N: usize>(file: &File, part: &Range<u64>) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let enough = part.end.saturating_sub(part.start) >= N as u64;
    (enough && file.read_exact_at(&mut bytes, part.start).is_ok()).then_some(bytes)
}

/// The bytes of a part of a file, or the first `most` of them.
pub(super) fn bytes(file: &File, part: &Range<u64>, most: usize) -> Vec<u8> {
    let length = usize::try_from(part.end.saturating_sub(part.start)).unwrap_or(usize::MAX).min(most);
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, part.start) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn sizes_that_are_wrong_end_with_their_parent_or_end_the_walk() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"\0\0\0\x0cfreeabcd").unwrap();
        file.write_all(b"\0\0\0\x01wide\0\0\0\0\0\0\0\x11x").unwrap();
        file.write_all(b"\xff\xff\xff\xffmdatxy").unwrap();
        let found: Vec<_> = Boxes::of(&file).map(|found| (found.kind, found.body)).collect();
        assert_eq!(found, [(*b"free", 8..12), (*b"wide", 28..29), (*b"mdat", 37..39)]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"\0\0\0\x08free\0\0\0\x07free\0\0\0\x08free").unwrap();
        assert_eq!(Boxes::of(&file).count(), 1);
    }
}
