//! Forced alignment: finds the most likely frames of each word.
//!
//! Each word is a sequence of sounds. Each sound has a duration (log-normal, as is usual since Crystal and
//! House, "Segmental durations in connected-speech signals", 1988) and a spectrum, and between words there
//! may be silence. Dynamic programming over explicit durations finds the best path (a hidden semi-Markov
//! model; Levinson, "Continuously variable duration hidden Markov models for automatic speech recognition",
//! 1986).

use std::ops::Range;

use super::bands::{BANDS, Bands, STEADY_DB};
use super::sounds::{SOUNDS, Sound, SoundDuration};

/// The standard deviation of a band within a sound.
const SPREAD: f32 = 0.23;
/// The weight of a frame: neighbours contain nearly the same information, so each counts for a third …
const WEIGHT: f32 = 0.3;
/// … and for less if noise leaves less than this between the quietest and the loudest frame, in dB.
const CLEAR_DB: f32 = 35.0;
/// The standard deviation of the logarithm of a duration, and that of a word's last sound, which is
/// slightly longer and varies more.
const SWING: f32 = 0.4;
const LAST_SWING: f32 = 0.48;
const LAST_LONGER: f32 = 1.1;
/// The longest duration of a sound, in frames.
const LONGEST: usize = 45;
/// The logarithm of the likelihood of a pause between two words, without and with punctuation.
const PAUSE: f32 = -12.0;
const PAUSE_AT_PUNCTUATION: f32 = 0.0;
/// A frame is voice if the average of its bands from 250 to 2,000 Hz is louder than this.
const VOICE: f32 = 0.3;
/// The factor from voiced time to spoken time: the edges of speech have no voice.
const EDGES: f32 = 1.1;
/// The slowest and the fastest speech differ from the usual speed by these factors of duration.
const PACE: (f32, f32) = (0.5, 2.0);
/// The bound on time and memory: more cells than a chunk of a minute full of speech has.
const MOST_CELLS: usize = 6_000_000;

/// A word to be aligned.
pub(super) struct TargetWord {
    /// Never empty.
    pub(super) sounds: Vec<SoundDuration>,
    /// Whether punctuation ends it: people pause there.
    pub(super) pauses: bool,
}

/// The frames of each word, in order and without overlap. If the sound is steady, if there are more sounds
/// than frames, or if there are too many cells, each word gets its share of the time.
pub(super) fn align(words: &[TargetWord], bands: &Bands) -> Vec<Range<usize>> {
    let frames = bands.frames.len();
    let sounds: usize = words.iter().map(|word| word.sounds.len()).sum();
    if bands.range <= STEADY_DB || sounds > frames || sounds.saturating_mul(frames) > MOST_CELLS {
        return shares(words, frames);
    }
    let pace = pace(words, bands);
    let mut trellis = Trellis::new(bands, sounds);
    trellis.pause(0.0);
    for (index, word) in words.iter().enumerate() {
        for (place, (sound, share)) in word.sounds.iter().enumerate() {
            let usual = sound.frames() * share * pace;
            if place + 1 == word.sounds.len() {
                trellis.sound(*sound, usual * LAST_LONGER, LAST_SWING);
            } else {
                trellis.sound(*sound, usual, SWING);
            }
        }
        let last = index + 1 == words.len();
        trellis.pause(if last {
            0.0
        } else if word.pauses {
            PAUSE_AT_PUNCTUATION
        } else {
            PAUSE
        });
    }
    trellis.back(words)
}

/// Frames in proportion to the usual durations of each word's sounds.
fn shares(words: &[TargetWord], frames: usize) -> Vec<Range<usize>> {
    let need = |word: &TargetWord| {
        word.sounds.iter().map(|(sound, share)| f64::from(sound.frames() * share)).sum::<f64>()
    };
    let total: f64 = words.iter().map(need).sum();
    let at = |said: f64| ((said / total.max(f64::EPSILON) * frames as f64) as usize).min(frames);
    let mut said = 0.0;
    words
        .iter()
        .map(|word| {
            let start = at(said);
            said += need(word);
            start..at(said)
        })
        .collect()
}

/// The speaker's pace as a factor of duration: above 1 is slower than usual.
fn pace(words: &[TargetWord], bands: &Bands) -> f32 {
    let need: f32 =
        words.iter().flat_map(|word| &word.sounds).map(|(sound, share)| sound.frames() * share).sum();
    let voiced = bands.frames.iter().filter(|frame| frame[1..5].iter().sum::<f32>() > 4.0 * VOICE).count();
    (voiced as f32 * EDGES / need.max(1.0)).clamp(PACE.0, PACE.1)
}

/// The best paths through a chunk, up to the sounds that were added.
struct Trellis {
    /// For each kind of sound, how well it fits the frames before each boundary.
    fits: Vec<Vec<f32>>,
    /// For each boundary between frames, the likelihood of the best path that ends there.
    best: Vec<f32>,
    next: Vec<f32>,
    /// For each sound of the words, its duration if it ends at a boundary.
    lengths: Vec<Vec<u8>>,
    /// For each pause, its start if it ends at a boundary.
    pauses: Vec<Vec<u32>>,
    /// The number of sounds in all words.
    sounds: usize,
}

impl Trellis {
    fn new(bands: &Bands, sounds: usize) -> Self {
        let weight = WEIGHT * (bands.range / CLEAR_DB).min(1.0);
        let boundaries = bands.frames.len() + 1;
        let fits = SOUNDS.iter().map(|sound| {
            let mean = sound.bands();
            let mut sum = 0.0;
            let mut fits = Vec::with_capacity(boundaries);
            fits.push(sum);
            for frame in &bands.frames {
                let misfit = |band: usize| ((frame[band] - mean[band]) / SPREAD).powi(2);
                sum -= 0.5 * weight * (0..BANDS).map(misfit).sum::<f32>();
                fits.push(sum);
            }
            fits
        });
        let mut best = vec![f32::NEG_INFINITY; boundaries];
        best[0] = 0.0;
        let next = vec![0.0; boundaries];
        Self {
            fits: fits.collect(),
            best,
            next,
            lengths: Vec::with_capacity(sounds),
            pauses: Vec::new(),
            sounds,
        }
    }

    /// Adds a sound that usually takes `usual` frames.
    fn sound(&mut self, sound: Sound, usual: f32, swing: f32) {
        let fits = &self.fits[sound.index()];
        // Each sound before this one took at least one frame, and each sound after it will.
        let done = self.lengths.len();
        let end = self.best.len() - (self.sounds - done - 1);
        let starts: Vec<f32> = self.best.iter().zip(fits).map(|(best, fit)| best - fit).collect();
        self.next.fill(f32::NEG_INFINITY);
        let mut lengths = vec![1_u8; self.best.len()];
        let mean = usual.max(1.5).ln();
        for length in 1..=LONGEST.min(end - done - 1) {
            let log = (length as f32).ln();
            let likely = -0.5 * ((log - mean) / swing).powi(2) - log;
            let from = &starts[done..end - length];
            let to = &mut self.next[done + length..end];
            for ((start, best), chosen) in from.iter().zip(to).zip(&mut lengths[done + length..end]) {
                let value = start + likely;
                if value > *best {
                    *best = value;
                    *chosen = length as u8;
                }
            }
        }
        for (best, fit) in self.next.iter_mut().zip(fits) {
            *best += fit;
        }
        std::mem::swap(&mut self.best, &mut self.next);
        self.lengths.push(lengths);
    }

    /// Adds a possible silence with this log-likelihood.
    fn pause(&mut self, against: f32) {
        let fits = &self.fits[Sound::Silence.index()];
        let mut begun = (f32::NEG_INFINITY, 0);
        let mut starts = Vec::with_capacity(self.best.len());
        for (boundary, (best, fit)) in self.best.iter_mut().zip(fits).enumerate() {
            let begins = *best - fit + against;
            let (silent, start) = (begun.0 + fit, begun.1);
            if silent > *best {
                *best = silent;
                starts.push(start);
            } else {
                starts.push(boundary as u32);
            }
            if begins > begun.0 {
                begun = (begins, boundary as u32);
            }
        }
        self.pauses.push(starts);
    }

    /// The frames of the words on the best path to the end.
    fn back(&self, words: &[TargetWord]) -> Vec<Range<usize>> {
        let mut at = self.best.len() - 1;
        let mut sound = self.lengths.len();
        let mut ranges = Vec::with_capacity(words.len());
        for (word, pauses) in words.iter().zip(&self.pauses[1..]).rev() {
            at = pauses[at] as usize;
            let end = at;
            for _ in &word.sounds {
                sound -= 1;
                at = at.saturating_sub(usize::from(self.lengths[sound][at]));
            }
            ranges.push(at..end);
        }
        ranges.reverse();
        ranges
    }
}
