//! Finds a voice that two channels carry with opposite signs, next to sound that they have in common.
//!
//! In the mean of a balanced line that was recorded as stereo, the voice is gone, and the hum that both
//! wires caught is left. The energies of the channels do not show that: what matters is where the level
//! rises and falls like speech. The mean of the channels has all that they share, and half of their
//! difference all that is opposed.

use super::steady::{FRAMES, Levels, SPEAKS, STEADY, smoothing};

/// The mean must rise by more than this, in dB, to be used again.
const RISES: f32 = 9.0;
/// In a frame with an opposed voice, the difference is stronger than the mean by more than this, in dB. Two
/// voices on separate channels, or sound on one channel alone, make them equal.
const OPPOSED: f32 = 6.0;
/// The share of the energy of the difference that lies in such frames if a voice is opposed, and the share
/// below which none is.
const SHARE: (f32, f32) = (0.3, 0.1);

/// Where the voice of two channels is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Nothing shows that a voice is opposed.
    Shared,
    /// In the difference, while the mean has only steady noise.
    Opposed,
    /// One is opposed, and the mean is not steady: each channel alone has all of it.
    Mixed,
}

pub(super) struct Opposition {
    mean: Levels,
    difference: Levels,
    frame: usize,
    smoothing: f32,
    voice: Voice,
    sound: Vec<f32>,
}

impl Opposition {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            mean: Levels::default(),
            difference: Levels::default(),
            frame: (rate as usize / FRAMES).max(1),
            smoothing: smoothing(rate),
            voice: Voice::Shared,
            sound: Vec::new(),
        }
    }

    /// Adds the next window of both channels, and returns where the voice is in it.
    pub(super) fn take(&mut self, left: &[f32], right: &[f32]) -> Voice {
        for (levels, sign) in [(&mut self.mean, 1.0), (&mut self.difference, -1.0)] {
            self.sound.clear();
            self.sound.extend(left.iter().zip(right).map(|(left, right)| (left + sign * right) / 2.0));
            levels.take(&self.sound, self.frame, self.smoothing);
        }
        let speaks = self.difference.rise() >= SPEAKS;
        let rises = if self.voice == Voice::Opposed { RISES } else { STEADY };
        let is_steady = self.mean.rise() < rises;
        self.voice = match (speaks, is_steady, self.voice) {
            (true, true, _) => Voice::Opposed,
            (true, false, before) => {
                let least = if before == Voice::Shared { SHARE.0 } else { SHARE.1 };
                if self.share() >= least { Voice::Mixed } else { Voice::Shared }
            }
            // In a pause nothing changes, until the mean has something to say.
            (false, true, before) => before,
            (false, false, _) => Voice::Shared,
        };
        self.voice
    }

    /// The share of the energy of the difference in frames in which it is much stronger than the mean.
    fn share(&self) -> f32 {
        let (mut all, mut opposed) = (0.0, 0.0);
        for (mean, difference) in self.mean.history().zip(self.difference.history()) {
            let energy = 10.0_f32.powf(difference / 10.0);
            all += energy;
            if difference - mean > OPPOSED {
                opposed += energy;
            }
        }
        if all > 0.0 { opposed / all } else { 0.0 }
    }
}
