//! The sound of a recording as a stream of chunks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, stream};
use self_shared::domain::transcription::{CoverageKind, CoverageSpan};

use crate::sandbox::Decoding;
use crate::stages::SAMPLE_RATE;
use crate::stages::chunking::{Chunk, Chunker};
use crate::stages::decode::{DecodeError, Loss, LossKind};

/// A recording that is decoded and cut at the pace at which its chunks are consumed.
pub(super) struct ChunkStream {
    decoding: Mutex<Option<Decoding>>,
    resumed_ms: u64,
    outcome: Arc<Mutex<Result<Extent, DecodeError>>>,
}

/// What was found in a recording.
#[derive(Debug, Default)]
pub(super) struct Extent {
    pub(super) length_ms: u64,
    /// Whether the file ends before its sound does.
    pub(super) cut_short: bool,
    /// Whether something of it could not be decoded; its times are not always known.
    pub(super) is_damaged: bool,
    /// Whether the file has more tracks of sound, which are not transcribed.
    pub(super) has_other_tracks: bool,
    /// The stretches without usable sound, in order and without overlap.
    pub(super) losses: Vec<CoverageSpan>,
}

impl Extent {
    /// The values of a decoding that has ended.
    fn of(decoding: &Decoding) -> Self {
        let (samples, cut_short, is_damaged) = decoding.ending().map_or((0, false, false), |ending| {
            (ending.samples, ending.cut_short, ending.damaged_packets > 0)
        });
        let span = |loss: &Loss| CoverageSpan {
            kind: match loss.kind {
                LossKind::Damaged => CoverageKind::Damaged,
                LossKind::Missing => CoverageKind::Missing,
            },
            start_ms: milliseconds(loss.start),
            end_ms: milliseconds(loss.end()),
        };
        let losses = decoding.losses().iter().map(span).collect();
        let has_other_tracks = decoding.info().tracks > 1;
        Self { length_ms: milliseconds(samples), cut_short, is_damaged, has_other_tracks, losses }
    }
}

struct Source {
    decoding: Decoding,
    /// None once all sound is cut.
    chunker: Option<Chunker>,
    ready: VecDeque<Chunk>,
    outcome: Arc<Mutex<Result<Extent, DecodeError>>>,
}

impl ChunkStream {
    /// The sound after `resumed_ms`, which is the end of an earlier chunk, or 0.
    pub(super) fn new(decoding: Decoding, resumed_ms: u64) -> Self {
        Self {
            decoding: Mutex::new(Some(decoding)),
            resumed_ms,
            outcome: Arc::new(Mutex::new(Ok(Extent::default()))),
        }
    }

    /// The chunks. The stream ends early when decoding fails; [`Self::extent`] then returns the error.
    pub(super) fn chunks(&self) -> impl Stream<Item = Chunk> + use<> {
        let decoding = self.decoding.lock().unwrap_or_else(PoisonError::into_inner).take();
        let chunker =
            if self.resumed_ms == 0 { Chunker::new() } else { Chunker::resuming_at(self.resumed_ms) };
        let source = decoding.map(|decoding| Source {
            decoding,
            chunker: Some(chunker),
            ready: VecDeque::new(),
            outcome: Arc::clone(&self.outcome),
        });
        stream::unfold(source, |source| async move {
            let mut source = source?;
            source.next().await.map(|chunk| (chunk, Some(source)))
        })
    }

    /// The total length and the losses, once the stream has ended; or the error that ended it early.
    pub(super) fn extent(&self) -> Result<Extent, DecodeError> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *outcome, Ok(Extent::default()))
    }
}

impl Source {
    async fn next(&mut self) -> Option<Chunk> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            let chunker = self.chunker.as_mut()?;
            match self.decoding.next().await {
                Ok(Some(samples)) => self.ready.extend(chunker.push(&samples)),
                Ok(None) => {
                    let extent = Extent::of(&self.decoding);
                    *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Ok(extent);
                    self.ready.extend(self.chunker.take()?.finish());
                }
                Err(error) => {
                    *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
                    self.chunker = None;
                }
            }
        }
    }
}

fn milliseconds(samples: u64) -> u64 {
    samples * 1000 / u64::from(SAMPLE_RATE)
}
