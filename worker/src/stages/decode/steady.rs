//! Finds channels with steady noise while another one has speech.
//!
//! A microphone that is unplugged, or lies beside a fan, would mask the voice of the other one in the mean
//! of both. Speech rises and falls by tens of decibels within a second, and steady noise does not. The
//! criterion is the rise of a channel's level above its own floor in the last seconds. A channel whose
//! level rises is never left out, so that two people on separate channels are both transcribed.

use std::collections::VecDeque;

/// The number of frames in a second.
pub(super) const FRAMES: usize = 25;
/// The number of frames in which the floor of a channel is searched: three seconds.
const HISTORY: usize = 3 * FRAMES;
/// The share of all frames below the floor.
const FLOOR: f32 = 0.2;
/// A channel whose level rises less above its floor is steady, in dB.
pub(super) const STEADY: f32 = 6.0;
/// A channel whose level rises at least this much has speech.
pub(super) const SPEAKS: f32 = 12.0;
/// Noise that is weaker than the peaks of the channel with speech by this much does no harm, in dB.
const HARMLESS: f32 = 15.0;
/// A channel that was left out is used again when its noise is weaker by this much.
const HARMLESS_AGAIN: f32 = 20.0;
/// Sound below this frequency, in Hz, is ignored: rumble would look like speech.
const LOWEST: f32 = 200.0;

/// Finds the channels with steady noise while another one has speech.
pub(super) struct Steadiness {
    channels: Vec<Levels>,
    left_out: Vec<bool>,
    frame: usize,
    smoothing: f32,
}

/// The levels of one channel.
#[derive(Default)]
pub(super) struct Levels {
    history: VecDeque<f32>,
    low: f32,
    /// The highest level of the current window, and the mean.
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
            smoothing: smoothing(rate),
        }
    }

    /// Adds the next window of each channel, and returns which channels to leave out of it. At least one
    /// stays.
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

/// The coefficient of the filter that removes the sound below [`LOWEST`].
pub(super) fn smoothing(rate: u32) -> f32 {
    (std::f32::consts::TAU * LOWEST / rate as f32).min(1.0)
}

impl Levels {
    /// Adds the next window, in frames of this many samples.
    pub(super) fn take(&mut self, window: &[f32], frame: usize, smoothing: f32) {
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

    /// The level of a frame in dB, without frequencies below [`LOWEST`].
    fn level(&mut self, frame: &[f32], smoothing: f32) -> f32 {
        let mut energy = 0.0;
        for &sample in frame {
            self.low += smoothing * (sample - self.low);
            energy += (sample - self.low) * (sample - self.low);
        }
        10.0 * (energy / frame.len() as f32).max(1e-12).log10()
    }

    /// The level of each frame in the last seconds, in dB.
    pub(super) fn history(&self) -> impl Iterator<Item = f32> {
        self.history.iter().copied()
    }

    fn highest(&self) -> f32 {
        self.history.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    /// How far its level has risen above its floor in the last seconds, in dB.
    pub(super) fn rise(&self) -> f32 {
        self.highest() - self.floor
    }

    /// Whether no frame of the window rises above the floor.
    fn is_steady(&self) -> bool {
        self.peak - self.floor < STEADY
    }
}
