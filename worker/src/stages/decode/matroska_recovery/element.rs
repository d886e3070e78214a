//! The elements of Matroska (RFC 8794, section 4).

use std::io;

use super::super::peek::Peek;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const SOUND: u64 = 2;
const IS_DEFAULT: u32 = 0x88;
/// Padding and a checksum, which may be anywhere.
const FILLING: [u32; 2] = [0xec, 0xbf];
/// The elements next to clusters in a segment (RFC 9559, section 5.1): positions, tracks, facts, cues,
/// tags, chapters, attachments.
const BESIDE: [u32; 7] =
    [0x114d_9b74, 0x1654_ae6b, 0x1549_a966, 0x1c53_bb6b, 0x1254_c367, 0x1043_a770, 0x1941_a469];

struct Element {
    id: u32,
    /// The range of its contents; without an end if the writer did not know the size.
    body: u64,
    end: Option<u64>,
}

impl Element {
    fn read(peek: &mut Peek, at: u64) -> io::Result<Option<Self>> {
        let bytes = peek.bytes(at, 12)?;
        let parsed = number(bytes, 4).and_then(|(id, length)| {
            let (size, behind) = number(bytes.get(length..)?, 8)?;
            let mask = (1 << (7 * behind)) - 1;
            let body = at + (length + behind) as u64;
            let end = (size & mask != mask).then(|| body.saturating_add(size & mask));
            Some(Self { id: u32::try_from(id).ok()?, body, end })
        });
        Ok(parsed)
    }
}

/// A number with its marker of length, and its length of at most `longest` bytes.
fn number(bytes: &[u8], longest: usize) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let bytes = bytes.get(..length).filter(|_| length <= longest)?;
    Some((bytes.iter().fold(0, |number, &byte| (number << 8) | u64::from(byte)), length))
}

/// The end of the header of the file that starts here: before its clusters, or before damage in their
/// place. `None` if the file does not begin as Matroska.
pub(super) fn header_end(peek: &mut Peek, start: u64) -> io::Result<Option<u64>> {
    let Some(segment) = segment(peek, start)? else { return Ok(None) };
    let mut at = segment.body;
    while let Some(element) = Element::read(peek, at)? {
        let known = BESIDE.contains(&element.id) || FILLING.contains(&element.id);
        match element.end.filter(|&end| known && end <= peek.length()) {
            Some(end) => at = end,
            None => break,
        }
    }
    Ok(Some(at))
}

fn segment(peek: &mut Peek, start: u64) -> io::Result<Option<Element>> {
    let Some(Element { id: EBML, end: Some(end), .. }) = Element::read(peek, start)? else { return Ok(None) };
    Ok(Element::read(peek, end)?.filter(|element| element.id == SEGMENT))
}

/// Whether bytes that are not an element follow the cluster at `at`, inside the segment of the file at
/// `start`. False if the sizes are not known.
pub(super) fn is_garbage_behind(peek: &mut Peek, start: u64, mut at: u64) -> io::Result<bool> {
    let Some(segment) = segment(peek, start)? else { return Ok(false) };
    let stop = segment.end.unwrap_or(u64::MAX).min(peek.length());
    while at < stop {
        let Some(element) = Element::read(peek, at)? else { return Ok(true) };
        if element.id != CLUSTER && !BESIDE.contains(&element.id) && !FILLING.contains(&element.id) {
            return Ok(true);
        }
        let Some(end) = element.end else { return Ok(false) };
        at = end;
    }
    Ok(false)
}

/// The number of the first default track with sound. A track is a default track unless its flag says that
/// it is not.
pub(super) fn default_track(peek: &mut Peek) -> io::Result<Option<u64>> {
    let Some(segment) = segment(peek, 0)? else { return Ok(None) };
    let Some(tracks) = child(peek, &segment, TRACKS)? else { return Ok(None) };
    let mut at = tracks.body;
    while let Some(track) = Element::read(peek, at)?.filter(|_| tracks.end.is_some_and(|end| at < end)) {
        let Some(end) = track.end else { break };
        if track.id == TRACK
            && value(peek, &track, TRACK_TYPE)? == Some(SOUND)
            && value(peek, &track, IS_DEFAULT)? != Some(0)
        {
            return value(peek, &track, TRACK_NUMBER);
        }
        at = end;
    }
    Ok(None)
}

/// The first child of this kind, among children of known sizes.
fn child(peek: &mut Peek, parent: &Element, id: u32) -> io::Result<Option<Element>> {
    let (mut at, stop) = (parent.body, parent.end.unwrap_or(u64::MAX).min(peek.length()));
    while at < stop
        && let Some(element) = Element::read(peek, at)?
    {
        match element.end {
            _ if element.id == id => return Ok(Some(element)),
            Some(end) => at = end,
            None => break,
        }
    }
    Ok(None)
}

/// The unsigned number in a child.
fn value(peek: &mut Peek, parent: &Element, id: u32) -> io::Result<Option<u64>> {
    match child(peek, parent, id)? {
        Some(Element { body, end: Some(end), .. }) => Ok(Some(unsigned(peek, body, end)?)),
        _ => Ok(None),
    }
}

fn unsigned(peek: &mut Peek, body: u64, end: u64) -> io::Result<u64> {
    let length = usize::try_from(end - body).unwrap_or(usize::MAX).min(8);
    Ok(peek.bytes(body, length)?.iter().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
}

/// The time of the cluster at `at`, in ticks of its file.
pub(super) fn cluster_time(peek: &mut Peek, at: u64) -> io::Result<Option<u64>> {
    let Some(cluster) = Element::read(peek, at)? else { return Ok(None) };
    let mut at = cluster.body;
    while let Some(Element { id, body, end: Some(end) }) = Element::read(peek, at)? {
        if id == TIMESTAMP {
            return Ok(Some(unsigned(peek, body, end)?));
        }
        if !FILLING.contains(&id) {
            break;
        }
        at = end;
    }
    Ok(None)
}
