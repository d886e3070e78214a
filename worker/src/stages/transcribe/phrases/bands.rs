//! The spectrum of a chunk in eight bands. Each band is scaled by its own quietest and loudest frames,
//! which removes the influence of a microphone, a room or a steady noise.

use std::ops::Range;

use realfft::RealFftPlanner;

use crate::stages::SAMPLE_RATE;
use crate::stages::chunking::FRAME_MS;

/// Bands of the spectrum.
pub(super) const BANDS: usize = 8;
/// The edges of the bands in Hz, with about equal steps for human hearing.
const EDGES: [f32; BANDS + 1] = [60.0, 250.0, 500.0, 900.0, 1400.0, 2000.0, 3000.0, 4500.0, 7600.0];
/// Samples of a frame, of the window around it, and of the transform.
const FRAME: usize = (SAMPLE_RATE as u64 * FRAME_MS / 1000) as usize;
const WINDOW: usize = 400;
const TRANSFORM: usize = 512;
/// Samples are within ±1; a value far outside is an error of the source, and is clamped to this.
const LOUDEST: f32 = 8.0;
/// The smallest power, since digital silence has no logarithm.
const LEAST_POWER: f32 = 1e-7;
/// A band whose level varies by less is not used.
pub(super) const STEADY_DB: f32 = 6.0;
/// The limits of a scaled level: single frames are quieter or louder than nearly all others.
const OUTSIDE: (f32, f32) = (-0.2, 1.3);

/// The bands of each frame of 10 ms.
pub(super) struct Bands {
    /// From 0, the quietest level of a band in this chunk, to 1, its loudest.
    pub(super) frames: Vec<[f32; BANDS]>,
    /// The distance from the quietest to the loudest level in most bands, in dB.
    pub(super) range: f32,
}

impl Bands {
    /// Measures a chunk of mono sound at [`SAMPLE_RATE`]; an incomplete frame at the end is ignored.
    pub(super) fn measure(samples: &[f32]) -> Self {
        let mut frames = decibels(samples);
        let Some(last) = frames.len().checked_sub(1) else { return Self { frames, range: STEADY_DB } };
        let mut ranges = [STEADY_DB; BANDS];
        for band in 0..BANDS {
            let mut sorted: Vec<f32> = frames.iter().map(|frame| frame[band]).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            let (quiet, loud) = (sorted[last / 20], sorted[last - last / 20]);
            ranges[band] = (loud - quiet).max(STEADY_DB);
            for frame in &mut frames {
                frame[band] = ((frame[band] - quiet) / ranges[band]).clamp(OUTSIDE.0, OUTSIDE.1);
            }
        }
        ranges.sort_unstable_by(f32::total_cmp);
        Self { frames, range: f32::midpoint(ranges[BANDS / 2 - 1], ranges[BANDS / 2]) }
    }
}

impl Bands {
    /// A part of them, on the same scale.
    pub(super) fn part(&self, frames: Range<usize>) -> Self {
        let end = frames.end.min(self.frames.len());
        Self { frames: self.frames[frames.start.min(end)..end].to_vec(), range: self.range }
    }
}

/// The power of each band of each frame, in dB.
fn decibels(samples: &[f32]) -> Vec<[f32; BANDS]> {
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(TRANSFORM);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut scratch = transform.make_scratch_vec();
    let hann: Vec<f32> = (0..WINDOW)
        .map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / (WINDOW - 1) as f32).cos())
        .collect();
    let bins = EDGES.map(|hz| (hz * TRANSFORM as f32 / SAMPLE_RATE as f32).round() as usize);
    let margin = (WINDOW - FRAME) / 2;
    (0..samples.len() / FRAME)
        .map(|frame| {
            input.fill(0.0);
            for (n, weight) in hann.iter().enumerate() {
                let sample = (frame * FRAME + n).checked_sub(margin).and_then(|at| samples.get(at));
                let sample = sample.copied().filter(|sample| sample.is_finite()).unwrap_or(0.0);
                input[n] = weight * sample.clamp(-LOUDEST, LOUDEST);
            }
            // The transform fails only for buffers of another length.
            if transform.process_with_scratch(&mut input, &mut output, &mut scratch).is_err() {
                return [0.0; BANDS];
            }
            std::array::from_fn(|band| {
                let bins = &output[bins[band]..bins[band + 1]];
                let power = bins.iter().map(realfft::num_complex::Complex::norm_sqr).sum::<f32>();
                10.0 * (power / bins.len() as f32 + LEAST_POWER).log10()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_loud_in_its_own_band_and_silence_in_none() {
        let rate = SAMPLE_RATE as f32;
        let tone = |n: usize| (n as f32 * std::f32::consts::TAU * 700.0 / rate).sin() * 0.3;
        let samples: Vec<f32> = (0..16_000).map(|n| if n < 8_000 { 0.0 } else { tone(n) }).collect();
        let bands = Bands::measure(&samples);
        assert_eq!(bands.frames.len(), 100);
        assert!(bands.frames[20].iter().all(|level| *level < 0.1), "{:?}", bands.frames[20]);
        assert!(bands.frames[80][2] > 0.9, "{:?}", bands.frames[80]);
    }

    #[test]
    fn no_sound_is_too_short_or_too_strange() {
        assert_eq!(Bands::measure(&[]).frames.len(), 0);
        assert_eq!(Bands::measure(&[0.5; 159]).frames.len(), 0);
        for sample in [0.0, f32::NAN, f32::INFINITY, 1e30] {
            let bands = Bands::measure(&[sample; 480]);
            assert!(bands.frames.iter().flatten().all(|level| level.is_finite()), "{sample}");
        }
    }
}
