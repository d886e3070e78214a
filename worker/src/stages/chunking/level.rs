//! Finds the stretches in which somebody may be speaking, by energy.

use std::ops::Range;

/// Samples in a frame: 10 ms.
pub(super) const FRAME: usize = 160;

/// Below this level nobody speaks, however silent the rest is.
const SILENCE_DB: f32 = -60.0;
/// A level below the noise of every sound card: digital silence says nothing about the room.
const DIGITAL_SILENCE_DB: f32 = -90.0;
/// The level of speech varies by more than this between syllables; that of steady noise does not.
const STEADY_DB: f32 = 6.0;
/// Gaps between words that do not count as pauses, in frames.
const GAP: usize = 20;
/// A run that is shorter than this and not louder than the rest by `CLEAR_DB` is a knock or a breath.
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
    /// Finds the voices in a window. The noise floor and the level of speech are the 10th and the 99th
    /// percentile of the frames by loudness; frames that rise from the first towards the second by a part
    /// of the distance are voices.
    pub(super) fn find(levels: &[f32]) -> Self {
        let smooth = smoothed(levels);
        let mut sorted: Vec<f32> =
            smooth.iter().copied().filter(|level| *level > DIGITAL_SILENCE_DB).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Self { runs: Vec::new() };
        };
        let (floor, speech) = (sorted[last / 10], sorted[last - last / 100]);
        // A recording that starts from digital silence has no noise floor: every sound is speech.
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

/// The mean over three frames, since single frames vary much.
fn smoothed(levels: &[f32]) -> Vec<f32> {
    (0..levels.len())
        .map(|at| {
            let around = &levels[at.saturating_sub(1)..levels.len().min(at + 2)];
            around.iter().sum::<f32>() / around.len() as f32
        })
        .collect()
}
