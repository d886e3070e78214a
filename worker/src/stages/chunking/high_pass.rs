//! Removes mains hum and rumble before the level is measured and speech is transcribed. In a hum of the
//! same loudness, neither the level nor the voice detector shows a voice.
//!
//! A Butterworth high-pass of the fourth order at 100 Hz, as two sections of the second (Robert
//! Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"). It attenuates 50 Hz by 24
//! dB and 60 Hz by 18 dB, and no part of speech: a telephone begins at 300 Hz.

use std::f32::consts::TAU;

use crate::stages::SAMPLE_RATE;

const CORNER_HZ: f32 = 100.0;
/// The Q values of the two sections, whose product has the flattest pass band.
const QUALITIES: [f32; 2] = [0.541_196_1, 1.306_563];

/// The filter and its state.
#[derive(Debug, Default)]
pub(super) struct HighPass([Section; 2]);

/// One section; its two state values are those of the transposed direct form II.
#[derive(Debug, Default)]
struct Section {
    near: f32,
    far: f32,
}

impl HighPass {
    /// Filters the sound that follows.
    pub(super) fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        let mut sound = samples.to_vec();
        for (section, quality) in self.0.iter_mut().zip(QUALITIES) {
            section.filter(&mut sound, quality);
        }
        sound
    }
}

impl Section {
    fn filter(&mut self, sound: &mut [f32], quality: f32) {
        let (sin, cos) = (TAU * CORNER_HZ / SAMPLE_RATE as f32).sin_cos();
        let alpha = sin / (2.0 * quality);
        let scale = 1.0 / (1.0 + alpha);
        let (outer, inner) = (0.5 * (1.0 + cos) * scale, -(1.0 + cos) * scale);
        let (first, second) = (-2.0 * cos * scale, (1.0 - alpha) * scale);
        for sample in sound {
            let input = *sample;
            *sample = outer * input + self.near;
            self.near = inner * input - first * *sample + self.far;
            self.far = outer * input - second * *sample;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(hertz: f32) -> f32 {
        let tone: Vec<f32> =
            (0..16_000).map(|n| (TAU * hertz * n as f32 / SAMPLE_RATE as f32).sin()).collect();
        let rest = &HighPass::default().push(&tone)[8_000..];
        (2.0 * rest.iter().map(|sample| sample * sample).sum::<f32>() / rest.len() as f32).sqrt()
    }

    #[test]
    fn hum_goes_and_voices_stay() {
        assert!(level_of(50.0) < 0.07, "{}", level_of(50.0));
        assert!(level_of(60.0) < 0.14, "{}", level_of(60.0));
        for hertz in [200.0, 1_000.0, 4_000.0] {
            assert!((level_of(hertz) - 1.0).abs() < 0.02, "{hertz}: {}", level_of(hertz));
        }
    }

    #[test]
    fn silence_stays_silence() {
        assert_eq!(HighPass::default().push(&[0.0; 100]), [0.0; 100]);
    }

    #[test]
    fn sound_in_pieces_is_the_same_sound() {
        let sound: Vec<f32> = (0..300).map(|n| (n as f32 * 0.7).sin()).collect();
        let mut pieces = HighPass::default();
        let parts: Vec<f32> = sound.chunks(77).flat_map(|piece| pieces.push(piece)).collect();
        assert_eq!(parts, HighPass::default().push(&sound));
    }
}
