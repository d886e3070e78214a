//! Mains hum and rumble, taken out before anything is heard: the voice detector takes a voice in a hum
//! that is as loud for none.
//!
//! A Butterworth high-pass of the fourth order at 100 Hz, as two sections of the second (Robert
//! Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"): 24 dB less at 50 Hz, 18
//! at 60 Hz, and nothing of what makes a word. A telephone begins at 300 Hz.

use std::f32::consts::TAU;

use crate::stages::SAMPLE_RATE;

const CORNER_HZ: f32 = 100.0;
/// The qualities of the two sections, which together are as flat as can be.
const QUALITIES: [f32; 2] = [0.541_196_1, 1.306_563];

/// The sound without what is below 100 Hz, as long as it was.
pub(super) fn without_rumble(samples: &[f32]) -> Vec<f32> {
    let mut sound = samples.to_vec();
    for quality in QUALITIES {
        high_pass(&mut sound, quality);
    }
    sound
}

fn high_pass(sound: &mut [f32], quality: f32) {
    let (sin, cos) = (TAU * CORNER_HZ / SAMPLE_RATE as f32).sin_cos();
    let alpha = sin / (2.0 * quality);
    let scale = 1.0 / (1.0 + alpha);
    let (outer, inner) = (0.5 * (1.0 + cos) * scale, -(1.0 + cos) * scale);
    let (first, second) = (-2.0 * cos * scale, (1.0 - alpha) * scale);
    // Two values remember the past (transposed direct form II).
    let (mut near, mut far) = (0.0, 0.0);
    for sample in sound {
        let input = *sample;
        *sample = outer * input + near;
        near = inner * input - first * *sample + far;
        far = outer * input - second * *sample;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(hertz: f32) -> f32 {
        let tone: Vec<f32> =
            (0..16_000).map(|n| (TAU * hertz * n as f32 / SAMPLE_RATE as f32).sin()).collect();
        let rest = &without_rumble(&tone)[8_000..];
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
        assert_eq!(without_rumble(&[0.0; 100]), [0.0; 100]);
        assert!(without_rumble(&[]).is_empty());
    }
}
