//! Where nobody speaks within a chunk.

use std::ops::Range;

use crate::stages::cut::levels;

/// Between words there are gaps, too; a pause is at least so many frames.
const LEAST: usize = 8;
/// How far above the quietest of the chunk, towards the loudest, a voice begins.
const RISE: f32 = 0.3;
/// A chunk that swings by less has no pauses.
const STEADY_DB: f32 = 6.0;

/// The pauses of a chunk.
#[derive(Debug)]
pub(super) struct Pauses {
    /// In order, in frames; never at the very beginning or end.
    pub(super) pauses: Vec<Range<usize>>,
    /// Frames in all.
    pub(super) frames: usize,
}

impl Pauses {
    /// Finds the stretches that are near the quietest of the chunk.
    pub(super) fn find(samples: &[f32]) -> Self {
        let levels: Vec<f32> = levels(samples).collect();
        let mut sorted = levels.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return Self { pauses: Vec::new(), frames: 0 } };
        let (floor, speech) = (sorted[last / 20], sorted[last - last / 20]);
        let mut pauses: Vec<Range<usize>> = Vec::new();
        if speech - floor >= STEADY_DB {
            let threshold = floor + RISE * (speech - floor);
            for frame in (0..levels.len()).filter(|frame| levels[*frame] < threshold) {
                match pauses.last_mut() {
                    Some(pause) if pause.end == frame => pause.end = frame + 1,
                    _ => pauses.push(frame..frame + 1),
                }
            }
            pauses.retain(|pause| pause.len() >= LEAST && pause.start > 0 && pause.end < levels.len());
        }
        Self { pauses, frames: levels.len() }
    }

    /// How many frames before a place are voice.
    pub(super) fn voiced_before(&self, frame: usize) -> usize {
        let silent = self.pauses.iter().map(|pause| pause.end.min(frame).saturating_sub(pause.start));
        frame - silent.sum::<usize>()
    }

    /// The frame at which so many frames were voice.
    pub(super) fn frame_at(&self, voiced: usize) -> usize {
        let mut frame = voiced;
        for pause in &self.pauses {
            if pause.start >= frame {
                break;
            }
            frame += pause.len();
        }
        frame.min(self.frames)
    }
}
