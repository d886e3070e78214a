//! Where somebody may be speaking, judged by energy.

use std::ops::Range;

/// Samples in a frame: 10 ms.
pub(super) const FRAME: usize = 160;

/// Below this nobody speaks, however silent the rest is.
const SILENCE_DB: f32 = -60.0;
/// What the converters of a sound card never reach: digital silence says nothing of the room.
const DIGITAL_SILENCE_DB: f32 = -90.0;
/// Speech swings by more than this between syllables; steady noise does not.
const STEADY_DB: f32 = 6.0;
/// Gaps between words that do not count as pauses, in frames.
const GAP: usize = 20;
/// What is shorter than this and not clearly louder than the rest is a knock or a breath.
const SHORT: usize = 30;
const CLEAR_DB: f32 = 12.0;

/// The level of each whole frame, in dB below full scale.
pub(in crate::stages) fn levels(samples: &[f32]) -> impl Iterator<Item = f32> {
    samples.as_chunks::<FRAME>().0.iter().map(|frame| {
        let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        10.0 * (power + 1e-10).log10()
    })
}

/// Runs of frames in which somebody may be speaking, in order, with pauses between them.
pub(super) struct Voices {
    pub(super) runs: Vec<Range<usize>>,
}

impl Voices {
    /// Finds the floor of the noise and the level of speech (the 10th and the 99th of a hundred
    /// frames by loudness), and takes for voices what rises from the one towards the other.
    pub(super) fn find(levels: &[f32]) -> Self {
        let smooth = smoothed(levels);
        let mut sorted: Vec<f32> =
            smooth.iter().copied().filter(|level| *level > DIGITAL_SILENCE_DB).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Self { runs: Vec::new() };
        };
        let (floor, speech) = (sorted[last / 10], sorted[last - last / 100]);
        // A recording that starts from digital silence has no floor: it is all speech.
        let silent_room = sorted.len() < levels.len() * 9 / 10;
        if speech < SILENCE_DB || (speech - floor < STEADY_DB && !silent_room) {
            return Self { runs: Vec::new() };
        }
        let rise = (0.25 * (speech - floor)).max(STEADY_DB / 2.0);
        let threshold = if silent_room { SILENCE_DB } else { (floor + rise).max(SILENCE_DB) };

        let mut runs: Vec<Range<usize>> = Vec::new();
        for frame in (0..smooth.len()).filter(|frame| smooth[*frame] > threshold) {
            match runs.last_mut() {
                Some(run) if frame - run.end < GAP => run.end = frame + 1,
                _ => runs.push(frame..frame + 1),
            }
        }
        runs.retain(|run| {
            let peak = smooth[run.clone()].iter().copied().fold(f32::MIN, f32::max);
            run.len() >= SHORT || peak > threshold + CLEAR_DB
        });
        Self { runs }
    }
}

/// The mean over three frames: single ones jump.
fn smoothed(levels: &[f32]) -> Vec<f32> {
    (0..levels.len())
        .map(|at| {
            let around = &levels[at.saturating_sub(1)..levels.len().min(at + 2)];
            around.iter().sum::<f32>() / around.len() as f32
        })
        .collect()
}
