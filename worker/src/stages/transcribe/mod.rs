//! Chunks of sound to text, in order, on as many cores as the lane is given.

mod doubt;
mod pool;

use std::sync::Arc;

use futures_util::{Stream, StreamExt};

use super::cut::Chunk;
use crate::models::transcriber::TranscribeError;

pub use self::pool::Ears;

/// Chunks of a recording that wait or are heard, at least: more ears may come while it is heard.
const LEAST_AHEAD: usize = 8;

/// What was said in a chunk. Once it is stored, [`Segment::end_ms`] is where a job that was
/// interrupted goes on, and how far its progress is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where the chunk begins and ends in the recording, in milliseconds.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Empty when the chunk turned out to hold nothing that is said.
    pub text: String,
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
) -> impl Stream<Item = Result<Segment, TranscribeError>> {
    let ahead = (2 * ears.count()).max(LEAST_AHEAD);
    chunks
        .map(move |chunk| {
            let ears = Arc::clone(&ears);
            async move {
                let Chunk { start_ms, end_ms, samples } = chunk;
                let text = ears.hear(samples).await?;
                let text = doubt::sift(&text, end_ms - start_ms);
                Ok(Segment { start_ms, end_ms, text })
            }
        })
        .buffered(ahead)
}
