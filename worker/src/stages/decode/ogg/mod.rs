//! Ogg files with damaged pages, Ogg files whose pages have no times, and chained ones (RFC 3533).
//!
//! A page states its end time and not its start. symphonia counts on from the previous page, also over a
//! hole, and stops at a damaged page that it needs for the start. So the file is split at the damage: after
//! each hole its headers are repeated, so that the times of the following pages are counted back from the
//! end of the first of them. It also stops at a link of a chain that it cannot read, so each link is a part.

mod page;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use symphonia::core::io::ReadOnlySource;

use self::page::{Page, is_sound};
use super::peek::Peek;
use super::source::{ConcatenatedSource, SourceRegion};

/// The most parts that are read separately. After that, damage does not begin a new part.
const MOST: usize = 10_000;
/// The fewest bytes of a second of sound. They bound the length of damage at the start, since recordings of
/// a stream may begin at any time.
const LEAST: f64 = 500.0;
/// The longest time, in seconds, at the end of the first page of a stream that begins at 0.
const START: f64 = 10.0;

/// A range of the file, or bytes that replace one.
#[derive(Clone, Debug)]
enum Span {
    At(Range<u64>),
    Own(Vec<u8>),
}

/// The state of a track while its pages are read.
#[derive(Debug)]
struct Pages {
    serial: u32,
    /// Header packets that are still to come.
    awaited: u64,
    /// The number of the next page.
    next: u32,
    /// Ticks in a second, and the times of its first and its last page in ticks.
    rate: Option<u32>,
    times: Option<(i64, i64)>,
}

impl Pages {
    /// The length of its sound. `None` for a stream without sound, or of an unknown codec.
    fn seconds(&self) -> Option<f64> {
        let (first, last) = self.times?;
        let rate = f64::from(self.rate?);
        // The first page has no start. A stream that was cut out of another one begins at any time.
        let start = if first as f64 / rate < START { 0 } else { first };
        Some((last.saturating_sub(start) as f64 / rate).max(0.0))
    }
}

/// A part of the file that is read separately.
#[derive(Debug, Default)]
struct Part {
    spans: Vec<Span>,
    /// Whether it is a link of a chain; otherwise it continues the previous part after a hole.
    is_link: bool,
    /// The length of a link without holes.
    seconds: Option<f64>,
}

/// The readable parts of an Ogg file that is damaged or has no times.
#[derive(Debug, Default)]
pub(super) struct Ogg {
    parts: Vec<Part>,
    /// The header pages of the present stream, and its tracks.
    headers: Vec<Span>,
    tracks: Vec<Pages>,
    is_damaged: bool,
    is_chain: bool,
    /// Whether the previous page was the first one of its stream.
    was_first: bool,
    /// Whether the next page is the first after damage.
    is_behind_hole: bool,
    has_sound: bool,
    /// Set if there is damage before the sound: its longest possible length in seconds.
    pub(super) lost_start: Option<f64>,
    pub(super) is_timeless: bool,
    /// Whether damage is at the end, or a page is cut off.
    pub(super) cut_short: bool,
    /// Whether the last page is marked as the last.
    pub(super) ends: bool,
}

impl Ogg {
    /// `None` for a file that is no Ogg file, or that is undamaged, has times and is one link.
    pub(super) fn of(file: &Arc<File>) -> io::Result<Option<Self>> {
        let mut peek = Peek::new(file)?;
        let first = Part { is_link: true, ..Part::default() };
        let mut ogg = Self { parts: vec![first], is_timeless: true, ..Self::default() };
        let mut at = 0;
        while at < peek.length() {
            if let Some((page, span)) = ogg.page(&mut peek, at)? {
                if ogg.lacks_pages_before(&page) {
                    ogg.skip(&page, 0);
                    continue;
                }
                ogg.take(&page, span);
                at += page.length;
                continue;
            }
            if at == 0 {
                return Ok(None);
            }
            let Some(next) = Page::find(&mut peek, at + 1)? else {
                ogg.cut_short = ogg.has_sound;
                // Only the end of a page is missing.
                ogg.is_damaged |= peek.length() - at > page::LONGEST;
                break;
            };
            ogg.skip(&next, next.at - at);
            at = next.at;
        }
        ogg.is_timeless &= ogg.has_sound;
        ogg.close_link();
        Ok((ogg.is_damaged || ogg.is_timeless || ogg.is_chain).then_some(ogg))
    }

    /// The page at this position. A header page with only a wrong checksum is accepted: without it nothing
    /// can be decoded, while a wrong title does no harm.
    fn page(&self, peek: &mut Peek, at: u64) -> io::Result<Option<(Page, Span)>> {
        let Some((page, bytes)) = Page::read(peek, at)? else { return Ok(None) };
        if is_sound(&bytes) {
            // A page that is both the first and the last would be read as a whole stream, which starts at
            // 0.
            let is_all = self.is_behind_hole && page.is_last();
            let plain = || Span::Own(page::signed(bytes, page.flags & !page::LAST));
            return Ok(Some((page, if is_all { plain() } else { Span::At(at..at + page.length) })));
        }
        let is_header = self.tracks.iter().any(|track| track.serial == page.serial && track.awaited > 0);
        let followed = Page::read(peek, at + page.length)?.is_some();
        Ok((is_header && followed).then(|| (page, Span::Own(page::signed(bytes, page.flags)))))
    }

    /// Whether pages between the previous one and this one are missing.
    fn lacks_pages_before(&self, page: &Page) -> bool {
        let is_behind = |track: &Pages| track.serial == page.serial && page.number > track.next;
        self.has_sound && !page.is_first() && self.tracks.iter().any(is_behind)
    }

    fn take(&mut self, page: &Page, span: Span) {
        if page.is_first() {
            // The first pages of all streams of a link are together.
            if !self.was_first && !self.tracks.is_empty() {
                self.begin_link();
            }
            self.tracks.push(Pages {
                serial: page.serial,
                awaited: page.headers,
                next: page.number,
                rate: page.rate,
                times: None,
            });
        }
        self.was_first = page.is_first();
        self.ends = page.is_last();
        self.is_behind_hole = false;
        for track in self.tracks.iter_mut().filter(|track| track.serial == page.serial) {
            track.next = page.number.wrapping_add(1);
        }
        let track = self.tracks.iter_mut().find(|track| track.serial == page.serial);
        match track.filter(|track| track.awaited > 0) {
            Some(track) => {
                track.awaited = track.awaited.saturating_sub(page.packets);
                push(&mut self.headers, span.clone());
            }
            None => {
                self.has_sound = true;
                self.is_timeless &= page.granule <= 0;
            }
        }
        let track = self.tracks.iter_mut().find(|track| track.serial == page.serial && track.awaited == 0);
        if let Some(track) = track.filter(|_| page.granule > 0) {
            let (first, last) = track.times.unwrap_or((page.granule, 0));
            track.times = Some((first, last.max(page.granule)));
        }
        if let Some(part) = self.parts.last_mut() {
            push(&mut part.spans, span);
        }
    }

    /// Begins the next link of a chain.
    fn begin_link(&mut self) {
        self.close_link();
        (self.headers, self.tracks) = (Vec::new(), Vec::new());
        if self.parts.len() < MOST {
            self.is_chain = true;
            self.parts.push(Part { is_link: true, ..Part::default() });
        }
    }

    /// Notes the length of the present link, which is lost if it cannot be read.
    fn close_link(&mut self) {
        let seconds = self.tracks.iter().filter_map(Pages::seconds).fold(0.0, f64::max);
        if let Some(link) = self.parts.last_mut().filter(|part| part.is_link) {
            link.seconds = Some(seconds);
        }
    }

    /// Skips damage up to a page after it.
    fn skip(&mut self, next: &Page, bytes: u64) {
        self.is_damaged = true;
        if next.is_first() {
            return;
        }
        for track in &mut self.tracks {
            track.awaited = 0;
            if track.serial == next.serial {
                track.next = next.number;
            }
        }
        if !self.has_sound {
            self.lost_start = Some(self.lost_start.unwrap_or(0.0) + bytes as f64 / LEAST);
        } else if self.parts.len() < MOST {
            self.parts.push(Part { spans: self.headers.clone(), ..Part::default() });
            self.is_behind_hole = true;
        }
    }

    /// The parts to read, in order.
    pub(super) fn parts(self, file: &Arc<File>) -> VecDeque<SourceRegion> {
        let pieces = |spans: Vec<Span>| {
            spans.into_iter().fold(ConcatenatedSource::default(), |pieces, span| match span {
                Span::At(range) => pieces.part(file, range),
                Span::Own(bytes) => pieces.own(bytes),
            })
        };
        let parts = self.parts.into_iter().map(|Part { spans, is_link, seconds }| {
            let source = Box::new(ReadOnlySource::new(pieces(spans)));
            SourceRegion { source, is_another: is_link, seconds }
        });
        parts.collect()
    }
}

/// Appends to spans, and joins adjacent ranges of the file.
fn push(spans: &mut Vec<Span>, next: Span) {
    match (spans.last_mut(), next) {
        (Some(Span::At(last)), Span::At(next)) if last.end == next.start => last.end = next.end,
        (_, next) => spans.push(next),
    }
}
