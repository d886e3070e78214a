//! Channels that hold steady noise while another one speaks.
//!
//! A microphone that is unplugged, or lies beside a fan, drowns the voice of the other one in the mean
//! of both. Speech rises and falls by tens of decibels within a second, and steady noise does not: what
//! decides is how far the level of a channel rises above its own floor in the last seconds. A channel
//! that rises is never left out, so that two people who are recorded apart are both heard.

use std::collections::VecDeque;

/// Levels are taken of so many frames in a second.
const FRAMES: usize = 25;
/// The floor of a channel is found in so many frames: three seconds.
const HISTORY: usize = 3 * FRAMES;
/// Of all frames, this share lies below the floor.
const FLOOR: f32 = 0.2;
/// A channel that rises no further above its floor is steady, in dB.
const STEADY: f32 = 6.0;
/// One that rises as far as this speaks.
const SPEAKS: f32 = 12.0;
/// Noise that is weaker than the peaks of the speaking channel by this spoils nothing, in dB.
const HARMLESS: f32 = 15.0;
/// Noise that was left out is taken in again when it is weaker by as much as this.
const HARMLESS_AGAIN: f32 = 20.0;
/// Below this is no sound, in Hz: rumble would look like speech.
const LOWEST: f32 = 200.0;

/// Finds out which channels are steady noise beside one that speaks.
pub(super) struct Steadiness {
    channels: Vec<Levels>,
    left_out: Vec<bool>,
    frame: usize,
    smoothing: f32,
}

/// The levels of one channel.
#[derive(Default)]
struct Levels {
    history: VecDeque<f32>,
    low: f32,
    /// The highest level of the window just seen, and the mean.
    peak: f32,
    mean: f32,
    floor: f32,
}

impl Steadiness {
    pub(super) fn new(channels: usize, rate: u32) -> Self {
        Self {
            channels: (0..channels).map(|_| Levels::default()).collect(),
            left_out: vec![false; channels],
            frame: (rate as usize / FRAMES).max(1),
            smoothing: (std::f32::consts::TAU * LOWEST / rate as f32).min(1.0),
        }
    }

    /// Takes the next window of each channel, and says which channels are better left out of it. At
    /// least one stays.
    pub(super) fn left_out<'a>(&mut self, windows: impl Iterator<Item = &'a [f32]>) -> &[bool] {
        for (levels, window) in self.channels.iter_mut().zip(windows) {
            levels.take(window, self.frame, self.smoothing);
        }
        let speaking = self.channels.iter().filter(|levels| levels.rise() >= SPEAKS);
        let Some(loudest) = speaking.map(Levels::highest).reduce(f32::max) else { return &self.left_out };
        for (levels, left_out) in self.channels.iter().zip(&mut self.left_out) {
            let harmless = if *left_out { HARMLESS_AGAIN } else { HARMLESS };
            *left_out = levels.is_steady() && levels.mean > loudest - harmless;
        }
        &self.left_out
    }
}

impl Levels {
    fn take(&mut self, window: &[f32], frame: usize, smoothing: f32) {
        let (mut peak, mut sum, mut frames) = (f32::NEG_INFINITY, 0.0, 0);
        for frame in window.chunks(frame).filter(|chunk| 2 * chunk.len() >= frame) {
            let level = self.level(frame, smoothing);
            peak = peak.max(level);
            sum += level;
            frames += 1;
            self.history.push_back(level);
        }
        while self.history.len() > HISTORY {
            self.history.pop_front();
        }
        if frames == 0 {
            return;
        }
        (self.peak, self.mean) = (peak, sum / frames as f32);
        let mut sorted: Vec<f32> = self.history.iter().copied().collect();
        let at = (FLOOR * (sorted.len() - 1) as f32) as usize;
        self.floor = *sorted.select_nth_unstable_by(at, f32::total_cmp).1;
    }

    /// The level of a frame in dB, without what is below [`LOWEST`].
    fn level(&mut self, frame: &[f32], smoothing: f32) -> f32 {
        let mut energy = 0.0;
        for &sample in frame {
            self.low += smoothing * (sample - self.low);
            energy += (sample - self.low) * (sample - self.low);
        }
        10.0 * (energy / frame.len() as f32).max(1e-12).log10()
    }

    fn highest(&self) -> f32 {
        self.history.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    /// How far its level has risen above its floor in the last seconds, in dB.
    fn rise(&self) -> f32 {
        self.highest() - self.floor
    }

    /// Whether nothing in the window rises above the floor.
    fn is_steady(&self) -> bool {
        self.peak - self.floor < STEADY
    }
}
