//! Cuts sound at pauses, into chunks that are transcribed one by one.
//!
//! It uses only the energy of the sound above 100 Hz. The noise floor and the level of speech are computed
//! anew in every window, and a window begins where the last chunk ended. So the result depends on nothing
//! before that position: a job that lost its worker continues at the end of the last saved chunk and gets
//! the same chunks.
//!
//! Chunks are as long as possible, since the model transcribes a word better with more context. The length
//! was chosen on one reading of 44 s (`two_cities.wav`, 119 words) in a trial of three ways to pick the
//! pause and seven lengths: cut at the first pause after 3 s, 9 or 10 words were wrong; at the last pause
//! within 8, 10, 12 and 15 s it was 3, 4, 2 and 2. That shows a direction, not a figure to expect of other
//! voices; this chunker gets 3 wrong there.

mod high_pass;
mod level;

use self::high_pass::HighPass;
pub(in crate::stages) use self::level::levels;
use self::level::{FRAME, Voices};
use super::SAMPLE_RATE;

/// Frames of 10 ms, the unit of all lengths here.
pub(in crate::stages) const FRAME_MS: u64 = (FRAME as u64 * 1000) / SAMPLE_RATE as u64;
/// The longest chunk, without its margins.
const LONGEST: usize = 1200;
/// The length of a window: the longest chunk, its margins, and the pause after it.
const WINDOW: usize = LONGEST + 150;
/// Silence kept around speech: consonants begin and end below the threshold.
const MARGIN: usize = 20;
/// A pause of this length ends a chunk wherever it is.
const LONG_PAUSE: usize = 200;

/// A part of a recording with speech in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Its start and end in the recording, in milliseconds.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Mono at [`SAMPLE_RATE`].
    pub samples: Vec<f32>,
}

/// Cuts sound that arrives in blocks of any length into chunks. It holds one window of sound, for a
/// recording of any length.
#[derive(Debug, Default)]
pub struct Chunker {
    high_pass: HighPass,
    /// Samples before the start position that are still to be skipped.
    skip: usize,
    /// The start of the window, in frames.
    start: u64,
    window: Vec<f32>,
    /// Samples at the end of the window that only complete its last frame.
    padding: usize,
    levels: Vec<f32>,
}

/// The decision about a window, in frames from its start.
#[derive(Debug, PartialEq, Eq)]
enum Cut {
    /// There is no speech before this frame.
    Drop(usize),
    /// Speech, with its margins.
    Keep { from: usize, to: usize },
}

impl Chunker {
    /// A chunker for a recording, whose sound must be pushed from its start.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A chunker for the chunks after `ms`, which is the end of an earlier chunk. The recording must be
    /// pushed from its start here too.
    #[must_use]
    pub fn resuming_at(ms: u64) -> Self {
        let start = ms / FRAME_MS;
        let skip = usize::try_from(start).unwrap_or(usize::MAX).saturating_mul(FRAME);
        Self { skip, start, ..Self::default() }
    }

    /// Adds a block of sound and returns the chunks that are complete.
    pub fn push(&mut self, samples: &[f32]) -> Vec<Chunk> {
        let samples = self.high_pass.push(samples);
        let skipped = self.skip.min(samples.len());
        self.skip -= skipped;
        self.window.extend_from_slice(&samples[skipped..]);
        self.cut(WINDOW)
    }

    /// Returns the chunks of the remaining sound.
    #[must_use]
    pub fn finish(mut self) -> Vec<Chunk> {
        // Completes the last frame, so that the last sound of a recording is not lost.
        let length = self.window.len();
        self.window.resize(length.next_multiple_of(FRAME), 0.0);
        self.padding = self.window.len() - length;
        self.cut(1)
    }

    /// Cuts while at least `least` frames are there.
    fn cut(&mut self, least: usize) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        loop {
            let measured = self.levels.len() * FRAME;
            self.levels.extend(levels(&self.window[measured..]));
            if self.levels.len() < least {
                return chunks;
            }
            let window = &self.levels[..self.levels.len().min(WINDOW)];
            let last = self.levels.len() < WINDOW;
            let done = match place(window, last) {
                Cut::Drop(to) => to,
                Cut::Keep { from, to } => {
                    let end = (to * FRAME).min(self.window.len() - self.padding);
                    chunks.push(Chunk {
                        start_ms: (self.start + from as u64) * FRAME_MS,
                        end_ms: self.start * FRAME_MS + end as u64 * 1000 / u64::from(SAMPLE_RATE),
                        samples: self.window[from * FRAME..end].to_vec(),
                    });
                    to
                }
            };
            self.start += done as u64;
            self.levels.drain(..done);
            self.window.drain(..done * FRAME);
        }
    }
}

/// Decides on a window; `last` means that no sound follows it.
fn place(levels: &[f32], last: bool) -> Cut {
    let voices = Voices::find(levels);
    let Some(first) = voices.runs.first() else {
        // Speech may begin in the last moments, still too short to be distinguished from a noise.
        return Cut::Drop(if last { levels.len() } else { levels.len() - LONG_PAUSE / 2 });
    };
    let from = first.start.saturating_sub(MARGIN);
    if from > MARGIN && !last {
        return Cut::Drop(from);
    }

    let limit = first.start + LONGEST;
    let mut end = None;
    for (index, run) in voices.runs.iter().enumerate().take_while(|(_, run)| run.end <= limit) {
        let next = voices.runs.get(index + 1).map_or(levels.len(), |next| next.start);
        end = Some((run.end, next));
        if next - run.end >= LONG_PAUSE {
            break;
        }
    }
    let to = match end {
        Some((end, next)) => (end + MARGIN).min(end.midpoint(next)),
        None => quietest(levels, first.start + LONGEST / 2..limit.min(levels.len())),
    };
    Cut::Keep { from, to: to.max(from + 1) }
}

/// The best frame to cut speech without pauses.
fn quietest(levels: &[f32], range: std::ops::Range<usize>) -> usize {
    let end = range.end;
    range.min_by(|a, b| levels[*a].total_cmp(&levels[*b])).unwrap_or(end)
}

#[cfg(test)]
mod tests;
