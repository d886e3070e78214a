//! Matroska files whose tracks are described after their clusters, as RFC 9559 permits (section 4.5).

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::peek::Peek;
use super::source::ConcatenatedSource;
use super::whole::element;

/// The most elements that are read to find the tracks.
const MOST: u32 = 100_000;

const EBML: &[u8] = b"\x1a\x45\xdf\xa3";
const SEGMENT: &[u8] = b"\x18\x53\x80\x67";
const TRACKS: &[u8] = b"\x16\x54\xae\x6b";
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";

/// The file with the description of the tracks before the clusters. `None` if it is there already, or if the
/// file is none of Matroska. The source must be read without seeking: positions in the file do not hold.
pub(super) fn ordered(file: &Arc<File>) -> io::Result<Option<ConcatenatedSource>> {
    let mut peek = Peek::new(file)?;
    if peek.bytes(0, 4)? != EBML {
        return Ok(None);
    }
    let Some((Some(size), head)) = element(&mut peek, 0)? else { return Ok(None) };
    let segment = head.saturating_add(size);
    if peek.bytes(segment, 4)? != SEGMENT {
        return Ok(None);
    }
    let Some((_, mut at)) = element(&mut peek, segment)? else { return Ok(None) };
    let mut first = None;
    for _ in 0..MOST {
        let Some((Some(size), body)) = element(&mut peek, at)? else { return Ok(None) };
        let Some(end) = body.checked_add(size).filter(|&end| end <= peek.length()) else { return Ok(None) };
        match (peek.bytes(at, 4)?, first) {
            (TRACKS, None) => return Ok(None),
            (TRACKS, Some(cluster)) => {
                let source = ConcatenatedSource::default().part(file, 0..cluster).part(file, at..end);
                return Ok(Some(source.part(file, cluster..at).part(file, end..peek.length())));
            }
            (CLUSTER, None) => first = Some(at),
            _ => {}
        }
        at = end;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const HEAD: &[u8] = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
    const ONE: &[u8] = b"\x1f\x43\xb6\x75\x83one";
    const TWO: &[u8] = b"\x1f\x43\xb6\x75\x83two";
    const DESCRIBED: &[u8] = b"\x16\x54\xae\x6b\x82tr";

    fn ordered_of(parts: &[&[u8]]) -> Option<Vec<u8>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&parts.concat()).unwrap();
        let mut bytes = Vec::new();
        ordered(&Arc::new(file)).unwrap()?.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn the_description_of_the_tracks_is_moved_before_the_clusters() {
        let right = [HEAD, DESCRIBED, ONE, TWO].concat();
        assert_eq!(ordered_of(&[HEAD, ONE, TWO, DESCRIBED]), Some(right.clone()));
        assert_eq!(ordered_of(&[HEAD, ONE, DESCRIBED, TWO]), Some(right));
        assert_eq!(ordered_of(&[HEAD, DESCRIBED, ONE, TWO]), None);
        assert_eq!(ordered_of(&[HEAD, ONE, TWO]), None);
        assert_eq!(ordered_of(&[HEAD]), None);
        assert_eq!(ordered_of(&[b"OggS"]), None);
    }
}
