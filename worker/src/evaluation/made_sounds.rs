//! Synthetic sounds: noises to mix with speech, and sounds without speech.
//!
//! They are the same on every machine, and so are measurements and tests with them.

use std::f64::consts::TAU;

use crate::stages::SAMPLE_RATE;

/// A noise to mix with speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// All frequencies alike: hiss.
    White,
    /// Half the power with each octave: wind, traffic.
    Pink,
    /// Mains hum with its overtones.
    Hum,
    /// The speech itself, mixed six times.
    Babble,
}

/// A sound by its name.
type Named = (&'static str, fn() -> Vec<f32>);

/// Sounds without speech.
pub const SILENT_SOUNDS: [Named; 12] = [
    ("ring tone", || repeated(8, || joined(&[tones(&[440.0, 480.0], 2.0), silence(4.0)]))),
    ("ring tone (UK)", || {
        let ring = tones(&[400.0, 450.0], 0.4);
        repeated(8, || joined(&[ring.clone(), silence(0.2), ring.clone(), silence(2.0)]))
    }),
    ("dial tone", || joined(&[tones(&[350.0, 440.0], 15.0), silence(2.0)])),
    ("busy tone", || repeated(20, || joined(&[tones(&[480.0, 620.0], 0.5), silence(0.5)]))),
    ("key tones", || {
        let keys = [(697.0, 1209.0), (770.0, 1336.0), (852.0, 1477.0), (941.0, 1336.0)];
        joined(&keys.map(|(low, high)| joined(&[tones(&[low, high], 0.2), silence(0.15)]))).repeat(5)
    }),
    ("music", || {
        made(60.0, |time| {
            let string = |(index, hz): (usize, &f64)| {
                let index = index as f64;
                let gate = (TAU * (0.5 + 0.13 * index) * time).sin() >= 0.0;
                let plucked = (-3.0 * (time * (1.0 + 0.1 * index)).fract()).exp();
                if gate { (TAU * hz * time).sin() * plucked } else { 0.0 }
            };
            0.12 * [220.0, 277.0, 330.0, 440.0, 554.0].iter().enumerate().map(string).sum::<f64>()
        })
    }),
    ("chime", || {
        let chime = made(3.0, |time| {
            0.2 * (-3.0 * time).exp() * ((TAU * 880.0 * time).sin() + (TAU * 1_320.0 * time).sin())
        });
        repeated(4, || joined(&[chime.clone(), silence(1.0)]))
    }),
    ("siren", || made(20.0, |time| 0.3 * (TAU * 700.0 * time - 200.0 * (TAU * 0.4 * time).cos()).sin())),
    ("fan", || scaled(pink(30.0), 0.1)),
    ("gusts", || {
        let gust = |(at, sample): (usize, f32)| sample * (0.9 * at as f32 / SAMPLE_RATE as f32).sin().powi(2);
        scaled(pink(30.0), 0.3).into_iter().enumerate().map(gust).collect()
    }),
    ("rain", || {
        bursts(30.0, 900, 400, 60.0)
            .into_iter()
            .zip(white(30.0))
            .map(|(drop, hiss)| drop + 0.03 * hiss)
            .collect()
    }),
    ("clicks", || bursts(20.0, 60, 300, 40.0)),
];

/// Speech with noise mixed in. The power of the speech without its pauses is this many decibels above the
/// power of the noise.
#[must_use]
pub fn mixed(speech: &[f32], noise: Noise, decibels: f32) -> Vec<f32> {
    let seconds = speech.len() as f64 / f64::from(SAMPLE_RATE);
    let noise: Vec<f32> = match noise {
        Noise::White => white(seconds),
        Noise::Pink => pink(seconds),
        Noise::Hum => tones(&[50.0, 100.0, 150.0, 300.0], seconds),
        Noise::Babble => {
            let from = |part: usize, at: usize| speech[(at + part * speech.len() / 7) % speech.len()];
            (0..speech.len()).map(|at| (1..7).map(|part| from(part, at)).sum()).collect()
        }
    };
    let loudest = speech.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
    let voiced: Vec<f32> = speech.iter().copied().filter(|sample| sample.abs() > 0.01 * loudest).collect();
    let gain = (power(&voiced) / power(&noise) / 10.0_f32.powf(decibels / 10.0)).sqrt();
    speech.iter().zip(&noise).map(|(speech, noise)| speech + gain * noise).collect()
}

fn power(sound: &[f32]) -> f32 {
    let sum: f32 = sound.iter().map(|sample| sample * sample).sum();
    (sum / sound.len().max(1) as f32).max(1e-12)
}

fn made(seconds: f64, at: impl Fn(f64) -> f64) -> Vec<f32> {
    let samples = (f64::from(SAMPLE_RATE) * seconds) as usize;
    (0..samples).map(|n| at(n as f64 / f64::from(SAMPLE_RATE)) as f32).collect()
}

fn tones(hertz: &[f64], seconds: f64) -> Vec<f32> {
    made(seconds, |time| hertz.iter().map(|hz| 0.2 * (TAU * hz * time).sin()).sum())
}

fn silence(seconds: f64) -> Vec<f32> {
    made(seconds, |_| 0.0)
}

fn joined(parts: &[Vec<f32>]) -> Vec<f32> {
    parts.concat()
}

fn repeated(times: usize, part: impl Fn() -> Vec<f32>) -> Vec<f32> {
    part().repeat(times)
}

fn scaled(sound: Vec<f32>, peak: f32) -> Vec<f32> {
    let loudest = sound.iter().fold(f32::MIN_POSITIVE, |most, sample| most.max(sample.abs()));
    sound.into_iter().map(|sample| sample * peak / loudest).collect()
}

/// A fixed generator (Knuth's linear congruential one), from -1 to 1.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
}

fn white(seconds: f64) -> Vec<f32> {
    let samples = (f64::from(SAMPLE_RATE) * seconds).round() as usize;
    let mut state = 7;
    (0..samples).map(|_| random(&mut state) as f32).collect()
}

/// White noise through Paul Kellet's economy filter, which falls by 3 dB with each octave.
fn pink(seconds: f64) -> Vec<f32> {
    let mut memory = [0.0_f32; 3];
    let filter = |white: f32| {
        memory[0] = 0.997_65 * memory[0] + 0.099_046 * white;
        memory[1] = 0.963 * memory[1] + 0.296_516_4 * white;
        memory[2] = 0.57 * memory[2] + 1.052_691_3 * white;
        memory.iter().sum::<f32>() + 0.184_8 * white
    };
    white(seconds).into_iter().map(filter).collect()
}

/// Short bursts of noise that decay within `length` samples, at random positions.
fn bursts(seconds: f64, count: usize, length: usize, decay: f64) -> Vec<f32> {
    let mut sound = silence(seconds);
    let mut state = 11;
    for _ in 0..count {
        let start = ((random(&mut state) + 1.0) / 2.0 * (sound.len() - length) as f64) as usize;
        let loud = 0.2 * (random(&mut state) + 1.0);
        for (at, sample) in sound[start..start + length].iter_mut().enumerate() {
            *sample += (loud * random(&mut state) * (-(at as f64) / decay).exp()) as f32;
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_mixed_in_at_the_ratio_that_is_asked_for() {
        let speech = tones(&[200.0], 2.0);
        for noise in [Noise::White, Noise::Pink, Noise::Hum] {
            let mixed = mixed(&speech, noise, 10.0);
            let added: Vec<f32> = mixed.iter().zip(&speech).map(|(all, speech)| all - speech).collect();
            let ratio = 10.0 * (power(&speech) / power(&added)).log10();
            assert!((ratio - 10.0).abs() < 0.2, "{noise:?}: {ratio} dB");
        }
    }

    #[test]
    fn sounds_are_within_full_scale_and_not_silent() {
        for (name, sound) in SILENT_SOUNDS {
            let sound = sound();
            let peak = sound.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
            assert!((0.05..=1.0).contains(&peak), "{name}: {peak}");
        }
    }
}
