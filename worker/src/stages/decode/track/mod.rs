//! The track of a recording that is transcribed: opened, read packet by packet, decoded.

mod given;
mod open;
mod parts;

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use self::given::GivenPackets;
use self::open::is_regular;
use super::choice::Choice;
use super::guard::guarded;
use super::matroska_recovery::{MatroskaRecovery, Stop};
use super::source::SourceRegion;
use super::step::{Begins, Step};
use super::{Info, LossKind, Refusal, whole};

/// If the sound is shorter than stated by less than this, in seconds, it is no loss.
const SHORT: f64 = 0.1;

pub(super) struct Track {
    file: Arc<File>,
    reader: Box<dyn FormatReader>,
    choice: Choice,
    /// The index of the track in the file, see [`Choice::among`].
    place: usize,
    /// The parts after that of `reader`, for concatenated files.
    parts: VecDeque<SourceRegion>,
    cut_short: bool,
    /// Whether the last part has a marked end that its demuxer does not see.
    ends: bool,
    /// Set if there is damage at the start of the sound: its longest possible length in seconds.
    lost_start: Option<f64>,
    /// Whether this file has no times although its container supports them.
    is_timeless: bool,
    /// Whether damaged stretches of the file are left out.
    is_repaired: bool,
    /// The positions at which reading can continue after damage.
    recovery: Option<MatroskaRecovery>,
    /// The recent packets, to detect one that was sent or read twice.
    given: GivenPackets,
    was_damaged: bool,
    rate: u32,
    planes: Vec<Vec<f32>>,
    /// The first packet, which was decoded as a test.
    first: Option<Step>,
    /// The packet that was read ahead.
    ahead: Option<Next>,
    /// The time of the packet just decoded, and its length as the container states it, in seconds.
    time: Option<f64>,
    lasting: f64,
    /// The time of the first packet of any track.
    earliest: f64,
    begins_anew: bool,
    /// The previous packet.
    before: Option<Packet>,
    /// The rest of the sound at the start that is not played, in seconds; `None` before the first packet.
    warm_up: Option<f64>,
    /// Whether the present stream cannot be decoded, unlike the one before it in the same file.
    is_unreadable: bool,
    /// The length of parts that cannot be decoded and are not told yet, in seconds.
    lost: f64,
    /// Whether the previous step returned sound.
    has_sounded: bool,
}

/// The next result of the demuxer.
enum Next {
    Packet(Packet),
    /// Another stream follows, with tracks of its own.
    Reset,
    End,
    CutShort,
}

impl Track {
    /// Reads and decodes the next packet of the track that contains any sound.
    pub(super) fn step(&mut self) -> Result<Step, Refusal> {
        if self.lost == 0.0
            && let Some(first) = self.first.take()
        {
            return Ok(first);
        }
        self.begins_anew &= !std::mem::take(&mut self.has_sounded);
        self.was_damaged = false;
        loop {
            if self.lost > 0.0 {
                self.lasting = std::mem::take(&mut self.lost);
                return Ok(Step::Damaged);
            }
            let packet = match self.ahead.take().map_or_else(|| self.read(), Ok)? {
                Next::Packet(packet) => packet,
                Next::Reset => {
                    // The sound before a stream that cannot be decoded stays.
                    match Choice::among(&*self.reader, &self.file, u64::MAX, self.place) {
                        Ok(choice) => (self.choice, self.is_unreadable) = (choice, false),
                        Err(_) => self.is_unreadable = true,
                    }
                    // The times of frames without a container continue.
                    self.begins_anew = !self.is_frames();
                    self.before = None;
                    self.given.forget();
                    continue;
                }
                Next::End | Next::CutShort if self.next_part() => continue,
                Next::End if self.goes_on(self.end()) => continue,
                Next::End if self.cut_short || self.falls_short() || self.ends_in_garbage() => {
                    return Ok(Step::CutShort);
                }
                Next::End => return Ok(Step::End),
                Next::CutShort if self.goes_on(Stop::Broken) => continue,
                // A streaming recorder (live webm) does not write where the file ends.
                Next::CutShort if self.is_matroska() && self.is_at_end() && !self.breaks_off() => {
                    return Ok(if self.ends_in_garbage() { Step::CutShort } else { Step::End });
                }
                Next::CutShort if self.ends && !self.cut_short => return Ok(Step::End),
                Next::CutShort => return Ok(Step::CutShort),
            };
            if self.is_repeated(&packet) {
                continue;
            }
            if let Some(seconds) = self.lost_before(&packet) {
                (self.lasting, self.before) = (seconds, None);
                self.ahead = Some(Next::Packet(packet));
                return Ok(Step::Damaged);
            }
            if let Some(step) = self.decode(packet)? {
                self.has_sounded = step == Step::Sound;
                return Ok(step);
            }
        }
    }

    fn decode(&mut self, mut packet: Packet) -> Result<Option<Step>, Refusal> {
        // Counts of samples to trim come from headers, and remove sound if the headers are wrong. Only the
        // delay that the encoder states is removed.
        let trim = std::mem::take(&mut packet.trim_start);
        let whole = packet.dur.saturating_add(trim).saturating_add(std::mem::take(&mut packet.trim_end));
        let trim = usize::try_from(trim.get()).unwrap_or(usize::MAX);
        self.lasting = self.seconds(whole).filter(|&seconds| seconds > 0.0).unwrap_or(self.lasting);
        if (packet.data.is_empty() || self.is_unreadable) && self.is_frames() {
            self.choice.decoder.reset();
            self.lasting = self.seconds(packet.dur).unwrap_or(0.0);
            return Ok(Some(Step::Damaged));
        }
        let mut decoded = match self.choice.decode(&packet) {
            // Codecs with overlapping packets return nothing for the first one.
            Ok(sound) if sound.frames() <= trim => None,
            Ok(sound) => {
                self.rate = sound.spec().rate();
                sound.copy_to_vecs_planar(&mut self.planes);
                for plane in &mut self.planes {
                    plane.drain(..trim);
                }
                Some(Step::Sound)
            }
            // Damaged bytes ask for features that no encoder uses.
            Err(Error::Unsupported(_)) if self.rate == 0 => return Err(Refusal::unnamed_codec()),
            Err(_) => Some(Step::Damaged),
        };
        let rate = f64::from(self.rate.max(1));
        let mut time = self.choice.time(packet.pts).map(|time| time + trim as f64 / rate);
        if decoded == Some(Step::Sound) {
            let sound = self.frames() as f64 / rate;
            // The decoder left out the warm-up of its codec.
            if self.before.is_none() && trim == 0 && self.lasting > sound {
                time = time.map(|time| time + self.lasting - sound);
            }
            self.lasting = sound;
            self.compare(sound);
            if self.choice.is_edited() {
                time = self.cut(time);
                decoded = time.and(decoded);
            }
        }
        self.time = time;
        if let (Some(Step::Sound), Some(recovery)) = (&decoded, &mut self.recovery) {
            recovery.record_sound();
        }
        if decoded.is_some() {
            self.before = Some(packet);
        }
        Ok(decoded)
    }

    /// Removes the parts of the packet just decoded that are not played: all of it if it has no time, else
    /// the part before 0. That is as much as the first packet is before 0: later ones are before 0 if a clock
    /// stands or was set back. Returns the time of the rest, if any.
    fn cut(&mut self, time: Option<f64>) -> Option<f64> {
        let (time, rate) = (time?, f64::from(self.rate.max(1)));
        let rest = *self.warm_up.get_or_insert(-time);
        let early = ((-time).min(rest) * rate).round().max(0.0) as usize;
        self.warm_up = Some(rest - early.min(self.frames()) as f64 / rate);
        if early >= self.frames() {
            return None;
        }
        for plane in &mut self.planes {
            plane.drain(..early);
        }
        Some(time + early as f64 / rate)
    }

    /// Reads up to the next packet of the track.
    fn read(&mut self) -> Result<Next, Refusal> {
        loop {
            let Some(next) = guarded(|| self.reader.next_packet()) else {
                // What was read before stays.
                self.cut_short = true;
                return Ok(Next::CutShort);
            };
            return Ok(match next {
                Ok(Some(packet)) if packet.track_id == self.choice.id => {
                    self.note(packet.track_id, packet.pts);
                    Next::Packet(packet)
                }
                Ok(Some(packet)) => {
                    self.note(packet.track_id, packet.pts);
                    continue;
                }
                Ok(None) => Next::End,
                Err(Error::ResetRequired) => Next::Reset,
                Err(_) => Next::CutShort,
            });
        }
    }

    /// Records the time at which the file begins.
    fn note(&mut self, id: u32, at: Timestamp) {
        let of_another = || {
            let track = self.reader.tracks().iter().find(|track| track.id == id)?;
            Some(track.time_base?.calc_time(at)?.as_secs_f64())
        };
        if self.before.is_none() {
            let time = if id == self.choice.id { self.choice.time(at) } else { of_another() };
            self.earliest = self.earliest.min(time.unwrap_or(f64::INFINITY));
        }
    }

    /// The positions that are searched after an end: only those with sound later than the last decoded
    /// packet, unless the file ends early.
    fn end(&self) -> Stop {
        let heard = self.before.as_ref().map(|packet| packet.pts.get());
        match heard.map(u64::try_from) {
            Some(Ok(ticks)) if !self.breaks_off() => Stop::Later(ticks),
            _ => Stop::Broken,
        }
    }

    /// Continues after a damaged stretch, or with another file that was appended to this one.
    fn goes_on(&mut self, stop: Stop) -> bool {
        while let Some(recovery) = &mut self.recovery {
            let Ok(Some(part)) = recovery.next(stop) else { return false };
            if self.turn_to(part) {
                return true;
            }
        }
        false
    }

    fn is_frames(&self) -> bool {
        matches!(self.reader.format_info().short_name, "mp3" | "aac")
    }

    fn seconds(&self, duration: Duration) -> Option<f64> {
        self.choice.base.and_then(|base| base.calc_duration(duration)).map(|time| time.as_secs_f64())
    }

    /// The channels of the packet just decoded, all of one length.
    pub(super) fn planes(&self) -> &[Vec<f32>] {
        &self.planes
    }

    /// The number of samples in each channel of the packet just decoded.
    pub(super) fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    /// Samples per second of the packet just decoded.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// The time of the packet just decoded, in seconds, if the container has times of its own.
    pub(super) fn time(&self) -> Option<f64> {
        if self.is_timeless || self.reader.format_info().short_name == "wave" { None } else { self.time }
    }

    /// The time of the packet after the one just decoded.
    pub(super) fn next_time(&mut self) -> Option<f64> {
        if self.ahead.is_none() {
            self.ahead = self.read().ok();
        }
        match &self.ahead {
            Some(Next::Packet(packet)) => self.choice.time(packet.pts),
            _ => None,
        }
    }

    /// The same, if it is a time of a clock.
    pub(super) fn next_clock_time(&mut self) -> Option<f64> {
        if self.has_clock() && self.time().is_some() { self.next_time() } else { None }
    }

    /// The length of the packet that was just decoded or is damaged.
    pub(super) fn lasting(&self) -> f64 {
        self.lasting
    }

    /// Why there is no sound where times jump. Streams whose times count their samples have holes only
    /// where something was damaged.
    pub(super) fn hole(&self) -> LossKind {
        if self.has_clock() && !self.was_damaged && !self.is_repaired {
            LossKind::Missing
        } else {
            LossKind::Damaged
        }
    }

    /// Whether the file ends before the end that its container states.
    pub(super) fn breaks_off(&self) -> bool {
        self.has_clock() && !self.is_repaired && whole::ends_early(&self.file)
    }

    /// Whether there is less sound than a FLAC file states: its encoder writes the number of samples if it
    /// is known, and 0 otherwise.
    fn falls_short(&self) -> bool {
        let given = self.time.map_or(0.0, |time| time + self.lasting);
        self.reader.format_info().short_name == "flac"
            && self.choice.seconds.is_some_and(|promised| promised - given > SHORT)
    }

    /// Whether only damage follows the decoded sound.
    fn ends_in_garbage(&mut self) -> bool {
        self.recovery.as_mut().is_some_and(MatroskaRecovery::ends_in_garbage)
    }

    /// Whether a file without any sound has lost it.
    pub(super) fn has_lost_all(&self) -> bool {
        whole::has_lost_all(&self.file)
    }

    /// Whether all bytes of a file were read, if its structure states its end.
    fn is_at_end(&self) -> bool {
        self.recovery.as_ref().is_some_and(MatroskaRecovery::is_at_end)
    }

    /// Whether packets have the times of a clock.
    fn has_clock(&self) -> bool {
        self.is_matroska() || self.reader.format_info().short_name == "isomp4"
    }

    fn is_matroska(&self) -> bool {
        self.reader.format_info().short_name == "matroska"
    }

    /// Whether the packet just decoded is the first one of another stream, with times of its own.
    pub(super) fn begins_anew(&self) -> bool {
        self.begins_anew
    }

    /// The time before the packet just decoded, which is the first.
    pub(super) fn begins(&self) -> Begins {
        let counts = |time: &f64| self.has_clock() || self.lost_start.is_some_and(|most| *time <= most);
        let is_silence = (self.choice.is_edited() || !is_regular(&self.file)) && !self.is_repaired;
        match self.time.filter(counts) {
            // A gap at the start of a converter's output is no loss: the track begins late.
            Some(time) => Begins::at(time, self.earliest, is_silence),
            None => Begins::default(),
        }
    }

    /// The format of the recording, from its headers and the packet just decoded.
    pub(super) fn info(&self) -> Info {
        Info {
            container: self.reader.format_info().short_name.to_owned(),
            codec: self.choice.decoder.codec_info().short_name.to_owned(),
            rate: self.rate,
            channels: u32::try_from(self.planes.len()).unwrap_or(u32::MAX),
            seconds: self.choice.seconds,
            tracks: self.tracks(),
        }
    }

    /// How many tracks of the file have sound.
    pub(super) fn tracks(&self) -> usize {
        self.choice.tracks
    }
}
