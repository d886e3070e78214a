//! Turns the output of a codec into the input of the models: mono, 16 kHz, in blocks, each at its time.

use std::io;

use super::downmix::Downmix;
use super::timeline::{Place, Timeline};
use super::track::Track;
use super::{BLOCK, DecodeError, Event, Limits, Loss, LossKind, Refusal};
use crate::stages::SAMPLE_RATE;
use crate::stages::resample::Resampler;

/// Holes up to this long, in seconds, become silence that passes through the filter like sound: a new
/// filter takes longer. A file may contain many of them.
const SHORT: f64 = 1.0;

pub(super) struct Mixer<'a, S> {
    sink: S,
    limits: &'a Limits,
    timeline: Timeline,
    run: Option<SoundRun>,
    /// Whether [`Event::Info`] was sent.
    introduced: bool,
    /// The length of damage before any sound, in seconds.
    before: f64,
    /// Whether the previous packet could not be decoded.
    damaged: bool,
    mono: Vec<f32>,
    ready: Vec<f32>,
    given: u64,
}

/// Sound of one rate and number of channels without a long hole.
struct SoundRun {
    downmix: Downmix,
    resampler: Resampler,
    /// Its start in the decoded sound.
    start: u64,
    /// Samples that were pushed, at its own rate.
    taken: u64,
}

impl SoundRun {
    fn of(track: &Track, start: u64) -> Self {
        let rate = track.rate();
        let downmix = Downmix::new(track.planes().len(), rate);
        Self { downmix, resampler: Resampler::new(rate), start, taken: 0 }
    }

    fn seconds(&self) -> f64 {
        self.start as f64 / f64::from(SAMPLE_RATE) + self.taken as f64 / f64::from(self.resampler.rate())
    }

    fn silence(&mut self, seconds: f64, mono: &mut Vec<f32>) {
        let frames = (seconds * f64::from(self.resampler.rate())).round() as usize;
        self.downmix.flush(mono);
        mono.resize(mono.len() + frames, 0.0);
        self.taken += frames as u64;
    }
}

impl<'a, S: FnMut(Event<'_>) -> io::Result<()>> Mixer<'a, S> {
    pub(super) fn new(sink: S, limits: &'a Limits) -> Self {
        Self {
            sink,
            limits,
            timeline: Timeline::new(f64::from(limits.seconds)),
            run: None,
            introduced: false,
            before: 0.0,
            damaged: false,
            mono: Vec::new(),
            ready: Vec::new(),
            given: 0,
        }
    }

    /// Mixes the packet that the track has decoded, at its position.
    pub(super) fn mix(&mut self, track: &mut Track) -> Result<(), DecodeError> {
        let rate = track.rate();
        if !self.introduced {
            self.introduce(track)?;
        }
        if self
            .run
            .as_ref()
            .is_none_or(|run| run.resampler.rate() != rate || run.downmix.channels() != track.planes().len())
        {
            self.start(track)?;
        }
        let nudge = self.place(track)?;
        self.damaged = false;
        let run = match &mut self.run {
            Some(run) => run,
            // The previous run has ended at a long hole.
            none => none.insert(SoundRun::of(track, self.given)),
        };
        run.taken += run.downmix.push(track.planes(), nudge, &mut self.mono);
        run.resampler.push(&self.mono, &mut self.ready);
        self.mono.clear();
        self.hand_on(BLOCK)
    }

    /// Adds silence of the length of a packet that could not be decoded.
    pub(super) fn damage(&mut self, track: &mut Track) -> Result<(), DecodeError> {
        self.damaged = true;
        let mut seconds = track.lasting();
        if self.introduced
            && let Some(next) = track.next_clock_time()
        {
            seconds = seconds.min(self.timeline.room(next, self.seconds()));
        }
        let rest = f64::from(self.limits.seconds) - self.seconds();
        // A packet with a stated length of days does not end the recording.
        let seconds = seconds.clamp(0.0, rest.max(0.0));
        if self.introduced {
            return self.lose(LossKind::Damaged, seconds);
        }
        self.before = (self.before + seconds).min(rest);
        Ok(())
    }

    /// Sends the remaining sound and returns the number of all samples.
    pub(super) fn finish(mut self) -> Result<u64, DecodeError> {
        self.end_run();
        self.hand_on(1)?;
        Ok(self.given)
    }

    /// Sends the format of the recording, and the silence before its first sound.
    fn introduce(&mut self, track: &mut Track) -> Result<(), DecodeError> {
        let info = track.info();
        (self.sink)(Event::Info(check(self.limits, info)?))?;
        self.introduced = true;
        let begins = track.begins();
        if begins.silent > 0.0 {
            self.silence(begins.silent)?;
        }
        // A first time that is later than any recording is damaged.
        if begins.missing > 0.0 && begins.missing < f64::from(self.limits.seconds) {
            self.lose(track.hole(), begins.missing)?;
        }
        if self.before > 0.0 {
            self.lose(LossKind::Damaged, self.before)?;
        }
        if let Some(time) = track.time() {
            self.timeline.begin(time, self.seconds());
        }
        Ok(())
    }

    fn start(&mut self, track: &Track) -> Result<(), DecodeError> {
        check(self.limits, track.info())?;
        self.end_run();
        self.hand_on(1)?;
        self.run = Some(SoundRun::of(track, self.given));
        Ok(())
    }

    /// Adds the silence before the packet, if any. Returns the `nudge` for [`Downmix::push`].
    fn place(&mut self, track: &mut Track) -> Result<i8, DecodeError> {
        let position = self.seconds();
        let Some(time) = track.time() else { return Ok(0) };
        if track.begins_anew() {
            self.timeline.begin(time, position);
            return Ok(0);
        }
        let lasting = track.frames() as f64 / f64::from(track.rate());
        let kind = if self.damaged { LossKind::Damaged } else { track.hole() };
        match self.timeline.place(time, lasting, position, || track.next_time()) {
            Place::Next(nudge) => Ok(nudge),
            Place::Behind(seconds) => self.lose(kind, seconds).map(|()| 0),
        }
    }

    /// The position of the next sample, in seconds.
    fn seconds(&self) -> f64 {
        let given = self.given as f64 / f64::from(SAMPLE_RATE);
        self.run.as_ref().map_or(given, SoundRun::seconds)
    }

    /// Sends a loss and adds silence of its length.
    fn lose(&mut self, kind: LossKind, seconds: f64) -> Result<(), DecodeError> {
        let (start, end) = (samples(self.seconds()), samples(self.seconds() + seconds));
        if start < end {
            (self.sink)(Event::Loss(Loss { kind, start, samples: end - start }))?;
        }
        self.silence(seconds)
    }

    fn silence(&mut self, seconds: f64) -> Result<(), DecodeError> {
        if let Some(run) = &mut self.run
            && seconds < SHORT
        {
            run.silence(seconds, &mut self.mono);
            run.resampler.push(&self.mono, &mut self.ready);
            self.mono.clear();
            return self.hand_on(BLOCK);
        }
        let end = samples(self.seconds() + seconds);
        self.end_run();
        self.hand_on(1)?;
        while self.given < end {
            let block = usize::try_from(end - self.given).map_or(BLOCK, |rest| rest.min(BLOCK));
            self.ready.resize(block, 0.0);
            self.hand_on(1)?;
        }
        Ok(())
    }

    fn end_run(&mut self) {
        if let Some(mut run) = self.run.take() {
            run.downmix.flush(&mut self.mono);
            run.resampler.push(&self.mono, &mut self.ready);
            run.resampler.finish(&mut self.ready);
            self.mono.clear();
        }
    }

    /// Sends the finished sound in blocks, and keeps a rest of less than `least` samples.
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

fn samples(seconds: f64) -> u64 {
    (seconds * f64::from(SAMPLE_RATE)).round() as u64
}

fn check(limits: &Limits, info: super::Info) -> Result<super::Info, Refusal> {
    let Limits { channels: limit, rate: highest, .. } = *limits;
    if info.channels > limit {
        return Err(Refusal::TooManyChannels { channels: info.channels, limit });
    }
    if !(Limits::LOWEST_RATE..=highest).contains(&info.rate) {
        let (rate, lowest) = (info.rate, Limits::LOWEST_RATE);
        return Err(Refusal::UnsupportedRate { rate, lowest, highest });
    }
    Ok(info)
}
