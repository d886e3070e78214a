//! Chunks of sound to text, in order, on as many cores as the lane is given.

mod doubt;
mod phrases;
mod pool;

use std::future::ready;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use self_shared::domain::transcription::{Timing, Word};

use super::cut::Chunk;
use crate::models::transcriber::{TranscribeError, Utterance};

pub(crate) use self::phrases::phrases;
pub use self::pool::Ears;

/// Chunks of a recording that wait or are heard, at least: more ears may come while it is heard.
const LEAST_AHEAD: usize = 8;

/// What was said in a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Where the chunk ends in the recording. Once all segments are stored, this is where a job that
    /// was interrupted goes on, and how far its progress is.
    pub end_ms: u64,
    /// Where somebody speaks: stretches of the recording in milliseconds, in order and apart.
    pub voiced: Vec<(u64, u64)>,
    /// The language, where the transcriber tells it.
    pub language: Option<String>,
    /// Its phrases; none when the chunk turned out to hold nothing that is said.
    pub segments: Vec<Segment>,
}

/// A phrase, and when it was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Where it begins and ends in the recording, in milliseconds.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Never empty.
    pub text: String,
    /// The probability, from 0 to 1, that a word of it is right.
    pub confidence: f32,
    /// Whether that is too little to rely on it.
    pub is_uncertain: bool,
    /// The words of the text in order, with their times; none where the text is a mark of ours.
    pub words: Vec<Word>,
    /// Where these times come from.
    pub timing: Timing,
}

/// Transcribes chunks in parallel and gives their text in order, each as soon as it and all before
/// it are done. Few chunks are drawn ahead of the ears: who makes them is held back, and memory
/// stays flat. Dropping the stream drops the work.
///
/// # Errors
/// The stream gives the errors of the model in the place of the text; it can go on behind them.
pub fn transcribe(
    ears: Arc<Ears>,
    chunks: impl Stream<Item = Chunk>,
) -> impl Stream<Item = Result<Heard, TranscribeError>> {
    transcribe_with(ears, chunks, |_| ready(Ok(None)))
}

/// As [`transcribe`], but each chunk is first offered to something else, which may be anywhere and take
/// its time. Where that gives none, the ears hear it.
///
/// # Errors
/// The stream gives the errors of both in the place of the text; it can go on behind them.
pub fn transcribe_with<F>(
    ears: Arc<Ears>,
    chunks: impl Stream<Item = Chunk>,
    elsewhere: impl Fn(Arc<Vec<f32>>) -> F,
) -> impl Stream<Item = Result<Heard, TranscribeError>>
where
    F: Future<Output = Result<Option<Utterance>, TranscribeError>>,
{
    let ahead = (2 * ears.count()).max(LEAST_AHEAD);
    chunks
        .map(move |chunk| {
            let ears = Arc::clone(&ears);
            let Chunk { start_ms, end_ms, samples } = chunk;
            let samples = Arc::new(samples);
            let offered = elsewhere(Arc::clone(&samples));
            async move {
                let utterance = match offered.await? {
                    Some(utterance) => utterance,
                    None => ears.hear(Arc::clone(&samples)).await?,
                };
                let words = doubt::sift(utterance.words, end_ms - start_ms);
                let segments = phrases(&words, start_ms, &samples);
                let voiced = if segments.is_empty() { Vec::new() } else { vec![(start_ms, end_ms)] };
                Ok(Heard { end_ms, voiced, language: utterance.language, segments })
            }
        })
        .buffered(ahead)
}
