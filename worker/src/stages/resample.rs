//! Resampling of mono sound to 16 kHz, block by block, to the exact length.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use super::SAMPLE_RATE;

/// About how many frames pass through the filter at once: many for speed, few to stay in the cache.
const BLOCK: usize = 2400;

/// Resamples mono sound of one rate to [`SAMPLE_RATE`].
///
/// The filter is rubato's synchronous one (an FFT, anti-aliased). Its delay is cut off at the start and its
/// tail is flushed at the end, so `n` samples become `n * 16000 / rate`, rounded.
pub struct Resampler {
    rate: u32,
    filter: Option<Filter>,
    taken: u64,
    given: u64,
}

struct Filter {
    fft: Fft<f32>,
    input: Vec<f32>,
    filled: usize,
    output: Vec<f32>,
    /// Samples of the filter's delay that are still to be dropped.
    delay: usize,
}

impl Resampler {
    /// A resampler for sound of `rate` samples per second.
    ///
    /// # Panics
    /// When the rate is zero, which no caller allows.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        assert!(rate > 0, "a rate is positive");
        let filter = (rate != SAMPLE_RATE).then(|| Filter::new(rate));
        Self { rate, filter, taken: 0, given: 0 }
    }

    /// The rate of the input.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Adds a block of any length and appends the finished samples to `out`.
    pub fn push(&mut self, mut samples: &[f32], out: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        let before = out.len();
        match &mut self.filter {
            None => out.extend_from_slice(samples),
            Some(filter) => {
                while !samples.is_empty() {
                    samples = filter.fill(samples, out);
                }
            }
        }
        self.given += (out.len() - before) as u64;
    }

    /// Appends the rest of the sound, to the exact length.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let rate = u64::from(self.rate);
        let due = (self.taken * u64::from(SAMPLE_RATE) + rate / 2) / rate;
        let start = out.len();
        let rest = usize::try_from(due.saturating_sub(self.given)).expect("a tail is short");
        if let Some(filter) = &mut self.filter {
            let silence = [0.0; BLOCK];
            while out.len() - start < rest {
                filter.fill(&silence, out);
            }
        }
        out.truncate(start + rest);
    }
}

impl Filter {
    fn new(rate: u32) -> Self {
        // The delay is half a block: with an even block it is whole frames, and can be cut off.
        let even = 2 * (rate / greatest_common_divisor(rate, SAMPLE_RATE)) as usize;
        let block = BLOCK.next_multiple_of(even);
        let window = WindowFunction::BlackmanHarris2;
        let (rate, target) = (rate as usize, SAMPLE_RATE as usize);
        let fft = Fft::new_custom(rate, target, block, 1, 1, window, FixedSync::Both)
            .expect("positive rates and one channel make a filter");
        Self {
            input: vec![0.0; fft.input_frames_max()],
            filled: 0,
            output: vec![0.0; fft.output_frames_max()],
            delay: fft.output_delay(),
            fft,
        }
    }

    /// Adds as many of `samples` as fit, runs the filter when its block is full, returns the rest.
    fn fill<'a>(&mut self, samples: &'a [f32], out: &mut Vec<f32>) -> &'a [f32] {
        let (now, later) = samples.split_at(samples.len().min(self.input.len() - self.filled));
        self.input[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        if self.filled == self.input.len() {
            self.filled = 0;
            self.run(out);
        }
        later
    }

    fn run(&mut self, out: &mut Vec<f32>) {
        let frames = self.output.len();
        let input = InterleavedSlice::new(&self.input, 1, self.input.len()).expect("the sizes fit");
        let mut output = InterleavedSlice::new_mut(&mut self.output, 1, frames).expect("the sizes fit");
        let (_, given) = self
            .fft
            .process_into_buffer(&input, &mut output, None::<&Indexing>)
            .expect("both blocks have the filter's own sizes");
        let late = self.delay.min(given);
        self.delay -= late;
        out.extend_from_slice(&self.output[late..given]);
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, seconds: f64) -> Vec<f32> {
        let frames = (f64::from(rate) * seconds) as usize;
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        (0..frames).map(|n| (0.5 * (step * n as f64).sin()) as f32).collect()
    }

    fn resample(rate: u32, sound: &[f32], block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate);
        let mut out = Vec::new();
        for part in sound.chunks(block) {
            resampler.push(part, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    #[test]
    fn every_rate_gives_the_exact_length_and_the_same_tone() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let out = resample(rate, &tone(rate, 440.0, 2.0), 1000);
            let wanted = tone(SAMPLE_RATE, 440.0, 2.0);
            assert_eq!(out.len(), wanted.len(), "at {rate}");
            let inner = 800..wanted.len() - 800;
            let worst = inner.map(|n| (out[n] - wanted[n]).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-3, "at {rate} a sample is {worst} off");
        }
    }

    #[test]
    fn what_lies_above_the_new_band_is_filtered_away() {
        let out = resample(48_000, &tone(48_000, 11_000.0, 1.0), 4800);
        let loudest = out[800..15_200].iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(loudest < 1e-3, "an alias of {loudest} is left");
    }

    #[test]
    fn the_blocks_it_is_fed_in_make_no_difference() {
        let sound = tone(44_100, 300.0, 0.7);
        assert_eq!(resample(44_100, &sound, 37), resample(44_100, &sound, 100_000));
    }

    #[test]
    fn a_recording_shorter_than_the_filter_keeps_its_length() {
        assert_eq!(resample(44_100, &[0.1; 441], 441).len(), 160);
        assert_eq!(resample(48_000, &[], 1).len(), 0);
    }
}
