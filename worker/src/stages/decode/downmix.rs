//! Mixes the channels of a recording into one: without offset, without channels that cancel each other, and
//! without noise next to a voice.
//!
//! The sound is processed in windows of half a second. In each, the offset of every channel is measured and
//! subtracted along a line from the offset of the window before; this is a high-pass filter at about 1 Hz
//! that works from the first sample on. Then the channels are averaged. If they cancel one another (a plug
//! with one inverted pole, a balanced line recorded as stereo), the loudest channel is used instead.
//! If two channels carry a voice with [opposite](super::opposed) signs next to something that they have in
//! common, half of their difference is used, or one of them.
//! Channels of [`steady`](super::steady) noise are left out while another one has speech. The result
//! depends on the sound alone, so that decoding it again gives the same.

use super::opposed::{Opposition, Voice};
use super::steady::Steadiness;

/// The channels cancel one another if their mean has less than this share of the loudest one's energy.
/// Eight channels that have nothing in common reach an eighth.
const CANCELLED: f32 = 0.1;
/// The share from which the mean is used again: between the two values nothing changes.
const RECOVERED: f32 = 0.2;
/// How many times more energy another channel must have to replace the channel that is used.
const LOUDER: f32 = 4.0;
/// A sample that is louder than this, or not a number, comes from a broken float file. It counts as
/// silence.
const LOUDEST: f32 = 1e6;

pub(super) struct Downmix {
    planes: Vec<Vec<f32>>,
    /// Samples in a window, and in a cross-fade from one source to another.
    window: usize,
    hand_over: usize,
    /// The offset of each channel at the end of the previous window; empty before the first.
    offsets: Vec<f32>,
    source: Source,
    steadiness: Steadiness,
    opposition: Opposition,
    /// The share of each channel in the previous window.
    shares: Vec<f32>,
    mean: Vec<f32>,
}

/// The source of a window's sound.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Mean,
    Channel(usize),
}

impl Downmix {
    pub(super) fn new(channels: usize, rate: u32) -> Self {
        Self {
            planes: vec![Vec::new(); channels],
            window: (rate as usize / 2).max(1),
            hand_over: rate as usize / 50,
            offsets: Vec::new(),
            source: Source::Mean,
            steadiness: Steadiness::new(channels, rate),
            opposition: Opposition::new(rate),
            shares: Vec::new(),
            mean: Vec::new(),
        }
    }

    pub(super) fn channels(&self) -> usize {
        self.planes.len()
    }

    /// Adds sound, all channels of one length. `nudge` repeats the last sample (1) or leaves it out (-1). Full
    /// windows are appended to `mono`. Returns the number of samples added.
    pub(super) fn push(&mut self, planes: &[Vec<f32>], nudge: i8, mono: &mut Vec<f32>) -> u64 {
        let before = self.pending();
        for (kept, plane) in self.planes.iter_mut().zip(planes) {
            kept.extend(plane.iter().map(|&x| if x.abs() <= LOUDEST { x } else { 0.0 }));
            match nudge {
                1 => kept.extend(kept.last().copied()),
                -1 if kept.len() > before => kept.truncate(kept.len() - 1),
                _ => {}
            }
        }
        let taken = self.pending() - before;
        while self.pending() >= self.window {
            self.give(self.window, mono);
        }
        taken as u64
    }

    /// Appends the last incomplete window.
    pub(super) fn flush(&mut self, mono: &mut Vec<f32>) {
        let rest = self.pending();
        if rest > 0 {
            self.give(rest, mono);
        }
    }

    fn pending(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    fn give(&mut self, samples: usize, mono: &mut Vec<f32>) {
        self.level(samples);
        let shares = self.choose(samples);
        self.write(&shares, samples, mono);
        self.shares = shares;
        for plane in &mut self.planes {
            plane.drain(..samples);
        }
    }

    /// Subtracts the offsets. A shorter window has less weight.
    fn level(&mut self, samples: usize) {
        let first = self.offsets.is_empty();
        let weight = if first { 1.0 } else { samples as f32 / self.window as f32 };
        if first {
            self.offsets = self.planes.iter().map(|plane| sum(&plane[..samples]) / samples as f32).collect();
        }
        for (plane, offset) in self.planes.iter_mut().zip(&mut self.offsets) {
            let window = &mut plane[..samples];
            let step = weight * (sum(window) / samples as f32 - *offset);
            let slope = step / samples as f32;
            for (n, sample) in window.iter_mut().enumerate() {
                *sample -= *offset + slope * n as f32;
            }
            *offset += step;
        }
    }

    /// The share of each channel in the window.
    fn choose(&mut self, samples: usize) -> Vec<f32> {
        let channels = self.planes.len();
        if channels < 2 {
            return vec![1.0; channels];
        }
        let voice = match self.planes.as_slice() {
            [left, right] => self.opposition.take(&left[..samples], &right[..samples]),
            _ => Voice::Shared,
        };
        let left_out = self.steadiness.left_out(self.planes.iter().map(|plane| &plane[..samples]));
        if voice == Voice::Opposed {
            return vec![0.5, -0.5];
        }
        let kept = left_out.iter().filter(|left_out| !**left_out).count();
        let mut shares: Vec<f32> =
            left_out.iter().map(|&left_out| if left_out { 0.0 } else { 1.0 / kept as f32 }).collect();
        self.mean.clear();
        mix(&self.planes, &shares, samples, &mut self.mean);
        let (mut loudest, mut most, mut present) = (0, 0.0, 0.0);
        for (channel, plane) in self.planes.iter().enumerate().filter(|(channel, _)| shares[*channel] > 0.0) {
            let energy = energy(&plane[..samples]);
            if energy > most {
                (loudest, most) = (channel, energy);
            }
            if self.source == Source::Channel(channel) {
                present = energy;
            }
        }
        let mean = if voice == Voice::Mixed { 0.0 } else { energy(&self.mean) };
        self.source = match self.source {
            Source::Mean if mean >= CANCELLED * most => Source::Mean,
            Source::Channel(_) if mean >= RECOVERED * most => Source::Mean,
            Source::Channel(channel) if present * LOUDER >= most => Source::Channel(channel),
            _ => Source::Channel(loudest),
        };
        if let Source::Channel(channel) = self.source {
            shares.fill(0.0);
            shares[channel] = 1.0;
        }
        shares
    }

    /// Appends the window. The sound with the previous shares fades out over its beginning.
    fn write(&self, shares: &[f32], samples: usize, mono: &mut Vec<f32>) {
        let start = mono.len();
        mix(&self.planes, shares, samples, mono);
        if shares == self.shares || self.shares.is_empty() {
            return;
        }
        let fade = samples.min(self.hand_over);
        let mut before = Vec::with_capacity(fade);
        mix(&self.planes, &self.shares, fade, &mut before);
        for (n, (sample, before)) in mono[start..].iter_mut().zip(before).enumerate() {
            let share = n as f32 / fade as f32;
            *sample = share * *sample + (1.0 - share) * before;
        }
    }
}

/// Appends the sum of the channels by their shares.
fn mix(planes: &[Vec<f32>], shares: &[f32], samples: usize, sum: &mut Vec<f32>) {
    let start = sum.len();
    sum.resize(start + samples, 0.0);
    for (plane, &share) in planes.iter().zip(shares).filter(|(_, share)| **share != 0.0) {
        for (sum, sample) in sum[start..].iter_mut().zip(plane) {
            *sum += share * sample;
        }
    }
}

/// Sixteen sums side by side, for the processor's wide registers.
fn sum(samples: &[f32]) -> f32 {
    reduce(samples, |sum, sample| sum + sample)
}

fn energy(samples: &[f32]) -> f32 {
    reduce(samples, |sum, sample| sum + sample * sample)
}

fn reduce(samples: &[f32], add: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = samples.as_chunks::<16>();
    let mut lanes = [0.0; 16];
    for chunk in chunks {
        for (lane, &sample) in lanes.iter_mut().zip(chunk) {
            *lane = add(*lane, sample);
        }
    }
    rest.iter().fold(lanes.iter().sum(), |sum, &sample| add(sum, sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 16_000;

    fn tone(hertz: f32, seconds: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * hertz / RATE as f32;
        (0..(seconds * RATE as f32) as usize).map(|n| 0.1 * (step * n as f32).sin()).collect()
    }

    fn scaled(sound: &[f32], by: f32) -> Vec<f32> {
        sound.iter().map(|x| by * x).collect()
    }

    fn mixed(planes: &[Vec<f32>]) -> Vec<f32> {
        let mut downmix = Downmix::new(planes.len(), RATE);
        let mut mono = Vec::new();
        for start in (0..planes[0].len()).step_by(1152) {
            let packet: Vec<Vec<f32>> =
                planes.iter().map(|plane| plane[start..plane.len().min(start + 1152)].to_vec()).collect();
            downmix.push(&packet, 0, &mut mono);
        }
        downmix.flush(&mut mono);
        assert_eq!(mono.len(), planes[0].len());
        mono
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn channels_are_averaged_and_what_is_no_number_is_silence() {
        let (left, right) = (tone(440.0, 1.2), tone(1000.0, 1.2));
        let mean: Vec<f32> = left.iter().zip(&right).map(|(l, r)| (l + r) / 2.0).collect();
        assert!(worst(&mixed(&[left, right]), &mean) < 2e-3);
        let broken = [f32::NAN, f32::INFINITY, 1e30, f32::NEG_INFINITY];
        assert_eq!(mixed(&[broken.to_vec()]), [0.0; 4]);
    }

    #[test]
    fn an_offset_is_gone_from_the_first_sample_on() {
        let sound = tone(200.0, 3.3);
        for offset in [0.02, -0.1, 0.7] {
            let raised: Vec<f32> = sound.iter().map(|x| x + offset).collect();
            assert!(worst(&mixed(std::slice::from_ref(&raised)), &sound) < 2e-3, "{offset}");
            assert!(worst(&mixed(&[raised, sound.clone()]), &sound) < 2e-3, "{offset} on one side");
        }
    }

    #[test]
    fn channels_that_cancel_are_mixed_and_switched_without_a_click() {
        let sound = tone(440.0, 4.0);
        for factor in [-1.0, -0.97, -0.7] {
            let mono = mixed(&[sound.clone(), scaled(&sound, factor)]);
            assert!(energy(&mono) > 0.9 * energy(&sound), "{factor}");
        }
        let turned = [&sound[..24_000], &scaled(&sound[24_000..], -1.0)].concat();
        let mono = mixed(&[sound.clone(), turned]);
        assert!(energy(&mono) > 0.9 * energy(&sound));
        let steepest = |x: &[f32]| x.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest(&mono) < 1.2 * steepest(&sound));
    }

    #[test]
    fn one_voice_in_the_middle_of_six_channels_keeps_its_level() {
        let sound = tone(440.0, 2.0);
        let mut planes = vec![vec![0.0; sound.len()]; 6];
        planes[2].clone_from(&sound);
        assert!(energy(&mixed(&planes)) > 0.9 * energy(&sound));
    }

    /// Bursts of a tone with pauses, like syllables.
    fn voice(seconds: f32) -> Vec<f32> {
        let bursts = tone(440.0, seconds).into_iter().enumerate();
        bursts.map(|(n, x)| if n / 4_000 % 3 == 2 { 0.001 * x } else { x }).collect()
    }

    fn noise(seconds: f32, level: f32) -> Vec<f32> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level * (state as f32 / u32::MAX as f32 - 0.5)
        };
        (0..(seconds * RATE as f32) as usize).map(next).collect()
    }

    #[test]
    fn a_voice_that_is_opposed_is_heard_next_to_what_both_channels_have_in_common() {
        let voice = voice(9.0);
        let mixed_with = |common: &[f32]| {
            let left = voice.iter().zip(common).map(|(v, c)| v + c).collect();
            let right = voice.iter().zip(common).map(|(v, c)| c - v).collect();
            mixed(&[left, right])
        };
        for steady in [scaled(&tone(50.0, 9.0), 2.0), tone(150.0, 9.0), noise(9.0, 0.25), noise(9.0, 0.02)] {
            let mono = mixed_with(&steady);
            assert!(worst(&mono[24_000..], &voice[24_000..]) < 5e-3);
        }
        let music: Vec<f32> = tone(220.0, 9.0)
            .into_iter()
            .enumerate()
            .map(|(n, x)| x * (0.5 + 0.5 * (n as f32 * 6.0 * std::f32::consts::PI / RATE as f32).sin()))
            .collect();
        let mono = mixed_with(&music);
        let wanted: f32 = mono[24_000..].iter().zip(&voice[24_000..]).map(|(a, b)| a * b).sum();
        assert!(wanted.abs() > 0.8 * energy(&voice[24_000..]));
    }

    #[test]
    fn a_voice_that_is_shared_is_not_replaced_by_the_difference() {
        let (voice, room) = (voice(9.0), noise(9.0, 0.05));
        let left: Vec<f32> = voice.iter().zip(&room).map(|(v, n)| v + n).collect();
        let right: Vec<f32> = voice.iter().zip(&room).map(|(v, n)| 0.8 * v - n).collect();
        let mono = mixed(&[left, right]);
        assert!(worst(&mono, &scaled(&voice, 0.9)) < 5e-3);
    }

    #[test]
    fn noise_on_one_side_does_not_drown_the_voice_on_the_other() {
        let voice = voice(6.0);
        for level in [0.1, 0.4, 1.5] {
            let mono = mixed(&[noise(6.0, level), voice.clone()]);
            assert!(worst(&mono[16_000..], &voice[16_000..]) < 5e-3, "{level}");
        }
    }

    #[test]
    fn two_who_speak_in_turns_are_both_in_the_mix_however_noisy_one_of_them_is() {
        let (first, second) = (voice(12.0), voice(12.0));
        let gate = |x: &[f32], on: fn(usize) -> bool| -> Vec<f32> {
            x.iter().enumerate().map(|(n, x)| if on(n / RATE as usize / 3) { *x } else { 0.0 }).collect()
        };
        let (left, right) = (gate(&first, |turn| turn % 2 == 0), gate(&second, |turn| turn % 2 == 1));
        for level in [0.0, 0.003, 0.03] {
            let noisy: Vec<f32> = left.iter().zip(noise(12.0, level)).map(|(x, n)| x + n).collect();
            let mono = mixed(&[noisy, right.clone()]);
            for turn in 0..4 {
                let of = turn * 3 * RATE as usize..(turn + 1) * 3 * RATE as usize;
                let spoken = if turn % 2 == 0 { &left } else { &right };
                let share = energy(&mono[of.clone()]) / energy(&spoken[of]);
                assert!(share > 0.2, "{level}: turn {turn} has {share} of its energy");
            }
        }
    }

    #[test]
    fn the_packets_it_is_fed_in_make_no_difference() {
        let planes = [tone(440.0, 1.7), scaled(&tone(440.0, 1.7), -0.9)];
        let mut whole = Vec::new();
        let mut downmix = Downmix::new(2, RATE);
        downmix.push(&planes, 0, &mut whole);
        downmix.flush(&mut whole);
        assert_eq!(whole, mixed(&planes));
    }
}
