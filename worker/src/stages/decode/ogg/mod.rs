//! Ogg files with damaged pages, and those whose pages tell no times (RFC 3533).
//!
//! A page ends at a time and does not say when it starts. symphonia counts on from the page before,
//! also over a hole, and gives up where a page is damaged that it needs to get going. Here the file is
//! cut where it is damaged: behind each hole its headers are shown again, so that the times of what
//! follows are counted back from the end of its first page.

mod page;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use symphonia::core::io::ReadOnlySource;

use self::page::{Page, is_sound};
use super::peek::Peek;
use super::source::{Pieces, SourceRegion};

/// Parts that are read each for itself. What is in more pieces goes on without a new start.
const MOST: usize = 10_000;
/// Bytes that a second of sound has at least: what damage at the start has taken is not believed to
/// last longer. Recordings of a stream begin at any time.
const LEAST: f64 = 500.0;

/// Bytes of the file, or others in their place.
#[derive(Clone, Debug)]
enum Span {
    At(Range<u64>),
    Own(Vec<u8>),
}

/// What is known of the pages of a track.
#[derive(Debug)]
struct Pages {
    serial: u32,
    /// Packets of headers that are still to come.
    awaited: u64,
    /// The number of the next page.
    next: u32,
}

/// What can be read of an Ogg file that is not as it should be.
#[derive(Debug, Default)]
pub(super) struct Ogg {
    parts: Vec<Vec<Span>>,
    /// The pages of headers of the present stream, and its tracks.
    headers: Vec<Span>,
    tracks: Vec<Pages>,
    is_damaged: bool,
    /// The next page is the first behind damage.
    is_behind_hole: bool,
    has_sound: bool,
    /// The sound begins behind damage, which took no longer than this, in seconds.
    pub(super) lost_start: Option<f64>,
    pub(super) is_timeless: bool,
    /// Damage is at the end, or a page is cut off.
    pub(super) cut_short: bool,
    /// The last page says that it is the last.
    pub(super) ends: bool,
}

impl Ogg {
    /// `None` for a file that is no Ogg file, or that is as it should be.
    pub(super) fn of(file: &Arc<File>) -> io::Result<Option<Self>> {
        let mut peek = Peek::new(file)?;
        let mut ogg = Self { parts: vec![Vec::new()], is_timeless: true, ..Self::default() };
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
                // Nothing but the end of a page that did not arrive.
                ogg.is_damaged |= peek.length() - at > page::LONGEST;
                break;
            };
            ogg.skip(&next, next.at - at);
            at = next.at;
        }
        ogg.is_timeless &= ogg.has_sound;
        Ok((ogg.is_damaged || ogg.is_timeless).then_some(ogg))
    }

    /// The page at this place. One of headers is taken where only its checksum is wrong: without it
    /// nothing can be heard, and with a wrong title everything.
    fn page(&self, peek: &mut Peek, at: u64) -> io::Result<Option<(Page, Span)>> {
        let Some((page, bytes)) = Page::read(peek, at)? else { return Ok(None) };
        if is_sound(&bytes) {
            // What is both the first and the last page is taken for all of a stream, which starts at 0.
            let is_all = self.is_behind_hole && page.is_last();
            let plain = || Span::Own(page::signed(bytes, page.flags & !page::LAST));
            return Ok(Some((page, if is_all { plain() } else { Span::At(at..at + page.length) })));
        }
        let is_header = self.tracks.iter().any(|track| track.serial == page.serial && track.awaited > 0);
        let followed = Page::read(peek, at + page.length)?.is_some();
        Ok((is_header && followed).then(|| (page, Span::Own(page::signed(bytes, page.flags)))))
    }

    /// Whether pages between the one before and this one did not arrive.
    fn lacks_pages_before(&self, page: &Page) -> bool {
        let is_behind = |track: &Pages| track.serial == page.serial && page.number > track.next;
        self.has_sound && !page.is_first() && self.tracks.iter().any(is_behind)
    }

    fn take(&mut self, page: &Page, span: Span) {
        if page.is_first() {
            if self.has_sound || self.ends {
                (self.headers, self.tracks) = (Vec::new(), Vec::new());
            }
            self.tracks.push(Pages { serial: page.serial, awaited: page.headers, next: page.number });
        }
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
        if let Some(part) = self.parts.last_mut() {
            push(part, span);
        }
    }

    /// Goes over damage, to a page behind it.
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
            self.parts.push(self.headers.clone());
            self.is_behind_hole = true;
        }
    }

    /// What is to be read, one part after another.
    pub(super) fn parts(self, file: &Arc<File>) -> VecDeque<SourceRegion> {
        let pieces = |spans: Vec<Span>| {
            spans.into_iter().fold(Pieces::default(), |pieces, span| match span {
                Span::At(range) => pieces.part(file, range),
                Span::Own(bytes) => pieces.own(bytes),
            })
        };
        let parts = self.parts.into_iter().map(pieces).enumerate();
        parts
            .map(|(n, pieces)| SourceRegion {
                source: Box::new(ReadOnlySource::new(pieces)),
                is_another: n == 0,
            })
            .collect()
    }
}

/// Appends to spans, and joins what follows one another in the file.
fn push(spans: &mut Vec<Span>, next: Span) {
    match (spans.last_mut(), next) {
        (Some(Span::At(last)), Span::At(next)) if last.end == next.start => last.end = next.end,
        (_, next) => spans.push(next),
    }
}
