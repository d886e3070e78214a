//! From what a codec gives to what the models hear: mono, 16 kHz, in blocks.

use std::io;

use super::track::Track;
use super::{BLOCK, DecodeError, Event, Limits, Refusal};
use crate::stages::SAMPLE_RATE;
use crate::stages::resample::Resampler;

pub(super) struct Mixer<'a, S> {
    sink: S,
    limits: &'a Limits,
    resampler: Option<Resampler>,
    mono: Vec<f32>,
    ready: Vec<f32>,
    given: u64,
}

impl<'a, S: FnMut(Event<'_>) -> io::Result<()>> Mixer<'a, S> {
    pub(super) fn new(sink: S, limits: &'a Limits) -> Self {
        Self { sink, limits, resampler: None, mono: Vec::new(), ready: Vec::new(), given: 0 }
    }

    /// Takes the packet that the track has decoded. A rate that changes in the middle of a
    /// recording (streams put end to end) starts a new filter.
    pub(super) fn mix(&mut self, track: &Track) -> Result<(), DecodeError> {
        if self.resampler.as_ref().is_none_or(|resampler| resampler.rate() != track.rate()) {
            self.start(track)?;
        }
        average(track.planes(), &mut self.mono);
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.mono, &mut self.ready);
        }
        self.hand_on(BLOCK)
    }

    fn start(&mut self, track: &Track) -> Result<(), DecodeError> {
        let info = track.info();
        let Limits { channels: limit, rate: highest, .. } = *self.limits;
        if info.channels > limit {
            return Err(Refusal::TooManyChannels { channels: info.channels, limit }.into());
        }
        if !(Limits::LOWEST_RATE..=highest).contains(&info.rate) {
            let (rate, lowest) = (info.rate, Limits::LOWEST_RATE);
            return Err(Refusal::UnsupportedRate { rate, lowest, highest }.into());
        }
        match self.resampler.replace(Resampler::new(info.rate)) {
            Some(before) => before.finish(&mut self.ready),
            None => (self.sink)(Event::Info(info))?,
        }
        Ok(())
    }

    /// Gives the tail and returns the number of samples given in all.
    pub(super) fn finish(mut self) -> Result<u64, DecodeError> {
        if let Some(resampler) = self.resampler.take() {
            resampler.finish(&mut self.ready);
        }
        self.hand_on(1)?;
        Ok(self.given)
    }

    /// Gives what is ready in blocks, and keeps what is less than `least`.
    fn hand_on(&mut self, least: usize) -> Result<(), DecodeError> {
        let mut done = 0;
        while self.ready.len() - done >= least {
            let block = &self.ready[done..self.ready.len().min(done + BLOCK)];
            (self.sink)(Event::Sound(block))?;
            done += block.len();
        }
        self.ready.drain(..done);
        self.given += done as u64;
        let limit_seconds = self.limits.seconds;
        if self.given > u64::from(limit_seconds) * u64::from(SAMPLE_RATE) {
            return Err(Refusal::TooLong { limit_seconds }.into());
        }
        Ok(())
    }
}

/// The mean of the channels. What a broken float file holds instead of numbers counts as silence.
fn average(planes: &[Vec<f32>], mono: &mut Vec<f32>) {
    let Some((first, others)) = planes.split_first() else {
        return mono.clear();
    };
    mono.clone_from(first);
    for plane in others {
        for (sum, sample) in mono.iter_mut().zip(plane) {
            *sum += sample;
        }
    }
    let share = 1.0 / planes.len() as f32;
    for sample in mono {
        *sample = if sample.is_finite() { *sample * share } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_averaged_and_what_is_no_number_is_silence() {
        let mut mono = Vec::new();
        average(&[vec![1.0, 0.5, f32::NAN], vec![0.0, -0.5, 0.0]], &mut mono);
        assert_eq!(mono, [0.5, 0.0, 0.0]);
    }
}
